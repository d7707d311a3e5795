"""Figures as the command's own output writes them. "n/a" stands where something was not measured, never 0."""

from __future__ import annotations

MISSING = "n/a"
_BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
_COUNTS = ((1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def bytes_figure(size_bytes: int | None) -> str:
    return MISSING if size_bytes is None else _scaled(size_bytes, _BYTES)


def count_figure(number: int | None) -> str:
    """A large count in three digits: 7.34 M."""
    return MISSING if number is None else _scaled(number, _COUNTS)


def seconds_figure(seconds: float | None) -> str:
    if seconds is None:
        return MISSING
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def rate_figure(per_second: float | None) -> str:
    return MISSING if per_second is None else _three_digits(per_second)


def ratio_figure(value: float | None, reference: float | None) -> str:
    """``value`` as a multiple of ``reference``: 0.38×; empty where one of them is missing."""
    if value is None or not reference:
        return ""
    return f"{value / reference:.2f}×"


def nats_figure(nats: float | None) -> str:
    """Three significant digits; small figures in powers of ten."""
    if nats is None:
        return MISSING
    return f"{nats:.1e}" if 0 < abs(nats) < 1e-3 else f"{nats:.3g}"


def with_error(figure: str, error: float | None) -> str:
    return figure if error is None else f"{figure} ± {nats_figure(error)}"


def _scaled(number: float, units: tuple[tuple[float, str], ...]) -> str:
    scale, unit = next(((scale, unit) for scale, unit in units if number >= scale), units[-1])
    return f"{_three_digits(number / scale)} {unit}".rstrip() if scale > 1 else f"{number:.0f} {unit}".rstrip()


def _three_digits(number: float) -> str:
    return f"{number:.2f}" if number < 9.995 else f"{number:.1f}" if number < 99.95 else f"{number:.0f}"
