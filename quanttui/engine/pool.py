"""An engine, and more of its kind for as long as a run wants them. Knows no plan and no engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from quanttui.engine.base import Engine, LoadedModel
from quanttui.engine.process import EngineProcess
from quanttui.errors import EngineDiedError
from quanttui.records import (
    EncodedText,
    EncodeRequest,
    EngineDescription,
    EngineMemory,
    EstimateRequest,
    LoadProgress,
    LoadRequest,
    MemoryEstimate,
)


class EnginePool:
    """Keeps ``Engine``: its calls go to the first; ``cancel`` and ``close`` reach all.

    ``make`` makes the engine of a number, the first is 0. Of the others none is kept for a later run: an idle engine
    process holds hundreds of megabytes.
    """

    def __init__(self, make: Callable[[int], Engine]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._engines = [make(0)]
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """Of the first, where it has one."""
        return getattr(self._engines[0], "process_id", None)

    def describe(self) -> EngineDescription:
        return self._engines[0].describe()

    def estimate(self, request: EstimateRequest) -> MemoryEstimate:
        return self._engines[0].estimate(request)

    def encode(self, request: EncodeRequest) -> EncodedText:
        return self._engines[0].encode(request)

    def load(self, request: LoadRequest) -> Generator[LoadProgress, None, LoadedModel]:
        return self._engines[0].load(request)

    def memory(self) -> EngineMemory:
        return self._engines[0].memory()

    @contextmanager
    def lanes(self, count: int) -> Iterator[tuple[Engine, ...]]:
        """``count`` engines, the first among them. The others begin to warm up at once and are closed at the end.

        May be entered again within: those that are there are taken first, and of too many the last are closed.
        """
        before = len(self._engines)
        try:
            for number in range(before, count):
                self._open(number)
            if 1 < count < before:
                self._close_from(count)
            yield tuple(self._engines[:count])
        finally:
            self._close_from(1)

    def close_others(self) -> None:
        """All but the first: what they hold is wanted."""
        self._close_from(1)

    def cancel(self) -> None:
        for engine in tuple(self._engines):
            engine.cancel()

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._close_from(1)
        self._engines[0].close()

    def _open(self, number: int) -> None:
        with self._lock:
            if self._closed:
                raise EngineDiedError("the engine was closed", "Open a new one.")
            engine = self._make(number)
            self._engines.append(engine)
        if isinstance(engine, EngineProcess):
            engine.start()

    def _close_from(self, number: int) -> None:
        with self._lock:
            others = self._engines[number:]
            del self._engines[number:]
        for engine in others:
            engine.close()
