"""The numbers of one variant of a sweep, in words: what stands beside the plot. Text only, safe to show."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records import FitVerdict, PairComparison, SweepResult, SweptVariant, Variant, VerdictLevel
from quanttui.tui import measures
from quanttui.tui.state.results import VERDICT_SIGNS
from quanttui.tui.state.sweep_plot import Kind, kind_of
from quanttui.tui.state.sweep_rows import SweepRow, SweepRows
from quanttui.tui.visible import visible_run
from quanttui.units import (
    NOT_AVAILABLE,
    format_bytes,
    format_figure,
    format_multiple,
    format_nats,
    format_percent,
)

_FITS = {
    FitVerdict.FITS: "✓ fits now",
    FitVerdict.TIGHT: "! tight now",
    FitVerdict.DOES_NOT_FIT: "✗ does not fit now",
    FitVerdict.UNSUPPORTED: "✗ cannot run here",
    FitVerdict.UNKNOWN: "? not known whether it fits",
}
_ROLES = {Kind.RECOMMENDED: "recommended", Kind.REFERENCE: "the reference"}


@dataclass(frozen=True, slots=True)
class Fact:
    """``name`` "": the value speaks for itself."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SelectedWords:
    """``title``: the variant with its sign; ``level``: how far it is, None where that is not known. ``brief``: what
    matters most of ``facts``, in fewer words."""

    title: str
    roles: str
    facts: tuple[Fact, ...]
    brief: tuple[Fact, ...]
    level: VerdictLevel | None = None


def selected_words(rows: SweepRows, result: SweepResult) -> SelectedWords | None:
    row = rows.selected
    if row is None:
        return None
    kind = kind_of(row)
    facts = (*_costs(row, rows), *_divergence(row), *_standing(row, rows, result))
    level = row.divergence.verdict.level if row.divergence else None
    return SelectedWords(f"{_sign(row)} {row.name}", " · ".join(_roles(row, kind)), facts, _brief(row, facts), level)


def _sign(row: SweepRow) -> str:
    """As on the plot; what is not on it has none of its signs."""
    if row.swept.failure is not None:
        return "✗"
    return kind_of(row).value if row.divergence or row.is_reference else "·"


def _roles(row: SweepRow, kind: Kind) -> list[str]:
    roles = [_ROLES[kind]] if kind in _ROLES else ["runner-up"] if row.is_runner_up else []
    if row.is_reference and kind is not Kind.REFERENCE:
        roles.append(_ROLES[Kind.REFERENCE])
    if row.swept.failure is not None:
        roles.append("✗ failed")
    elif row.total:
        roles += [f"{row.done} of {row.total} read"] if row.is_growing else []
    if row.fit is not None:
        roles.append(_FITS[row.fit])
    return roles


def _costs(row: SweepRow, rows: SweepRows) -> list[Fact]:
    swept, base = row.swept, next((other.swept for other in rows.rows if other.is_reference), None)
    ratio = "" if row.is_reference or base is None else measures.ratio(swept.parameter_bytes, base.parameter_bytes)
    speed = format_figure(swept.tokens_per_second, swept.tokens_per_second_standard_error, "tokens/s")
    times = "" if row.is_reference or base is None else measures.ratio(swept.tokens_per_second, base.tokens_per_second)
    speed += f" of {swept.speed_measured_on}" if swept.speed_measured_on else ""
    facts = [
        Fact("weights", _with(format_bytes(swept.parameter_bytes), ratio)),
        Fact("peak", _peak(swept)),
        Fact("speed", _with(speed, times)),
    ]
    if swept.needed_bytes is not None:
        facts.insert(2, Fact("needs free", format_bytes(swept.needed_bytes)))
    return facts


def _peak(swept: SweptVariant) -> str:
    shown = format_bytes(swept.peak_bytes)
    return shown if swept.peaks_compare or swept.peak_bytes is None else f"{shown}, libraries too"


def _brief(row: SweepRow, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    by_name = {fact.name: fact for fact in facts}
    kept = [Fact("memory", format_bytes(row.memory_bytes))] if row.memory_bytes is not None else []
    if "mean KL" in by_name and row.divergence is not None:
        times = format_multiple(row.divergence.noise_multiple)
        kept.append(Fact("KL", f"{by_name['mean KL'].value.removesuffix(' nats')} ({times} noise)"))
    kept += [by_name[name] for name in ("failed", "divergence", "same top") if name in by_name]
    if "ln ppl ratio" in by_name:
        kept.append(Fact("ln ppl", by_name["ln ppl ratio"].value))
    kept += [by_name["speed"]] if row.swept.tokens_per_second is not None else []
    kept += [by_name["frontier"]] if row.beaten_by is not None else []
    kept += [Fact("not apart", by_name["not told apart"].value)] if "not told apart" in by_name else []
    return tuple(kept)


def _with(figure: str, ratio: str) -> str:
    return f"{figure} ({ratio})" if ratio else figure


def _divergence(row: SweepRow) -> list[Fact]:
    if row.swept.failure is not None:
        return [Fact("failed", visible_run(row.swept.failure))]
    if row.is_reference:
        return [Fact("divergence", "0 by definition")]
    summary = row.divergence
    if summary is None:
        return [Fact("divergence", "not measured yet")]
    kl, level = summary.kl_divergence, summary.verdict.level
    return [
        Fact("mean KL", f"{format_figure(kl.mean, kl.standard_error, 'nats')} nats"),
        Fact("noise floor", _times(summary.noise_multiple, summary.noise_floor.mean)),
        Fact("same top", format_figure(summary.same_top, summary.same_top_standard_error, "share")),
        Fact(
            "ln ppl ratio",
            _signed(format_figure(summary.ln_perplexity_ratio, summary.ln_perplexity_ratio_standard_error, "ln")),
        ),
        Fact("verdict", f"{VERDICT_SIGNS[level]} {level.value}, {summary.tokens:,} tokens"),
    ]


def _times(multiple: float | None, noise_nats: float) -> str:
    if multiple is None:
        return "0 to rounding" if noise_nats <= 0 else NOT_AVAILABLE
    return f"{format_multiple(multiple)} its {format_nats(noise_nats)}"


def _signed(figure: str) -> str:
    return figure.replace("-", "−") if figure.startswith("-") else f"+{figure}"


def _standing(row: SweepRow, rows: SweepRows, result: SweepResult) -> list[Fact]:
    facts = []
    if row.on_frontier:
        facts.append(Fact("frontier", "on it: none is shown to beat it"))
    elif row.beaten_by is not None:
        facts.append(Fact("frontier", f"beaten by {visible_run(row.beaten_by.spelling)}: nearer, no larger"))
    pairs = [pair for pair in result.pairs if pair.part is rows.part and row.variant in (pair.first, pair.second)]
    apart = [_other(pair, row.variant) for pair in pairs if pair.told_apart]
    alike = [pair for pair in pairs if not pair.told_apart]
    if apart:
        facts.append(Fact("told apart", f"from {', '.join(apart)}"))
    if alike:
        names = ", ".join(_other(pair, row.variant) for pair in alike)
        facts.append(Fact("not told apart", f"from {names}{_smallest(alike)}"))
    return facts


def _other(pair: PairComparison, variant: Variant) -> str:
    return visible_run((pair.second if pair.first == variant else pair.first).spelling)


def _smallest(pairs: list[PairComparison]) -> str:
    """The hardest of the pairs decides what could have been shown."""
    flips = max(pair.flips.smallest_detectable for pair in pairs)
    nats = [pair.kl.smallest_detectable for pair in pairs]
    shown = [size for size in nats if size is not None]
    if len(shown) < len(nats):
        return f": would show from {format_percent(flips)} of same top"
    return f": would show from {format_nats(max(shown))} nats or {format_percent(flips)} of same top"
