"""``quanttui models download``: a model from the hub into the cache, told before it begins and while it comes."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
)

from quanttui.cli.arguments import Parser
from quanttui.cli.streams import is_terminal, say_note, wants_colour, write_data
from quanttui.errors import CancelledError
from quanttui.models.download import Download
from quanttui.models.download_plan import plan_download
from quanttui.records import ModelEntry
from quanttui.records.download import DownloadFinished, DownloadPlan, DownloadProgress
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import format_bytes, format_seconds

DESCRIPTION = (
    "Bring a model from the Hugging Face hub into its cache: configuration, tokenizer and safetensors, nothing that\n"
    "could run code. Stopped, it goes on where it was. Honours HF_TOKEN, HF_HUB_CACHE, HF_ENDPOINT and HF_HUB_OFFLINE."
)
Tell = Callable[[DownloadProgress], None]


def add_arguments(parser: Parser) -> None:
    parser.add_argument("model", metavar="ID[@REVISION]", help="such as Qwen/Qwen3-0.6B, or org/name@v2")
    parser.add_argument("--dry-run", action="store_true", help="tell what would come and whether it fits, and stop")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the folder")
    parser.add_argument("-q", "--quiet", action="store_true", help="tell nothing while it works")


def run(arguments: Namespace, settings: Settings) -> int:
    plan = plan_download(arguments.model, os.environ)
    if not arguments.quiet:
        say_note(plan_text(plan))
    if arguments.dry_run:
        write_data(document_text(_plan_document(plan)) if arguments.json else _file_lines(plan))
        return 0
    entry = _fetch(plan, arguments.quiet)
    if arguments.json:
        write_data(document_text({**_plan_document(plan), "model": asdict(entry)}))
    else:
        write_data(f"{entry.path}\n")
    return 0


def plan_text(plan: DownloadPlan) -> str:
    """What will come, in one line."""
    free = "" if plan.free_bytes is None else f"; {format_bytes(plan.free_bytes)} free in {plan.cache}"
    here = f", {format_bytes(plan.here_bytes)} of it here already" if plan.here_bytes else ""
    size = f"{format_bytes(plan.total_bytes)} in {len(plan.files)} files"
    return f"{plan.model_id} ({plan.commit[:8]}): {size}{here}{free}"


def _fetch(plan: DownloadPlan, quiet: bool) -> ModelEntry:
    download = Download(plan)
    done = plan.here_bytes
    try:
        with _bar(plan, quiet) as tell:
            for event in download.events():
                if isinstance(event, DownloadFinished):
                    return event.entry
                done = event.done_bytes
                tell(event)
    except KeyboardInterrupt:
        download.cancel()
    raise CancelledError(
        f"stopped with {format_bytes(done)} of {format_bytes(plan.total_bytes)} here",
        f"`quanttui models download {plan.model_id}` goes on from there.",
    )


@contextmanager
def _bar(plan: DownloadPlan, quiet: bool) -> Iterator[Tell]:
    """One bar over all files on a terminal's stderr, nothing elsewhere. Its figures are the download's own."""
    if quiet or not is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield lambda progress: None
        return
    console = Console(stderr=True, color_system="auto" if wants_colour(sys.stderr, os.environ) else None)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[pace]}", markup=False),
        TextColumn("Ctrl-C stops", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(safe_line(plan.repo_id), total=plan.total_bytes, completed=plan.here_bytes, pace="")
        yield lambda progress: bar.update(task, completed=progress.done_bytes, pace=_pace(progress))


def _pace(progress: DownloadProgress) -> str:
    if progress.done_bytes == progress.total_bytes:
        return "finishing"
    if progress.bytes_per_second is None:
        return "waiting for the hub"
    return f"{format_bytes(round(progress.bytes_per_second))}/s · {format_seconds(progress.remaining_seconds)} left"


def _plan_document(plan: DownloadPlan) -> dict[str, object]:
    sums = ("model_id", "total_bytes", "here_bytes", "remaining_bytes", "fits_disk")
    return {"schema_version": 1, "plan": asdict(plan) | {name: getattr(plan, name) for name in sums}}


def _file_lines(plan: DownloadPlan) -> str:
    return "".join(f"{file.size_bytes}\t{safe_line(file.name)}\n" for file in plan.files)
