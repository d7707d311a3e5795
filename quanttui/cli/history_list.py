"""``quanttui history list``: the runs that are kept, the newest first."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quanttui.cli.arguments import Parser, positive_int
from quanttui.cli.page import page_text, plain_table
from quanttui.cli.recording import history_path
from quanttui.cli.streams import write_data
from quanttui.records.history import RunKind, RunLine, RunState
from quanttui.runs.document import document_text
from quanttui.runs.filtering import HELP, parse_filter
from quanttui.runs.history_document import line_document
from quanttui.runs.store import RunStore
from quanttui.runs.sweep_words import sweep_line_words
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import NOT_AVAILABLE, format_nats

DESCRIPTION = f"""\
List the runs that are kept, the newest first, or those that a filter finds:

  quanttui history list --filter 'model:llama variant:nf4 since:7d "once upon"'
  quanttui history list kind:sweep

filter: {HELP}
"""
_LIMIT = 50
_STYLES = {RunState.RUNNING: "cyan", RunState.FAILED: "red", RunState.CUT_OFF: "yellow", RunState.CANCELLED: "yellow"}


def add_arguments(parser: Parser) -> None:
    parser.add_argument("words", metavar="FILTER", nargs="*", help="the same as --filter")
    parser.add_argument("--filter", metavar="TEXT", default="", help="all of its parts have to hold")
    parser.add_argument("--limit", type=positive_int, default=_LIMIT, metavar="N", help=f"default: {_LIMIT}")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    wanted = parse_filter(" ".join((arguments.filter, *arguments.words)), datetime.now())
    with RunStore.open_existing(history_path(settings)) as store:
        lines, total = store.lines(wanted, arguments.limit), store.count(wanted)
    if arguments.json:
        rows = [line_document(line) for line in lines]
        write_data(document_text({"schema_version": 1, "total": total, "runs": rows}))
    else:
        write_data(page_text(_page(lines, total)))
    return 0


def _page(lines: Sequence[RunLine], total: int) -> RenderableType:
    if not lines:
        return Text("no run")
    more = [Text(f"{len(lines)} of {total} runs; --limit {total} shows all", "dim")] if total > len(lines) else []
    return Group(_table(lines), *more)


def _table(lines: Sequence[RunLine]) -> Table:
    table = plain_table("run", "began", "state", "model", "variants", "KL mean", "prompt", left=range(7))
    for column in table.columns[:3]:
        column.no_wrap = True
    for line in lines:
        table.add_row(
            safe_line(line.run_id),
            datetime.fromtimestamp(line.started_seconds).strftime("%Y-%m-%d %H:%M"),
            Text(line.state.value, _STYLES.get(line.state, "")),
            _cut(line.model_id),
            _cut(" ".join((line.reference, "→", *line.candidates))),
            _cut(" ".join(format_nats(figure.kl_mean) for figure in line.figures) or NOT_AVAILABLE),
            _cut(_what(line)),
        )
    return table


def _what(line: RunLine) -> str:
    """What was run: the prompt, the first of so many, or what was swept."""
    if line.kind is RunKind.SWEEP:
        return sweep_line_words(line)
    return line.prompt if line.prompts == 1 else f"({line.prompts}) {line.prompt}"


def _cut(text: str) -> Text:
    """One line, cut where its column ends."""
    return Text(safe_line(text), no_wrap=True, overflow="ellipsis")
