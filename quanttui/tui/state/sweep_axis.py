"""Where an axis begins and ends, and which figures stand at it. Knows numbers only; a logarithmic axis is in log10."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quanttui.units import format_bytes

_PADDING = 0.08
_LEAST_DECADES = 0.5
_EMPTY_LOGARITHMIC = (1e-4, 1e-2)
_STEPS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))


@dataclass(frozen=True, slots=True)
class Axis:
    """``ticks``: each in the axis' own units, with its label."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def memory_axis(sizes_bytes: Sequence[float], most_ticks: int = 8) -> Axis:
    """Linear; its ticks are round in the unit in which sizes are shown."""
    low, high = _padded(min(sizes_bytes, default=0.0), max(sizes_bytes, default=1e9), 0.0)
    step = _round_step((high - low) / most_ticks)
    return Axis(low, high, _ticks(low, high, step, lambda size: _short(format_bytes(round(size)))))


def linear_axis(values: Sequence[float], most_ticks: int = 6) -> Axis:
    """With 0 on it: what is above it and what is below are told apart."""
    low, high = _padded(min([0.0, *values]), max([0.0, *values]), 0.01)
    step = _round_step((high - low) / most_ticks)
    decimals = max(0, -math.floor(math.log10(step)))
    return Axis(low, high, _ticks(low, high, step, lambda value: _signed(value, decimals)))


def log_axis(values: Sequence[float], label: Callable[[float], str], most_ticks: int = 6) -> Axis:
    """In log10, at least half a decade; as many ticks of each decade as there is room for."""
    positive = [value for value in values if value > 0] or list(_EMPTY_LOGARITHMIC)
    low, high = math.log10(min(positive)), math.log10(max(positive))
    short = max(0.0, _LEAST_DECADES - (high - low)) / 2
    low, high = _padded(low - short, high + short, 0.0)
    found: list[tuple[float, str]] = []
    for steps in _STEPS:
        made = [
            (math.log10(step * 10.0**decade), label(step * 10.0**decade))
            for decade in range(math.floor(low), math.ceil(high) + 1)
            for step in steps
        ]
        inside = [tick for tick in made if low <= tick[0] <= high]
        if len(inside) > most_ticks:
            break
        found = inside
    return Axis(low, high, tuple(found))


def _padded(low: float, high: float, least: float) -> tuple[float, float]:
    span = max(high - low, least) or abs(high) or 1.0
    return low - _PADDING * span, high + _PADDING * span


def _round_step(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999))


def _ticks(low: float, high: float, step: float, label: Callable[[float], str]) -> tuple[tuple[float, str], ...]:
    first, last = math.ceil(low / step), math.floor(high / step)
    return tuple((number * step, label(number * step)) for number in range(first, last + 1))


def nats_label(value: float) -> str:
    """``0.01``, ``1e-4``."""
    return f"{value:.0e}".replace("e-0", "e-") if value < 0.00099 else f"{value:g}"


def share_label(value: float) -> str:
    """``0.1 %``."""
    return f"{100 * value:.2g} %"


def _short(size: str) -> str:
    return size.replace(".0 ", " ")


def _signed(value: float, decimals: int) -> str:
    shown = f"{value:+.{decimals}f}".replace("-", "−")
    return f"{0:.{decimals}f}" if float(f"{value:.{decimals}f}") == 0 else shown
