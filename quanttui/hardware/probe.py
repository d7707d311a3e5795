"""Host and GPUs in one reading, from a caller that must never hang. Knows threads; knows no screen.

NVML is asked in a thread of its own, a fresh daemon thread for each reading: where the driver does not answer (a lost
GPU), the caller goes on after ``patience_seconds`` with the GPUs' last reading, and the next question waits until the
hanging one has come back. Nothing joins that thread at the end of the process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from quanttui.hardware.host import HostReader
from quanttui.hardware.joined import joined
from quanttui.hardware.nvml import NvmlReader
from quanttui.hardware.process_names import ProcessNames
from quanttui.records import EngineMemory, GpuReading, MemoryReading

# A slow driver is a reading or two behind; one that is further behind is likely dead.
OLD_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class _GpuAnswer:
    """What NVML last answered, and when it was asked."""

    at_seconds: float
    gpus: tuple[GpuReading, ...]
    problem: str | None


class MemoryProbe:
    """Reads memory at about 1 Hz. ``read`` and ``close`` are for one worker thread; neither waits for a dead driver.

    ``engine_process_id`` is asked at each reading, as the engine process may be replaced; None: there is none.
    ``engine_memory``: what torch tells of its devices (``Engine.memory``), which never waits.
    """

    def __init__(
        self,
        engine_process_id: Callable[[], int | None],
        clock: Callable[[], float] = time.monotonic,
        patience_seconds: float = 0.5,
        engine_memory: Callable[[], EngineMemory] = EngineMemory,
    ) -> None:
        self._engine_process_id = engine_process_id
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._engine_memory = engine_memory
        self._names = ProcessNames()
        self._host = HostReader()
        self._nvml = NvmlReader()
        self._answer: _GpuAnswer | None = None
        self._asking: threading.Thread | None = None

    def read(self) -> MemoryReading:
        """Host and GPUs now; or, where NVML does not answer, the host now and the GPUs as they last were.

        ``at_seconds`` is the time of what is oldest in it: its distance from the clock is the reading's age. A GPU
        whose reading is older than ``OLD_SECONDS`` says so in its ``problem``.
        """
        now, process_id = self._clock(), self._engine_process_id()
        host = self._host.read(process_id)
        self._ask(now, process_id)
        answer = self._answer
        if answer is None:
            answer = _GpuAnswer(now, (), "the NVIDIA driver has not answered yet")
        age_seconds = self._clock() - answer.at_seconds
        gpus = answer.gpus if age_seconds < OLD_SECONDS else _as_old(answer.gpus, age_seconds)
        gpus = self._names.named(joined(gpus, self._engine_memory()))
        return MemoryReading(answer.at_seconds, gpus, host, answer.problem)

    def close(self) -> None:
        """Let NVML go, unless it hangs: then the end of the process does. Idempotent."""
        if not self._hangs():
            self._nvml.close()

    def _ask(self, now: float, process_id: int | None) -> None:
        """Ask NVML, unless it has not answered the last question yet, and wait a little for its answer."""
        if self._hangs():
            return
        self._asking = threading.Thread(target=self._ask_nvml, args=(now, process_id), name="nvml", daemon=True)
        self._asking.start()
        self._asking.join(self._patience_seconds)

    def _ask_nvml(self, now: float, process_id: int | None) -> None:
        """In the NVML thread. One attribute is set, whole, at the end: no lock is needed."""
        gpus = self._nvml.read(process_id)
        self._answer = _GpuAnswer(now, gpus, self._nvml.problem)

    def _hangs(self) -> bool:
        return self._asking is not None and self._asking.is_alive()


def _as_old(gpus: tuple[GpuReading, ...], age_seconds: float) -> tuple[GpuReading, ...]:
    problem = f"no answer from the NVIDIA driver for {age_seconds:.0f} s"
    return tuple(replace(gpu, problem=problem) for gpu in gpus)
