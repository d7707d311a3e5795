"""Figures as people read them, and the values of options. Knows units and rounding only; a figure that is None, NaN
or infinite is "n/a", never 0."""

from __future__ import annotations

import math

NOT_AVAILABLE = "n/a"
_KIB = 1024
Z_95 = 1.959963984540054
"""Half of a 95 % interval, in standard errors: figures further apart than that are said to differ."""
LIBRARIES_BYTES = 64_000_000
"""What the libraries themselves take and give back between two loads."""


def format_bytes(size_bytes: int | None) -> str:
    """Sizes of files and weights, decimal as the hub gives them: ``14.7 MB``."""
    return NOT_AVAILABLE if size_bytes is None else _scaled(size_bytes, 1000, ("B", "kB", "MB", "GB", "TB", "PB"))


def format_memory(size_bytes: int | None) -> str:
    """Memory, binary as the drivers give it, in the unit that suits it: ``412.0 MiB``, ``61.2 GiB``."""
    return NOT_AVAILABLE if size_bytes is None else _scaled(size_bytes, _KIB, ("B", "KiB", "MiB", "GiB", "TiB"))


def format_gib(size_bytes: int | None) -> str:
    """Memory in GiB whatever its size, so that figures side by side share a unit: ``61.2 GiB``, ``0.4 GiB``."""
    return NOT_AVAILABLE if size_bytes is None else f"{size_bytes / _KIB**3:.1f} GiB"


def format_foretold(measured_bytes: int | None, predicted_bytes: int | None) -> str:
    """What came, against what was foretold: ``5.6 MB, as predicted``, ``7.1 GB, predicted 7.0 GB (+1.8 %)``."""
    return f"{format_bytes(measured_bytes)}, {format_prediction(measured_bytes, predicted_bytes)}"


def format_prediction(measured_bytes: int | None, predicted_bytes: int | None) -> str:
    """``as predicted``, or what had been and how far off that was: in bytes where it is less than what the libraries
    themselves take and give back, of which a percentage would say nothing."""
    if measured_bytes is not None and measured_bytes == predicted_bytes:
        return "as predicted"
    predicted = f"predicted {format_bytes(predicted_bytes)}"
    if not predicted_bytes or measured_bytes is None:
        return predicted
    off = measured_bytes - predicted_bytes
    if abs(off) < LIBRARIES_BYTES:
        return f"{predicted} ({'−' if off < 0 else '+'}{format_bytes(abs(off))})"
    return f"{predicted} ({100 * off / predicted_bytes:+.1f} %)".replace("(-", "(−")


def format_count(count: int | None) -> str:
    """Parameters and tokens: ``7.3M``, ``8.0B``; exact below a thousand."""
    return NOT_AVAILABLE if count is None else _scaled(count, 1000, ("", "K", "M", "B", "T"), separator="")


def format_ratio(ratio: float | None) -> str:
    """A figure as a multiple of the reference's: ``0.38×``, ``12.3×``."""
    if ratio is None or not math.isfinite(ratio):
        return NOT_AVAILABLE
    return f"{ratio:.2f}×" if abs(ratio) < 9.995 else f"{ratio:,.1f}×"


def format_seconds(seconds: float | None) -> str:
    """Durations: ``12 ms``, ``3.4 s``, ``1 min 15 s``, ``2 h 03 min``."""
    if seconds is None or not math.isfinite(seconds):
        return NOT_AVAILABLE
    if seconds < 0:
        return f"-{format_seconds(-seconds)}"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def format_nats(divergence: float) -> str:
    """A divergence: ``0.62``, ``0.031``, ``8.2e-6``, never a false zero. What rounding left below zero is 0."""
    if not math.isfinite(divergence):
        return NOT_AVAILABLE
    if divergence <= 0:
        return "0"
    if divergence < 0.001:
        return f"{divergence:.1e}".replace("e-0", "e-")
    return f"{divergence:.3f}" if divergence < 0.0995 else f"{divergence:.2f}"


def format_percent(share: float) -> str:
    """A probability or share in [0, 1] in six cells or fewer: ``41.0 %``, ``<0.1 %``."""
    if not math.isfinite(share):
        return NOT_AVAILABLE
    if 0 < share < 0.0005:
        return "<0.1 %"
    return f"{100 * share:.1f} %" if share < 0.9995 else "100 %"


def format_points(delta: float) -> str:
    """A difference of probabilities in percentage points, signed: ``−23.0 points``."""
    shown = f"{100 * delta:+.1f}".replace("-", "−")
    return f"{'0.0' if shown in ('+0.0', '−0.0') else shown} points"


def format_multiple(times: float | None) -> str:
    """So many times the noise floor: ``12 ×``, ``1.3 ×``; n/a where the floor is 0."""
    if times is None or not math.isfinite(times):
        return NOT_AVAILABLE
    return f"{times:,.0f} ×" if times >= 9.95 else f"{times:.1f} ×"


def format_figure(value: float | None, standard_error: float | None, unit: str) -> str:
    """A figure of ``unit`` ("nats", "share", "ln", "bytes", "tokens/s", "seconds") ± its error, where that is known.

    A standard error of 0 is that of an exact figure and is not shown.
    """
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    error = standard_error if standard_error and math.isfinite(standard_error) else None
    match unit:
        case "nats":
            return format_nats(value) + (f" ± {format_nats(error)}" if error else "")
        case "share":
            return f"{100 * value:.1f} ± {100 * error:.1f} %" if error else format_percent(value)
        case "bytes":
            return format_bytes(round(value))
        case "tokens/s":
            return f"{value:.1f}" + (f" ± {error:.1f}" if error else "") + " tok/s"
        case "seconds":
            return format_seconds(value) + (f" ± {format_seconds(error)}" if error else "")
    return f"{value:.4f}" + (f" ± {error:.4f}" if error else "")


def format_option(value: str | int | float | bool | list[str] | None) -> str:
    """A value of a library's option as Python writes it, text and the names in a list without quotes."""
    if isinstance(value, list):
        return ", ".join(value) or "[]"
    return str(value)


def _scaled(value: int, step: int, units: tuple[str, ...], separator: str = " ") -> str:
    """``value`` in the largest unit in which it does not round to less than 1.0; one decimal but for the first."""
    if value < 0:
        return f"-{_scaled(-value, step, units, separator)}"
    if value < step:
        return f"{value}{separator}{units[0]}"
    scaled, index = float(value), 0
    while scaled >= step - 0.05 and index < len(units) - 1:
        scaled, index = scaled / step, index + 1
    return f"{scaled:.1f}{separator}{units[index]}"
