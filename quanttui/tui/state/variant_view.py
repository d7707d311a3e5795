"""One variant's part of a run, as its pane shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from quanttui.records import (
    DiffSpan,
    DivergenceSummary,
    LoadReport,
    Output,
    Score,
    Token,
    UnloadReport,
    Variant,
)
from quanttui.tui import measures
from quanttui.units import LIBRARIES_BYTES, format_bytes, format_seconds


class Stage(StrEnum):
    WAITING = "waiting"
    LOADING = "loading"
    PREPARING = "preparing"
    GENERATING = "generating"
    SCORING = "scoring"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


STAGE_GLYPHS = {
    Stage.WAITING: "·",
    Stage.LOADING: "◔",
    Stage.PREPARING: "◑",
    Stage.GENERATING: "◑",
    Stage.SCORING: "◕",
    Stage.DONE: "✓",
    Stage.FAILED: "✗",
    Stage.STOPPED: "◼",
}


AT_WORK = (Stage.LOADING, Stage.PREPARING, Stage.GENERATING, Stage.SCORING)
PENDING = "…"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number beside an output: what it is, how much, and as a ratio to the reference ("" for the reference)."""

    name: str
    value: str
    ratio: str


@dataclass
class VariantView:
    """``done`` of ``total`` steps of ``stage`` are made; ``total`` 0: not known."""

    variant: Variant
    is_reference: bool
    stage: Stage = Stage.WAITING
    stage_label: str = ""
    done: int = 0
    total: int = 0
    tokens: list[Token] = field(default_factory=list)
    report: LoadReport | None = None
    unload: UnloadReport | None = None
    output: Output | None = None
    first_divergence: int | None = None
    diff: tuple[DiffSpan, ...] = ()
    score: Score | None = None
    divergence: DivergenceSummary | None = None

    @property
    def is_at_work(self) -> bool:
        """Figures that are not known may still come."""
        return self.stage in AT_WORK

    @property
    def token_ids(self) -> list[int]:
        return [token.token_id for token in self.tokens]

    @property
    def pieces(self) -> list[str]:
        return [token.text for token in self.tokens]

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def seconds_to_first_token(self) -> float | None:
        if self.output is not None:
            return self.output.time_to_first_token_seconds
        return self.tokens[0].elapsed_seconds if self.tokens else None

    @property
    def tokens_per_second(self) -> float | None:
        """Decode tokens over decode time, also while they come in."""
        if self.output is not None:
            return self.output.tokens_per_second
        if len(self.tokens) < 2:
            return None
        spent = self.tokens[-1].elapsed_seconds - self.tokens[0].elapsed_seconds
        return (len(self.tokens) - 1) / spent if spent > 0 else None

    @property
    def weight_bytes(self) -> int | None:
        return self.report.parameter_bytes if self.report else None

    @property
    def peak_bytes(self) -> int | None:
        return self.unload.peak_bytes if self.unload else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the load and the scoring had to say."""
        return (*(self.report.notes if self.report else ()), *(self.score.notes if self.score else ()))

    @property
    def load_seconds(self) -> float | None:
        return self.report.load_seconds if self.report else None


def title_figures(view: VariantView, reference: VariantView | None) -> list[Figure]:
    """What a title says beside the name: a speed only once it stands, as a new title repaints the whole pane."""
    weights, speed = view.weight_bytes, view.tokens_per_second
    known = []
    if view.output is not None and speed is not None:
        known.append(Figure("", measures.speed(speed), ""))
    if weights is not None:
        known.append(_figure(view, reference, "", "weight_bytes", format_bytes(weights)))
    return known


def row_figures(view: VariantView, reference: VariantView | None) -> list[Figure]:
    """The figures beneath an output, each with its ratio to ``reference``'s; none before the model is loaded."""
    if view.report is None:
        return []
    speed, peak, load, first = view.tokens_per_second, view.peak_bytes, view.load_seconds, view.seconds_to_first_token
    row = [
        _figure(view, reference if _is_telling(view, reference) else None, "peak", "peak_bytes", format_bytes(peak)),
        _figure(view, reference, "load", "load_seconds", format_seconds(load)),
        _figure(view, reference, "first token", "seconds_to_first_token", format_seconds(first)),
    ]
    if view.output is None:
        row.insert(0, _figure(view, reference, "", "tokens_per_second", measures.speed(speed)))
    return row


def _is_telling(view: VariantView, reference: VariantView | None) -> bool:
    """Two peaks that lie closer than the libraries' own memory comes and goes have no ratio worth reading."""
    if view.peak_bytes is None or reference is None or reference.peak_bytes is None:
        return True
    return abs(view.peak_bytes - reference.peak_bytes) >= LIBRARIES_BYTES


def _figure(view: VariantView, reference: VariantView | None, name: str, field_name: str, shown: str) -> Figure:
    ours, base = getattr(view, field_name), None if view.is_reference else reference
    value = shown if ours is not None or not view.is_at_work else PENDING
    return Figure(name, value, measures.ratio(ours, getattr(base, field_name)) if base else "")
