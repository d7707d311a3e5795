"""The answer of a sweep, and how far it can be trusted, in paragraphs. Words come from the verdict's own; safe to
show."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records import SmallestDetectable, SweepLimits
from quanttui.records.sweep_run import SweepSnapshot
from quanttui.runs.sweep_words import cost_notes, own_weights_words, pair_lines
from quanttui.tui.state.sweep_rows import has_figures, is_whole
from quanttui.tui.visible import visible_run
from quanttui.units import format_bytes, format_nats, format_percent


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``is_list``: each line is a point of its own."""

    title: str
    lines: tuple[str, ...]
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """``headline``: with its sign. ``is_answer``: a variant is recommended."""

    headline: str
    is_answer: bool
    paragraphs: tuple[Paragraph, ...]


def verdict_words(snapshot: SweepSnapshot) -> VerdictWords:
    verdict = snapshot.result.verdict
    if not has_figures(snapshot):
        over = is_whole(snapshot) or snapshot.failure is not None
        headline = "✗ No answer: nothing was measured" if over else "· No answer yet: nothing has been measured"
        return VerdictWords(headline, False, _told([_failed(snapshot), _notes(snapshot)]))
    paragraphs = [
        Paragraph("Why", (_safe(verdict.why),)),
        Paragraph("Limits", (_limits(snapshot.result.limits),)),
        _runner_up(snapshot),
        Paragraph("What would change the answer", tuple(_safe(each.text) for each in verdict.changes), is_list=True),
        Paragraph("Not told apart", tuple(map(_safe, pair_lines(verdict.indistinguishable))), is_list=True),
        Paragraph("What this sweep could show", _detectable(verdict.smallest_detectable)),
        _failed(snapshot),
        _notes(snapshot),
    ]
    return VerdictWords(_headline(snapshot), verdict.recommended is not None, _told(paragraphs))


def _told(paragraphs: list[Paragraph]) -> tuple[Paragraph, ...]:
    return tuple(paragraph for paragraph in paragraphs if any(paragraph.lines))


def _headline(snapshot: SweepSnapshot) -> str:
    verdict, when = snapshot.result.verdict, "" if is_whole(snapshot) else ", so far"
    if verdict.recommended is not None:
        return f"★ Run {_name(verdict.recommended)}{when}"
    return f"✗ No variant keeps every limit{when}; {_name(verdict.nearest)} comes nearest"


def _limits(limits: SweepLimits) -> str:
    given = [
        f"memory at most {format_bytes(limits.memory_bytes)}" if limits.memory_bytes is not None else "",
        f"same top at least {format_percent(limits.least_same_top)}" if limits.least_same_top is not None else "",
        f"mean KL at most {format_nats(limits.most_kl_nats)} nats" if limits.most_kl_nats is not None else "",
        f"speed at least {limits.least_tokens_per_second:g} tok/s"
        if limits.least_tokens_per_second is not None
        else "",
    ]
    return (
        " · ".join(words for words in given if words)
        or "none given: the answer is the smallest variant whose difference is small"
    )


def _detectable(smallest: SmallestDetectable | None) -> tuple[str, ...]:
    if smallest is None:
        return ()
    nats = "too few tokens to tell a difference of mean KL"
    if smallest.kl_nats is not None:
        nats = f"a difference of {format_nats(smallest.kl_nats)} nats of mean KL"
    points = f"{100 * smallest.same_top:.2g} points of same top"
    words = (
        f"{nats}, or of {points}, between the two variants that are hardest to tell apart (found four times in five)"
    )
    return (f"{words[0].upper()}{words[1:]}. Smaller ones would most often go unseen.",)


def _runner_up(snapshot: SweepSnapshot) -> Paragraph:
    variant = snapshot.result.verdict.runner_up
    if variant is not None and variant == snapshot.result.reference:
        return Paragraph("Next", (f"{_name(variant)}, the reference",))
    return Paragraph("Runner-up", (_name(variant),) if variant else ())


def _notes(snapshot: SweepSnapshot) -> Paragraph:
    notes = (own_weights_words(snapshot), *cost_notes(snapshot), *snapshot.notes)
    return Paragraph("Notes", tuple(_safe(note) for note in notes if note), is_list=True)


def _failed(snapshot: SweepSnapshot) -> Paragraph:
    failed = [
        f"{_name(swept.variant)}: {_safe(swept.failure)}"
        for swept in snapshot.result.variants
        if swept.failure is not None
    ]
    if snapshot.failure is not None:
        failed.append(f"the sweep: {_safe(snapshot.failure)}")
    return Paragraph("Failed", tuple(failed), is_list=True)


def _name(variant: object) -> str:
    return visible_run(str(variant))


def _safe(text: str) -> str:
    return visible_run(text)
