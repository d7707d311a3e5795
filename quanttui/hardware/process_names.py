"""Names of processes, where this user may see them. Knows psutil; remembers what it has looked up."""

from __future__ import annotations

from dataclasses import replace

import psutil

from quanttui.records import GpuProcess, GpuReading


class ProcessNames:
    """``named`` puts a name to each process. One thread at a time."""

    def __init__(self) -> None:
        self._names: dict[int, str | None] = {}

    def named(self, gpus: tuple[GpuReading, ...]) -> tuple[GpuReading, ...]:
        """``gpus`` with names; a process is looked up when it first appears, and forgotten with it."""
        present = {process.process_id for gpu in gpus for process in gpu.processes}
        self._names = {number: self._names.get(number) or _name(number) for number in present}
        return tuple(replace(gpu, processes=tuple(map(self._with_name, gpu.processes))) for gpu in gpus)

    def _with_name(self, process: GpuProcess) -> GpuProcess:
        return replace(process, name=self._names[process.process_id])


def _name(process_id: int) -> str | None:
    """The user and the program; the program alone where the user is not told. Not its arguments: they hold secrets."""
    try:
        process = psutil.Process(process_id)
        program = process.name()
    except (psutil.Error, ValueError):
        return None
    try:
        return f"{program} ({process.username()})"
    except (psutil.Error, KeyError):
        return program
