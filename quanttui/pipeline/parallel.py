"""The plan that works on several models at the same time, each in an engine of its own.

Every lane is an engine driven by a thread: the first begins with the reference, and whichever is free takes the next
candidate. What the lanes tell goes through one queue, so a run's events come in one order: those of a variant in
theirs, and a candidate's whole output only after the reference's, which it is compared with. The reference's sides lie
in a private folder, as the engines share no memory; it is gone when the run is over.
"""

from __future__ import annotations

import tempfile
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from queue import SimpleQueue

from quanttui.engine.base import Engine
from quanttui.engine.pool import EnginePool
from quanttui.errors import CancelledError
from quanttui.pipeline.passage import Passage, Task
from quanttui.pipeline.references import References
from quanttui.records import Variant
from quanttui.records.events import RunEvent


def side_by_side(
    pool: EnginePool, task: Task, cancelled: Callable[[], bool], lanes: int
) -> Generator[RunEvent, None, None]:
    with tempfile.TemporaryDirectory(prefix="quanttui-sides-") as folder, pool.lanes(lanes) as engines:
        work = _Lanes(task, engines, References(Path(folder)), cancelled)
        work.start()
        try:
            yield from work.events()
        except BaseException:
            pool.cancel()
            raise
        finally:
            work.end()


class _LaneEnded:
    """Taken from the queue when a lane has no more work; ``error`` is why, where it failed."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class _Lanes:
    """``start``, then ``events`` and ``end`` from one thread. After ``end`` no lane drives its engine any more."""

    def __init__(
        self, task: Task, engines: Sequence[Engine], references: References, cancelled: Callable[[], bool]
    ) -> None:
        self._task = task
        self._references = references
        self._waiting = deque(enumerate(task.variants))
        self._asked_to_stop = cancelled
        self._is_over = threading.Event()
        self._queue: SimpleQueue[RunEvent | _LaneEnded] = SimpleQueue()
        self._engines = engines
        self._threads = [
            threading.Thread(target=self._run, args=(engine,), name=f"lane-{number}", daemon=True)
            for number, engine in enumerate(engines)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def events(self) -> Generator[RunEvent, None, None]:
        """Until every lane has ended; what the others made is told before the cause of a failure is raised."""
        errors: list[Exception] = []
        left = len(self._threads)
        while left:
            item = self._queue.get()
            if not isinstance(item, _LaneEnded):
                yield item
                continue
            left -= 1
            if item.error is not None:
                errors.append(item.error)
                self._stop()
        causes = [error for error in errors if not isinstance(error, CancelledError)]
        if errors:
            raise next(iter(causes), errors[0])

    def end(self) -> None:
        self._stop()
        for thread in self._threads:
            thread.join()

    def _stop(self) -> None:
        """Without effect on lanes that have ended."""
        if not self._is_over.is_set():
            self._is_over.set()
            self._references.end()
            for engine, thread in zip(self._engines, self._threads, strict=True):
                if thread.is_alive():
                    engine.cancel()

    def _cancelled(self) -> bool:
        return self._is_over.is_set() or self._asked_to_stop()

    def _run(self, engine: Engine) -> None:
        """The body of a lane's thread: any fault of an engine ends the run, told by whoever takes from the queue."""
        error: Exception | None = None
        try:
            while (work := self._next()) is not None:
                self._pass(engine, *work)
        except Exception as raised:
            error = raised
        self._queue.put(_LaneEnded(error))

    def _next(self) -> tuple[int, Variant] | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _pass(self, engine: Engine, index: int, variant: Variant) -> None:
        passage = Passage(self._task, variant, engine, self._references, self._cancelled, is_reference=index == 0)
        try:
            for event in passage.events():
                self._queue.put(event)
        finally:
            if passage.given_back is not None:
                self._queue.put(passage.given_back)
