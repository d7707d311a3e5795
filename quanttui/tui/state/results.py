"""The rows of the results table: every variant of a run, with what is known of it so far. Pure text, no widths."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records import DivergenceSummary, VerdictLevel
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.variant_view import PENDING, STAGE_GLYPHS, Stage, VariantView
from quanttui.units import NOT_AVAILABLE, format_bytes, format_multiple, format_nats, format_percent, format_seconds

VERDICT_SIGNS = {
    VerdictLevel.INDISTINGUISHABLE: "=",
    VerdictLevel.SMALL: "≈",
    VerdictLevel.CLEAR: "≠",
    VerdictLevel.BROKEN: "✗",
}
_OVER = (Stage.DONE, Stage.FAILED, Stage.STOPPED)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """``cells``: a text by the name of its column; what is not in it is blank. ``name`` and cells are safe to show.

    ``verdict``: the level, or how far the work is (``level`` None).
    """

    name: str
    cells: dict[str, str]
    verdict: str
    level: VerdictLevel | None = None
    is_reference: bool = False
    is_marked: bool = False


def result_rows(run: RunView, marked: frozenset[object] = frozenset()) -> list[ResultRow]:
    """The reference, then the candidates in the user's order: nothing is ranked."""
    first = _reference_row(run)
    return [first, *(_candidate_row(view, run, view.variant in marked) for view in run.candidates)]


def _reference_row(run: RunView) -> ResultRow:
    view = run.reference
    if view is None:
        waits = "· waiting" if run.failure is None else "✗ failed"
        return ResultRow("reference", {}, waits, is_reference=True)
    floors = [each.divergence.noise_floor.mean for each in run.candidates if each.divergence]
    cells = _costs(view, None)
    if floors:
        cells |= {"kl": format_nats(floors[0]), "noise": "floor"}
    state = "reference" if view.stage is Stage.DONE else stage_words(view)
    return ResultRow(safe_line(view.variant.spelling), cells, state, is_reference=True)


def _candidate_row(view: VariantView, run: RunView, is_marked: bool) -> ResultRow:
    cells = _costs(view, run.reference) | _divergence(view)
    summary = view.divergence
    if summary is not None and view.stage in (Stage.DONE, Stage.SCORING):
        level = summary.verdict.level
        words = f"{VERDICT_SIGNS[level]} {level.value}"
        return ResultRow(safe_line(view.variant.spelling), cells, words, level, is_marked=is_marked)
    return ResultRow(safe_line(view.variant.spelling), cells, stage_words(view), is_marked=is_marked)


def stage_words(view: VariantView) -> str:
    """``◔ loading 42 %``, ``◑ token 17``, ``✓ done``."""
    sign = STAGE_GLYPHS[view.stage]
    match view.stage:
        case Stage.LOADING | Stage.SCORING:
            share = f" {100 * view.done / view.total:.0f} %" if view.total else ""
            return f"{sign} {view.stage}{share}"
        case Stage.GENERATING:
            return f"{sign} token {len(view.tokens)}" if view.tokens else f"{sign} reads prompt"
        case _:
            return f"{sign} {view.stage}"


def mean_kl(summary: DivergenceSummary) -> str:
    """``0.031 ±0.004``: as short as a column of figures wants it."""
    kl = summary.kl_divergence
    error = f" ±{format_nats(kl.standard_error)}" if kl.standard_error is not None else ""
    return format_nats(kl.mean) + error


def same_top(summary: DivergenceSummary) -> str:
    """``94.1 ±0.8 %``."""
    share, error = format_percent(summary.same_top), summary.same_top_standard_error
    return share if error is None else f"{share.removesuffix(' %')} ±{100 * error:.1f} %"


def _costs(view: VariantView, base: VariantView | None) -> dict[str, str]:
    def cell(value: float | None, shown: str) -> str:
        return shown if value is not None else _missing(view)

    def times(field_name: str) -> str:
        ours, theirs = getattr(view, field_name), getattr(base, field_name, None)
        return measures.ratio(ours, theirs)

    weights, speed, load, peak = view.weight_bytes, view.tokens_per_second, view.load_seconds, view.peak_bytes
    first = view.seconds_to_first_token
    return {
        "weights": cell(weights, format_bytes(weights)),
        "weights_ratio": times("weight_bytes"),
        "speed": cell(speed, measures.speed(speed).removesuffix(" tok/s")),
        "speed_ratio": times("tokens_per_second"),
        "peak": cell(peak, format_bytes(peak)),
        "peak_ratio": times("peak_bytes"),
        "load": cell(load, format_seconds(load)),
        "first": cell(first, format_seconds(first)),
    }


def _divergence(view: VariantView) -> dict[str, str]:
    summary = view.divergence
    if summary is None:
        names = ("kl", "noise", "same", "p99", "flips")
        return {"parts": _parts(view), **dict.fromkeys(names, _missing(view))}
    return {
        "parts": _parts(view),
        "kl": mean_kl(summary),
        "noise": format_multiple(summary.noise_multiple),
        "same": same_top(summary),
        "p99": format_nats(summary.kl_divergence.p99),
        "flips": f"▲{summary.real_flips} △{summary.tie_flips}",
    }


def _parts(view: VariantView) -> str:
    """Where the texts part; nothing is said of a text that did not come to its end."""
    if view.output is None:
        return _missing(view)
    return "identical" if view.first_divergence is None else f"token {view.first_divergence + 1}"


def _missing(view: VariantView) -> str:
    """A figure that is not there: it may still come, or it never will."""
    if view.stage in _OVER:
        return NOT_AVAILABLE
    return PENDING if view.is_at_work else ""
