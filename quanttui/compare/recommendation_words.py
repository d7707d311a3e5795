"""The sentences of a sweep's answer, each made from figures only. Knows standings and units; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from quanttui.compare.standing import Choice, Field, Limit, Miss, Standing
from quanttui.records import SweepLimits, Variant
from quanttui.units import Z_95, format_bytes, format_figure, format_nats


def recommended(field: Field, choice: Choice, limits: SweepLimits) -> str:
    now = choice.recommended
    name = f"{now.variant}, the reference itself," if now.is_reference else str(now.variant)
    figures = _figures(field, now)
    if choice.tied_with is not None:
        return f"{name} is recommended: {_tie(now, choice.tied_with)} ({figures})."
    if limits == SweepLimits():
        return f"{name} is recommended: {_without_limits(field, now)} ({figures})."
    if choice.eligible == 1:
        return f"{name} is recommended: the only one that keeps every limit ({figures})."
    order = "the smallest" if choice.smallest else "the most faithful"
    return f"{name} is recommended: {order} of the {choice.eligible} that keep every limit ({figures})."


def _without_limits(field: Field, now: Standing) -> str:
    if len(field.standings) == 1:
        return "the only one measured"
    if now.is_reference:
        return "no limit was given, and no other variant's difference from it is small"
    return f"no limit was given, and it is the smallest whose difference from {field.reference} is small"


def _tie(now: Standing, over: Standing) -> str:
    other = f"{over.variant}, the {'reference' if over.is_reference else 'most faithful by its figures'}"
    return f"it was not found to be less faithful than {other}, and it {_advantage(now, over)}"


def nothing_fits(field: Field, nearest: Standing | None, misses: Sequence[Miss]) -> str:
    if nearest is None:
        return "No variant has been measured, so none can be recommended."
    if not misses:
        return (
            f"No limit was given, and no variant's difference from {field.reference} is small. "
            f"{nearest.variant} comes nearest ({_figures(field, nearest)})."
        )
    broken = "; ".join(_miss(miss) for miss in misses)
    return f"No variant keeps every limit. {nearest.variant} comes nearest ({_figures(field, nearest)}): {broken}."


def near_a_limit(now: Standing, limits: SweepLimits) -> str:
    """What is kept by less than its own 95 % error."""
    close = []
    for part, divergence in now.parts:
        if _is_close(divergence.same_top, divergence.same_top_standard_error, limits.least_same_top):
            close.append(f"same top on the {part}")
        if _is_close(divergence.kl_divergence.mean, divergence.kl_divergence.standard_error, limits.most_kl_nats):
            close.append(f"KL on the {part}")
    if _is_close(now.tokens_per_second, now.tokens_per_second_standard_error, limits.least_tokens_per_second):
        close.append("speed")
    return f" Its limit of {_listed(close)} is kept by less than the figure's error." if close else ""


def left_out(field: Field) -> str:
    said = ""
    if field.failed:
        said += f" {_names(field.failed)} failed and could not be considered."
    if field.waiting:
        said += f" {_names(field.waiting)} {'is' if len(field.waiting) == 1 else 'are'} not measured yet."
    return said


def relaxed(limit: Limit, shortfall: float, other: Standing, now: Standing | None) -> str:
    """``with 1.2 GB more: int8 (KL 0.012 instead of 0.031 nats)``."""
    match limit:
        case Limit.MEMORY:
            condition = f"with {format_bytes(round(shortfall))} more"
        case Limit.SPEED:
            condition = f"if {shortfall:.1f} tok/s less is acceptable"
        case Limit.SAME_TOP:
            condition = f"if a same top of {100 * other.worst_same_top:.1f} % is enough"
        case Limit.KL:
            condition = f"if a KL of {format_nats(other.worst_kl)} nats is acceptable"
    return f"{condition}: {other.variant} ({_trade(limit, other, now)})"


def tightened(limit: Limit, before: Standing, other: Standing) -> str:
    """``with less than 9.1 GB: nf4 (KL 0.031 instead of 0.012 nats)``."""
    match limit:
        case Limit.MEMORY:
            condition = f"with less than {format_bytes(before.memory_bytes)}"
        case Limit.SPEED:
            condition = f"if more than {format_figure(before.tokens_per_second, None, 'tokens/s')} is needed"
        case Limit.SAME_TOP:
            condition = f"if a same top above {100 * before.worst_same_top:.1f} % is needed"
        case Limit.KL:
            condition = f"if a KL below {format_nats(before.worst_kl)} nats is needed"
    speed = f"{format_figure(other.tokens_per_second, None, 'tokens/s')}, " if limit is Limit.SPEED else ""
    return f"{condition}: {other.variant} ({speed}{_trade(limit, other, before)})"


def _figures(field: Field, standing: Standing) -> str:
    """``KL 0.012 ± 0.001 nats, same top 97.2 ± 0.4 % on the text; 9.1 GB at its peak, 41.0 tok/s``."""
    fidelity = "; ".join(
        f"KL {format_figure(summary.kl_divergence.mean, summary.kl_divergence.standard_error, 'nats')} nats, same top "
        f"{format_figure(summary.same_top, summary.same_top_standard_error, 'share')} on the {part}"
        for part, summary in standing.parts
    )
    memory = f"{format_bytes(standing.memory_bytes)} {'at its peak' if field.memory_is_peak else 'of weights'}"
    speed = format_figure(standing.tokens_per_second, standing.tokens_per_second_standard_error, "tokens/s")
    cost = memory if standing.tokens_per_second is None else f"{memory}, {speed}"
    return f"{fidelity}; {cost}" if fidelity else cost


def _advantage(now: Standing, over: Standing) -> str:
    if now.memory_bytes is not None and (over.memory_bytes is None or now.memory_bytes < over.memory_bytes):
        if over.memory_bytes is None:
            return f"takes {format_bytes(now.memory_bytes)}"
        return f"takes {format_bytes(over.memory_bytes - now.memory_bytes)} less"
    return f"is faster by {(now.tokens_per_second or 0) - (over.tokens_per_second or 0):.1f} tok/s in the same memory"


def _trade(limit: Limit, other: Standing, now: Standing | None) -> str:
    """What moving the limit buys or costs: memory for fidelity, fidelity for memory and speed."""
    if limit in (Limit.SAME_TOP, Limit.KL):
        memory = format_bytes(other.memory_bytes)
        return f"{memory} instead of {format_bytes(now.memory_bytes)}" if now else memory
    kl = f"{'the reference, ' if other.is_reference else ''}KL {format_nats(other.kl)}"
    before = format_nats(now.kl) if now else None
    if before == format_nats(other.kl):
        return f"{kl} nats, the same to the digits shown"
    return f"{kl} instead of {before} nats" if before else f"{kl} nats"


def _miss(miss: Miss) -> str:
    if miss.shortfall is None:
        return f"its {'memory' if miss.limit is Limit.MEMORY else 'speed'} is not known"
    match miss.limit:
        case Limit.MEMORY:
            return f"it takes {format_bytes(round(miss.shortfall))} too much"
        case Limit.SAME_TOP:
            return f"its same top is {100 * miss.shortfall:.1f} points too low"
        case Limit.KL:
            return f"its KL is {format_nats(miss.shortfall)} nats too high"
        case Limit.SPEED:
            return f"it is {miss.shortfall:.1f} tok/s too slow"


def _is_close(figure: float | None, standard_error: float | None, limit: float | None) -> bool:
    if figure is None or standard_error is None or limit is None:
        return False
    return abs(figure - limit) < Z_95 * standard_error


def _names(variants: Sequence[Variant]) -> str:
    return _listed([variant.spelling for variant in variants])


def _listed(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else items[0]
