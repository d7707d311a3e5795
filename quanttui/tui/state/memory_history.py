"""What memory did while one watched: a series a device, and the moments at which models came and went. No clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_KEPT = 720
_EIGHTHS = " ▁▂▃▄▅▆▇█"
LOADED, FREED = "▲", "▽"


@dataclass(frozen=True, slots=True)
class Mark:
    """A model came (or went) just before reading number ``reading``."""

    reading: int
    is_load: bool
    name: str


@dataclass(slots=True)
class MemoryHistory:
    """The last 720 readings, twelve minutes at one a second. A reading without a figure leaves a gap, not a zero."""

    _series: dict[str, deque[int | None]] = field(default_factory=dict)
    _marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=64))
    _readings: int = 0

    def add(self, used_bytes: dict[str, int | None]) -> None:
        """One reading of every device, by its key."""
        for key in {*self._series, *used_bytes}:
            series = self._series.setdefault(key, deque([None] * min(self._readings, _KEPT), maxlen=_KEPT))
            series.append(used_bytes.get(key))
        self._readings += 1

    def mark(self, name: str, *, is_load: bool) -> None:
        self._marks.append(Mark(self._readings, is_load, name))

    def plot(self, key: str, width: int, height: int, top: int | None) -> list[str]:
        """``height`` rows of ``width`` cells, the highest first, the newest at the right; ``top`` fills them all."""
        shown = self._shown(key, width)
        high = top or max((value for value in shown if value is not None), default=0) * 1.15 or 1
        levels = [
            None if value is None else max(1, min(8 * height, round(8 * height * value / high))) for value in shown
        ]
        return [_row(levels, height - 1 - row) for row in range(height)]

    def marks(self, key: str, width: int) -> str:
        """A row of ``width`` cells under the plot: where models were loaded and freed."""
        cells = [" "] * width
        for mark in self._marks:
            at = width - (self._readings - mark.reading)
            if 0 <= at < width and key in self._series:
                cells[at] = LOADED if mark.is_load else FREED
        return "".join(cells)

    def latest_mark(self) -> Mark | None:
        return self._marks[-1] if self._marks else None

    def _shown(self, key: str, width: int) -> list[int | None]:
        series = list(self._series.get(key, ()))[-width:]
        return [None] * (width - len(series)) + series


def _row(levels: list[int | None], from_bottom: int) -> str:
    return "".join(" " if level is None else _EIGHTHS[max(0, min(8, level - 8 * from_bottom))] for level in levels)
