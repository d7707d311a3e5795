"""The tokens where a candidate is farthest from its reference, each with the text around it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from quanttui.cli.painted import append_marked
from quanttui.records import Run
from quanttui.runs.words import FLIP_WORDS
from quanttui.runs.worst import WorstToken
from quanttui.runs.worst import worst_tokens as select_worst
from quanttui.text import safe_line
from quanttui.units import format_nats

SHOWN = 5


def worst_tokens(run: Run) -> Iterator[Text]:
    """For each scored candidate a heading and its worst tokens, worst first; tokens count from the first new one."""
    for summary in run.summaries:
        places = select_worst(run, summary.variant, SHOWN)
        if places:
            yield Text(f"\nWorst tokens of {safe_line(str(summary.variant))}", "bold")
        for place in places:
            yield _line(place, several=len(run.prompts) > 1)
            yield _context(place)


def _line(place: WorstToken, *, several: bool) -> Text:
    token = place.token
    number = f"token {place.index + 1}"
    where = f"prompt {place.prompt + 1}, {number}" if several else number
    return Text.assemble(
        f"  {where} ",
        (f'"{safe_line(token.text)}"', "bold"),
        f"  KL {format_nats(token.kl_divergence)}"
        f"  p {token.reference_probability:.3f} → {token.candidate_probability:.3f}"
        f"  rank {token.reference_rank} → {token.candidate_rank}  {FLIP_WORDS[token.flip]}",
    )


def _context(place: WorstToken) -> Text:
    context = Text(f"      {safe_line(place.before)}")
    append_marked(context, safe_line(place.token.text))
    return context.append(safe_line(place.after))
