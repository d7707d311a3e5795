"""Bars, shares and readings as the panes show them; plain figures are written by ``quanttui.units``. Text only."""

from __future__ import annotations

from quanttui.units import NOT_AVAILABLE, format_ratio


def gibibytes(count: int | None) -> str:
    """The number alone, where the unit stands beside it: ``61.2``."""
    return NOT_AVAILABLE if count is None else f"{count / 2**30:.1f}"


def speed(tokens_per_second: float | None) -> str:
    return f"{NOT_AVAILABLE if tokens_per_second is None else format(tokens_per_second, '.1f')} tok/s"


def ratio(value: float | None, base: float | None) -> str:
    """``0.38×`` of the reference, or "" where either is not known."""
    if value is None or not base:
        return ""
    return format_ratio(value / base)


def percent(part: float | None, whole: float | None) -> str:
    return NOT_AVAILABLE if part is None or not whole else f"{100 * part / whole:.0f} %"


def health(utilization_percent: int | None, power_watts: float | None, temperature_celsius: int | None) -> str:
    """``87 % · 412 W · 61 °C``."""
    readings = ((utilization_percent, "%"), (power_watts, "W"), (temperature_celsius, "°C"))
    return " · ".join(f"{NOT_AVAILABLE if value is None else format(value, '.0f')} {unit}" for value, unit in readings)


def bar(share: float | None, width: int) -> tuple[str, str]:
    """A bar of ``width`` cells: its filled and its empty part, told apart by shape as well as by colour."""
    filled = 0 if share is None else round(max(0.0, min(1.0, share)) * width)
    return "━" * filled, "╌" * (width - filled)
