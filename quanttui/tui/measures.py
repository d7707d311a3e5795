"""Sizes, times and shares as people read them. Text only; a value that is not known is "n/a", never 0."""

from __future__ import annotations

UNKNOWN = "n/a"
_BLOCKS = " ▁▂▃▄▅▆▇█"


def weight_bytes(count: int | None) -> str:
    """Size of weights in decimal units, as model cards write it: ``14.7 MB``, ``6.03 GB``."""
    if count is None:
        return UNKNOWN
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{_three_digits(count / size)} {unit}"
    return f"{count} B"


def memory_bytes(count: int | None) -> str:
    """Size of memory in binary units, as nvidia-smi and free write it: ``6.4 GiB``, ``512 MiB``."""
    if count is None:
        return UNKNOWN
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"


def gibibytes(count: int | None) -> str:
    """The number alone, where the unit stands beside it: ``61.2``."""
    return UNKNOWN if count is None else f"{count / 2**30:.1f}"


def seconds(duration: float | None) -> str:
    """``12 ms``, ``0.42 s``, ``1 min 05 s``."""
    if duration is None:
        return UNKNOWN
    if duration < 0.0995:
        return f"{duration * 1000:.0f} ms"
    if duration < 60:
        return f"{_three_digits(duration)} s"
    return f"{duration // 60:.0f} min {duration % 60:02.0f} s"


def speed(tokens_per_second: float | None) -> str:
    return f"{UNKNOWN if tokens_per_second is None else format(tokens_per_second, '.1f')} tok/s"


def ratio(value: float | None, base: float | None) -> str:
    """``0.38×`` of the reference, or "" where either is not known."""
    if value is None or not base:
        return ""
    share = value / base
    return f"{share:.0f}×" if share >= 99.5 else f"{share:.1f}×" if share >= 9.95 else f"{share:.2f}×"


def percent(part: float | None, whole: float | None) -> str:
    return UNKNOWN if part is None or not whole else f"{100 * part / whole:.0f} %"


def health(utilization_percent: int | None, power_watts: float | None, temperature_celsius: int | None) -> str:
    """``87 % · 412 W · 61 °C``."""
    readings = ((utilization_percent, "%"), (power_watts, "W"), (temperature_celsius, "°C"))
    return " · ".join(f"{UNKNOWN if value is None else format(value, '.0f')} {unit}" for value, unit in readings)


def bar(share: float | None, width: int) -> tuple[str, str]:
    """A bar of ``width`` cells: its filled and its empty part, told apart by shape as well as by colour."""
    filled = 0 if share is None else round(max(0.0, min(1.0, share)) * width)
    return "━" * filled, "╌" * (width - filled)


def spark(values: list[float], width: int, top: float | None = None) -> str:
    """The last ``width`` values as blocks, the newest at the right end; ``top`` is the value of a full block (a
    little above the largest one unless given)."""
    shown = values[-width:]
    high = top or max(shown, default=0.0) * 1.15 or 1.0
    return "".join(_BLOCKS[max(1, min(8, round(8 * value / high)))] for value in shown).rjust(width)


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"
