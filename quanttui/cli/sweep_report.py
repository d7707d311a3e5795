"""A sweep as people read it: what each variant takes, how far it is, and the answer with its evidence. No stream."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from quanttui.cli.sweep_tables import category_table, cost_table, divergence_note, divergence_table
from quanttui.records import SweepSnapshot
from quanttui.runs.sweep_figures import identity_of, parts_of
from quanttui.runs.sweep_words import (
    PART_WORDS,
    against_words,
    cost_notes,
    frontier_words,
    pair_lines,
    progress_words,
    protocol_lines,
    smallest_words,
)
from quanttui.text import safe_line
from quanttui.units import format_count


def sweep_report(snapshot: SweepSnapshot) -> RenderableType:
    """All of it, the answer last: where a terminal stands when it is printed."""
    return Group(*_sections(snapshot))


def sweep_figures(snapshot: SweepSnapshot) -> RenderableType:
    """The tables and the answer alone."""
    return Group(*_tables(snapshot), *_answer(snapshot))


def _sections(snapshot: SweepSnapshot) -> Iterator[RenderableType]:
    yield _heading(snapshot)
    yield from (Text(safe_line(line), "dim") for line in protocol_lines(snapshot))
    yield from (Text(safe_line(note), "dim") for note in _notes(snapshot))
    yield from _tables(snapshot)
    yield from _answer(snapshot)


def _heading(snapshot: SweepSnapshot) -> Text:
    name, model = Text(safe_line(snapshot.request.model.id), "bold"), identity_of(snapshot)
    facts = [model.architecture, f"{format_count(model.parameter_count)} parameters"] if model else []
    facts.append(snapshot.environment.device_name)
    return name.append(safe_line("".join(f" · {fact}" for fact in facts)), "not bold")


def _tables(snapshot: SweepSnapshot) -> Iterator[RenderableType]:
    reference = safe_line(snapshot.result.reference.spelling)
    yield Text("\nWhat each variant takes", "bold")
    yield cost_table(snapshot)
    yield from (Text(safe_line(note), "dim") for note in cost_notes(snapshot))
    for part in parts_of(snapshot.request):
        if table := divergence_table(snapshot, part):
            yield Text(f"\nHow far from {safe_line(against_words(snapshot))} {PART_WORDS[part]}", "bold")
            yield table
            yield Text(f"KL({reference}‖variant) in nats per token; ± one standard error", "dim")
            yield Text(divergence_note(snapshot, part), "dim")
    if categories := category_table(snapshot):
        yield Text("\nKL by category of the prompts (▲: where a variant is farthest)", "bold")
        yield categories


def _notes(snapshot: SweepSnapshot) -> Iterator[str]:
    yield from snapshot.notes
    yield from dict.fromkeys(
        f"{load.report.variant}: {note}" for load in snapshot.loads for note in load.report.notes
    )  # fmt: skip


def _answer(snapshot: SweepSnapshot) -> Iterator[RenderableType]:
    result, verdict = snapshot.result, snapshot.result.verdict
    for row in result.variants:
        if row.failure is not None:
            yield Text(safe_line(f"{row.variant} failed: {row.failure}"), "yellow")
    if words := progress_words(snapshot):
        yield Text(words, "yellow")
    yield Text("\nThe answer", "bold")
    yield Text(safe_line(verdict.why))
    yield Text(safe_line(frontier_words(result.frontier)))
    yield from _listed("What would change it:", [change.text for change in verdict.changes])
    yield from _listed("Not told apart:", list(pair_lines(verdict.indistinguishable)))
    if verdict.smallest_detectable is not None:
        yield Text(smallest_words(verdict.smallest_detectable))


def _listed(title: str, lines: list[str]) -> Iterator[RenderableType]:
    if lines:
        yield Text(title)
        yield from (Padding(Text(safe_line(f"• {line}")), (0, 0, 0, 2), expand=False) for line in lines)
