"""The host's memory and the engine process's share of it, as psutil tells them."""

from __future__ import annotations

import psutil

from quanttui.records import HostReading


class HostReader:
    """Reads the host. Keeps what CPU use is measured against: from one ``read`` to the next."""

    def __init__(self) -> None:
        self._engine: psutil.Process | None = None
        self._measured_before = False

    def read(self, engine_process_id: int | None = None) -> HostReading:
        """``cpu_percent`` is None the first time: there is nothing yet to measure from."""
        memory = psutil.virtual_memory()
        busy = psutil.cpu_percent(interval=None)
        measured_before, self._measured_before = self._measured_before, True
        return HostReading(
            total_bytes=memory.total,
            used_bytes=memory.used,
            available_bytes=memory.available,
            engine_bytes=self._resident_bytes(engine_process_id),
            cpu_percent=busy if measured_before else None,
        )

    def _resident_bytes(self, process_id: int | None) -> int | None:
        """None where there is no such process (any more). A process id that was given anew is not mistaken for it."""
        if process_id is None:
            return None
        try:
            if self._engine is None or self._engine.pid != process_id or not self._engine.is_running():
                self._engine = psutil.Process(process_id)
            if self._engine.status() == psutil.STATUS_ZOMBIE:
                return None
            resident: int = self._engine.memory_info().rss
        except (psutil.Error, ValueError):
            self._engine = None
            return None
        return resident
