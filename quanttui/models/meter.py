"""How fast bytes come and how long the rest takes. Told of every arrival, from any thread; given its clock."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from quanttui.records.download import DownloadProgress

# Long enough to smooth over what a network does, short enough that a stall shows.
_WINDOW_SECONDS = 5.0
_SAMPLE_SECONDS = 0.1


class Meter:
    """Counts towards ``total_bytes`` from ``done_bytes`` on; the rate is that of the last five seconds."""

    def __init__(self, done_bytes: int, total_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._done, self._total, self._clock = done_bytes, total_bytes, clock
        self._lock = threading.Lock()
        self._samples = deque([(clock(), 0)])  # when, and how much had come on the way until then
        self._come = 0

    def add(self, size_bytes: int) -> None:
        """``size_bytes`` came on the way."""
        with self._lock:
            self._done += size_bytes
            self._come += size_bytes
            if self._clock() - self._samples[-1][0] >= _SAMPLE_SECONDS:
                self._samples.append((self._clock(), self._come))

    def correct(self, size_bytes: int) -> None:
        """So many bytes more, or fewer where negative, are done than was counted; none of them came on the way."""
        with self._lock:
            self._done += size_bytes

    def read(self) -> DownloadProgress:
        with self._lock:
            rate = self._rate()
            left = self._total - self._done
            return DownloadProgress(self._done, self._total, rate, left / rate if rate else None)

    def _rate(self) -> float | None:
        now = self._clock()
        while len(self._samples) > 1 and self._samples[1][0] <= now - _WINDOW_SECONDS:
            self._samples.popleft()
        then, come = self._samples[0]
        since = max(then, now - _WINDOW_SECONDS)
        if now - since < _SAMPLE_SECONDS or come == self._come:
            return None
        return (self._come - come) / (now - since)
