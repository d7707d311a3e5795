"""What stands behind a run: options and notes of every load, and what the engine runs on. Pure; safe to show."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records import EngineDescription, LoadReport
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.variant_view import VariantView
from quanttui.units import format_bytes, format_foretold, format_option, format_prediction

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """``rows`` are names with their values; ``notes`` stand beneath them, a sentence each."""

    title: str
    remark: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def load_sections(run: RunView | None) -> list[Section]:
    """One for every load of ``run`` that ended well, the reference's first."""
    if run is None or run.reference is None:
        return []
    reference = run.reference
    return [
        _load_section(view, view.report, None if view.is_reference else reference.report)
        for view in (reference, *run.candidates)
        if view.report is not None
    ]


def engine_section(engine: EngineDescription) -> Section:
    """The environment: device, threads, versions."""
    device = f"{engine.device} · {engine.device_name}"
    rows = (("device", device), ("threads", str(engine.threads)), *sorted(engine.versions.items()))
    return Section("environment", "", _safe(rows))


def notes_hint(view: VariantView, key: str) -> str:
    """Where to read the notes of ``view``: ``i: 2 notes``; "" where there are none."""
    count = len(view.notes)
    words = f"{count} note{'s' if count > 1 else ''}" if count else ""
    return f"{key}: {words}" if key and words else words


def _load_section(view: VariantView, report: LoadReport, reference: LoadReport | None) -> Section:
    rows: list[Row] = [("device", report.device), ("parameter bytes", _size(report, reference))]
    if report.predicted is not None:
        rows.append(("peak", format_foretold(view.peak_bytes, report.predicted.peak_bytes)))
    rows += [(f"on {device}", modules) for device, modules in report.device_map.items()]
    rows += [(name, format_option(value)) for name, value in report.options.items()]
    role = "reference" if view.is_reference else "candidate"
    return Section(safe_line(view.variant.spelling), role, _safe(rows), tuple(map(safe_line, view.notes)))


def _size(report: LoadReport, reference: LoadReport | None) -> str:
    size = f"{report.parameter_bytes:,} = {format_bytes(report.parameter_bytes)}"
    ratio = measures.ratio(report.parameter_bytes, reference.parameter_bytes) if reference else ""
    sized = f"{size} ({ratio})" if ratio else size
    if report.predicted is None:
        return sized
    return f"{sized}, {format_prediction(report.parameter_bytes, report.predicted.weights_bytes)}"


def _safe(rows: list[Row] | tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple((safe_line(name), safe_line(value)) for name, value in rows)
