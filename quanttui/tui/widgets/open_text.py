"""What the question for a model says beneath its line. Content only: no widget, no state."""

from __future__ import annotations

from dataclasses import replace

from textual.content import Content

from quanttui.models.folders import Completion
from quanttui.records import ModelEntry
from quanttui.records.download import DownloadPlan, DownloadProgress
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.messages import Problem
from quanttui.tui.state import download_view
from quanttui.tui.state.fit_view import FitBoard
from quanttui.tui.widgets.model_rows import facts
from quanttui.tui.widgets.variant_rows import VariantRow

_MOST_NAMES = 12


def asking(model_id: str, why: str) -> Content:
    return Content(safe_line(f"{why} · asking the hub for {model_id} …"))


def glance(completion: Completion, entry: ModelEntry | None, explanation: str) -> Content:
    """The model of the folder that is typed, and the folders it may become."""
    parts = []
    if entry is not None and (entry.problem is None or not completion.names):
        parts.append(facts(entry))
    if completion.names:
        names = "  ".join(f"{safe_line(name)}/" for name in completion.names[:_MOST_NAMES])
        more = len(completion.names) - _MOST_NAMES
        parts.append(Content.styled(f"{names}  and {more} more" if more > 0 else names, "$muted"))
    return Content("\n").join(parts) if parts else Content(explanation)


def failure(problem: Problem) -> Content:
    """Three lines: what, why, what to do."""
    what, *rest = [safe_line(line) for line in problem.lines]
    return Content("\n").join([Content.styled(f"✗ {what}", "$error"), *(Content(line) for line in rest)])


def plan(planned: DownloadPlan, entry: ModelEntry, board: FitBoard, width: int) -> Content:
    lines = [Content(line) for line in download_view.plan_lines(planned)]
    lines[0] = lines[0].stylize("bold")
    if not planned.fits_disk:
        lines[-1] = lines[-1].stylize("$error")
    lines.append(facts(replace(entry, revision=None)))
    if board.question is not None:
        lines += [Content(""), *_fit_rows(board, width)]
    return Content("\n").join(lines)


def progress(planned: DownloadPlan, done: DownloadProgress | None, width: int) -> Content:
    """How far it is; nothing has come yet where ``done`` is None."""
    done = done or DownloadProgress(planned.here_bytes, planned.total_bytes)
    share = download_view.share(done)
    label = f" {int(100 * share)} %"
    filled, rest = measures.bar(share, max(8, width - len(label)))
    bar = Content.assemble((filled, "$primary"), (rest, "$faint"), label)
    return Content("\n").join([bar, Content.styled(download_view.progress_words(done), "$muted")])


def _fit_rows(board: FitBoard, width: int) -> list[Content]:
    if not board.fits:
        return [Content.styled("whether it would run here is asked of the engine …", "$muted")]
    return [VariantRow(" ", safe_line(variant.spelling), fit).content(width) for variant, fit in board.fits.items()]
