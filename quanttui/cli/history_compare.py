"""``quanttui history compare``: two kept runs, or two sweeps, side by side."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quanttui.cli.arguments import Parser
from quanttui.cli.page import page_text, plain_table
from quanttui.cli.recording import history_path
from quanttui.cli.stored_sweeps import tallied
from quanttui.cli.streams import write_data
from quanttui.errors import UsageError
from quanttui.records.history import RunKind, StoredRun, StoredSweep
from quanttui.runs.comparing import Difference, FigurePair, Outcome, RunComparison, compare_runs
from quanttui.runs.comparing_sweeps import compare_sweeps
from quanttui.runs.document import document_text
from quanttui.runs.history_document import comparison_document
from quanttui.runs.store import RunStore
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import format_figure

DESCRIPTION = """\
Set two kept runs, or two sweeps, side by side: what differs in settings and environment, and which figures differ by
more than their errors. A figure ± its standard error.
"""
_CELL_CHARACTERS = 160
_STYLES = {Outcome.LOWER: "bold", Outcome.HIGHER: "bold"}


def add_arguments(parser: Parser) -> None:
    parser.add_argument("first", metavar="RUN", help="the beginning of its id, or latest")
    parser.add_argument("second", metavar="RUN", help="the run that is held against it")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    with RunStore.open_existing(history_path(settings)) as store:
        first, second = store.read_any(store.find(arguments.first)), store.read_any(store.find(arguments.second))
    if first.line.run_id == second.line.run_id:
        raise UsageError(f"both are the run {first.line.run_id}", "Name two runs; quanttui history list shows them.")
    comparison = _compared(first, second)
    if arguments.json:
        write_data(document_text(comparison_document(comparison)))
    else:
        write_data(page_text(Group(*_sections(comparison, first, second))))
    return 0


def _compared(first: StoredRun | StoredSweep, second: StoredRun | StoredSweep) -> RunComparison:
    if isinstance(first, StoredRun) and isinstance(second, StoredRun):
        return compare_runs(first, second)
    if isinstance(first, StoredSweep) and isinstance(second, StoredSweep):
        return compare_sweeps(tallied(first), tallied(second))
    sweep, run = (first, second) if isinstance(first, StoredSweep) else (second, first)
    raise UsageError(
        f"{sweep.line.run_id} is a sweep and {run.line.run_id} a comparison: their figures are of different texts",
        "Compare two of a kind; quanttui history list kind:sweep shows the sweeps.",
    )


def _sections(
    comparison: RunComparison, first: StoredRun | StoredSweep, second: StoredRun | StoredSweep
) -> Iterator[RenderableType]:
    for letter, stored in (("A", first), ("B", second)):
        line = stored.line
        words = (f"run {line.run_id}", line.model_id, f"{line.reference} → {' '.join(line.candidates)}")
        yield Text.assemble((f"{letter} ", "bold"), safe_line(" · ".join(words)))
    yield from _differences("What was asked", comparison.settings)
    yield from _differences("Where it ran", comparison.environment)
    if first.line.kind is RunKind.SWEEP:
        yield from _differences("The answers", comparison.answers)
    yield Text("\nFigures", "bold")
    yield _figure_table(comparison.figures)
    yield from (Text(safe_line(caution), "yellow") for caution in comparison.cautions)


def _differences(title: str, found: Sequence[Difference]) -> Iterator[RenderableType]:
    if not found:
        yield Text(f"\n{title}: the same", "bold")
        return
    yield Text(f"\n{title}: what differs", "bold")
    table = plain_table("", "A", "B", left=range(3))
    for difference in found:
        values = (Text(_shortened(value or "")) for value in (difference.first, difference.second))
        table.add_row(Text(safe_line(difference.name)), *values)
    yield table


def _shortened(value: str) -> str:
    """A prompt can be long; where it begins has to do."""
    return safe_line(value if len(value) <= _CELL_CHARACTERS else value[:_CELL_CHARACTERS] + "…")


def _figure_table(figures: Sequence[FigurePair]) -> Table:
    table = plain_table("variant", "figure", "A", "B", "B is", left=(0, 1, 4))
    table.columns[0].min_width = len("(reference)")
    for column in table.columns[1:4]:
        column.no_wrap = True
    shown = ""
    for pair in figures:
        table.add_row(
            Text(safe_line(pair.variant if pair.variant != shown else "")),
            pair.name,
            format_figure(pair.first, pair.first_standard_error, pair.unit),
            format_figure(pair.second, pair.second_standard_error, pair.unit),
            Text(pair.outcome.value, _STYLES.get(pair.outcome, "dim")),
        )
        shown = pair.variant
    return table
