"""How fast one step of a run goes, and how long it will still take, from nothing but what was seen. Pure; no clock."""

from __future__ import annotations

from dataclasses import dataclass

# Below these there is no rate to speak of: two reports close together say nothing about a minute.
_LEAST_STEPS = 3
_LEAST_SECONDS = 0.5
_SURE_OF_ELAPSED_SECONDS = 2.0


@dataclass
class Pace:
    """``expected_seconds``: what the same step took before, for as long as this one tells no rate of its own."""

    started_at: float
    expected_seconds: float | None = None
    total: int = 0
    _first: tuple[int, float] | None = None
    _last: tuple[int, float] | None = None

    def note(self, done: int, total: int, now: float) -> None:
        """``done`` of ``total`` are made; the first report starts the measurement, as work before it is of another
        kind (opening files, reading the prompt)."""
        if self._first is None or total != self.total or done < self._first[0]:
            self._first = (done, now)
        self.total, self._last = total, (done, now)

    def elapsed_seconds(self, now: float) -> float:
        return now - self.started_at

    def left_seconds(self, now: float) -> float | None:
        """None without evidence; negative by as much as the step is overdue."""
        if (rate := self._rate()) is not None and self._last is not None:
            done, at = self._last
            return (self.total - done) / rate - (now - at)
        if self.expected_seconds is not None:
            return self.expected_seconds - self.elapsed_seconds(now)
        return None

    def _rate(self) -> float | None:
        if self._first is None or self._last is None:
            return None
        made, seconds = self._last[0] - self._first[0], self._last[1] - self._first[1]
        return made / seconds if made >= _LEAST_STEPS and seconds >= _LEAST_SECONDS and self.total else None


def left_words(seconds: float | None, *, at_most: bool = False) -> str:
    """``about 12 s left``, coarser the longer it is and rounded up; "" without evidence."""
    if seconds is None:
        return ""
    if seconds < 0:
        return "longer than expected"
    return f"{'up to' if at_most else 'about'} {coarse_seconds(seconds)} left"


def elapsed_words(seconds: float) -> str:
    """``4 s so far``; "" while that is hardly worth a word."""
    return f"{coarse_elapsed(seconds)} so far" if seconds >= _SURE_OF_ELAPSED_SECONDS else ""


def coarse_seconds(seconds: float) -> str:
    """Rounded up: to 1 s below 10 s, to 5 s below a minute, to half a minute below ten, then to a minute."""
    for limit, step in ((10, 1), (60, 5), (600, 30)):
        rounded = max(1, -(-seconds // step) * step)
        if rounded < limit:
            return _clock(rounded)
    return _clock(-(-seconds // 60) * 60)


def coarse_elapsed(seconds: float) -> str:
    return _clock(seconds // 1)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" + (f" {rest} s" if rest else "") if minutes else f"{rest} s"
