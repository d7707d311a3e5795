"""Engines that misbehave, to be loaded by an engine process: each in one way, everything else as scripted."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from quanttui.engine.scripted import Fault, ScriptedEngine, default_script, hostile_script
from quanttui.errors import OutOfMemoryError
from quanttui.records import DeviceMemory, EngineMemory, Variant

PROTOCOL_ARGUMENT = 2
FAULTY_TOKEN = 3


def _at_token(act: Callable[[], None]) -> Callable[[str, Variant, int], None]:
    def hold(stage: str, variant: Variant, index: int) -> None:
        if stage == "generate" and index == FAULTY_TOKEN:
            act()

    return hold


class Hostile(ScriptedEngine):
    """Says text that no terminal and no plain JSON takes."""

    def __init__(self) -> None:
        super().__init__(hostile_script())


class Noisy(ScriptedEngine):
    """Writes to descriptors 1 and 2 at every step, as native code does; reads stdin."""

    def __init__(self) -> None:
        super().__init__(hold=self._shout)

    def _shout(self, stage: str, variant: Variant, index: int) -> None:
        os.write(1, b'{"id":1,"kind":"result"}\n')
        os.write(2, b"bitsandbytes: a warning\n\x1b[31m")
        print("printed")
        assert sys.stdin.read() == ""


class Deaf(ScriptedEngine):
    """Hangs at a token and at a weight, and hears no cancellation."""

    def __init__(self) -> None:
        super().__init__(hold=self._hang)

    def _hang(self, stage: str, variant: Variant, index: int) -> None:
        if index == FAULTY_TOKEN and (stage == "generate" or variant.precision == "fp4"):
            threading.Event().wait()

    def cancel(self) -> None:
        return


class Clinging(ScriptedEngine):
    """Hangs when it is told that its work is not wanted any more."""

    @contextmanager
    def operation(self) -> Iterator[None]:
        try:
            with super().operation():
                yield
        except GeneratorExit:
            threading.Event().wait()


class Stubborn(Deaf):
    """Hangs and cannot be terminated either."""

    def __init__(self) -> None:
        super().__init__()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


class Heedless(ScriptedEngine):
    """Goes on for ever, in small steps, whatever it is told."""

    def __init__(self) -> None:
        super().__init__(default_script(token_delay_seconds=0.02))

    def cancel(self) -> None:
        return


class Garbled(ScriptedEngine):
    """Writes what is no message onto the protocol's own descriptor."""

    def __init__(self) -> None:
        super().__init__(hold=_at_token(lambda: self._babble()))

    def _babble(self) -> None:
        os.write(int(sys.argv[PROTOCOL_ARGUMENT]), b"\x1b[2Jnot a message\n")
        threading.Event().wait()


class Crashing(ScriptedEngine):
    """Reads address 0."""

    def __init__(self) -> None:
        super().__init__(hold=_at_token(lambda: ctypes.string_at(0)))


class Defective(ScriptedEngine):
    """Raises what no engine may raise."""

    def __init__(self) -> None:
        super().__init__(hold=_at_token(self._fail))

    def _fail(self) -> None:
        raise ZeroDivisionError("a defect\x1b[31m")


class Starved(ScriptedEngine):
    """Has no room for nf4."""

    def __init__(self) -> None:
        error = OutOfMemoryError("no room for nf4", "Choose a smaller model.")
        super().__init__(default_script(faults=(Fault("load", "nf4", 2, error, times=99),)))


class Unbuildable(ScriptedEngine):
    """Cannot even be made."""

    def __init__(self) -> None:
        raise RuntimeError("no driver here")


class Fussy(ScriptedEngine):
    """Runs no fp16."""

    def __init__(self) -> None:
        super().__init__(default_script(unsupported={"fp16": "no fp16 here"}))


class WithDevice(ScriptedEngine):
    """Has an accelerator to tell of."""

    def memory(self) -> EngineMemory:
        return EngineMemory((DeviceMemory("cuda:0", "GPU-1", "Fake", 3, 4, None, None),))
