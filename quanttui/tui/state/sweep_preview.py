"""A stored sweep in sections, out of its line alone: how it stands, its answer, how far each variant is. Pure; safe to
show. Its cells are read only when it is opened."""

from __future__ import annotations

from collections.abc import Iterator

from quanttui.records.history import CandidateLine, RunLine, RunState
from quanttui.text import safe_line
from quanttui.tui.state.details import Row, Section
from quanttui.tui.state.run_lines import state_words, when_words
from quanttui.tui.visible import visible_run
from quanttui.units import format_figure, format_percent, format_seconds

ENDED_EARLY = (RunState.CUT_OFF, RunState.CANCELLED, RunState.FAILED)


def sweep_sections(line: RunLine, open_key: str, resume_key: str, *, is_here: bool = False) -> list[Section]:
    """The keys: what opens it, and what goes on with it there. ``is_here``: this process works on it, or did last."""
    return [
        _sweep(line),
        *_early(line, open_key, resume_key, is_here=is_here),
        *map(_variant, line.figures),
        _where(line),
    ]


def _sweep(line: RunLine) -> Section:
    rows: list[Row] = [
        ("sweep", safe_line(line.run_id)),
        ("model", safe_line(f"{line.model_id}{f' at {line.revision}' if line.revision else ''}")),
        ("read", visible_run(line.prompt)),
        ("against", safe_line(line.reference)),
    ]
    if line.sweep is not None:
        rows.append(("cells", f"{line.sweep.cells_done:,} of {line.sweep.cells_total:,}"))
        rows.append(("recommended", safe_line(line.sweep.recommended or "nothing yet")))
    return Section(state_words(line.state), when_words(line.started_seconds), tuple(rows))


def _early(line: RunLine, open_key: str, resume_key: str, *, is_here: bool) -> Iterator[Section]:
    if line.state is RunState.RUNNING:
        who = "it goes on behind this screen" if is_here else "another process works on it"
        yield Section("● running", "", (), (f"{who}; {open_key} shows it growing",))
    elif line.state in ENDED_EARLY:
        why = (safe_line(line.failure),) if line.failure else ()
        yield Section("it ended early", "", (), (*why, f"{open_key} opens it, and there {resume_key} goes on with it"))


def _variant(figure: CandidateLine) -> Section:
    kl = format_figure(figure.kl_mean, figure.kl_standard_error, "nats")
    rows = (("KL mean", kl), ("same top", format_percent(figure.same_top)))
    return Section(safe_line(figure.variant), figure.verdict.value, rows)


def _where(line: RunLine) -> Section:
    rows: list[Row] = [("device", safe_line(line.device_name))]
    if line.ended_seconds is not None and line.state is RunState.DONE:
        rows.append(("took", format_seconds(line.ended_seconds - line.started_seconds)))
    return Section("where it ran", "", tuple(rows))
