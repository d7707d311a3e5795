"""One engine process and the pipes to it: starting it, sending, receiving, ending it. Knows no operations.

A reader thread turns lines into messages on a queue; whoever drives the engine waits on that queue, so another thread
can wake it. The thread ends with the process.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, BinaryIO

from quanttui.engine.codec import MEMORY, CodecError, Message, decode_message, encode_message
from quanttui.errors import EngineDiedError
from quanttui.records import EngineMemory
from quanttui.text import safe_line

_LOG_LIMIT_BYTES = 1_000_000
_LOG_TAIL_BYTES = 16_000
_LOG_TAIL_LINES = 6
_CRASH_MARK = "Current thread 0x"  # faulthandler: the thread that crashed, innermost frame first
_TERMINATE_GRACE_SECONDS = 1.0
_SIGNAL_CAUSES = {
    signal.SIGKILL: "was killed (SIGKILL), most likely by the out-of-memory killer",
    signal.SIGTERM: "was terminated (SIGTERM)",
    signal.SIGSEGV: "crashed (SIGSEGV, a fault in native code)",
    signal.SIGABRT: "aborted (SIGABRT, a fault in native code)",
    signal.SIGILL: "crashed (SIGILL: native code uses instructions that this processor lacks)",
    signal.SIGBUS: "crashed (SIGBUS: a file it had mapped was cut short, or shared memory is full)",
}


class Woken:
    """Taken from the queue when another thread called ``Connection.wake``."""


class Ended:
    """Taken from the queue when the process has closed its pipe; ``garbage`` is what it wrote instead of a message."""

    def __init__(self, garbage: str | None = None) -> None:
        self.garbage = garbage


class Connection:
    """A running engine process. ``send`` and ``receive`` belong to one thread at a time, ``wake`` to any."""

    def __init__(self, spec: str, log_path: Path | None, environment: Mapping[str, str]) -> None:
        self._log_path = log_path
        self._log = _open_log(log_path)
        self._log_start = os.fstat(self._log.fileno()).st_size
        self._queue: queue.SimpleQueue[Message | Woken | Ended] = queue.SimpleQueue()
        self._write_lock = threading.Lock()
        self.memory = EngineMemory()
        """What the process last said of its devices."""
        self._memory_asked = False
        receiving, sending = os.pipe()
        try:
            self.process = _spawn(spec, sending, self._log, environment)
        except OSError as error:
            os.close(receiving)
            self._log.close()
            raise EngineDiedError(f"the engine process cannot be started: {error}", _hint(log_path, "")) from error
        finally:
            os.close(sending)
        self._reader = threading.Thread(
            target=self._read, args=(os.fdopen(receiving, "rb"),), name="engine-reader", daemon=True
        )
        self._reader.start()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def send(self, message: Message) -> None:
        """Without effect on a process that is gone: ``receive`` tells."""
        assert self.process.stdin is not None
        line = encode_message(message)
        with self._write_lock:
            if self.process.stdin.closed:
                return
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(line)
                self.process.stdin.flush()

    def receive(self, timeout_seconds: float | None) -> Message | Woken | Ended | None:
        """What comes next; None where nothing came in time."""
        try:
            return self._queue.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def ask_memory(self) -> None:
        """From any thread. One question at a time: a process that does not answer must not have its pipe filled."""
        if not self._memory_asked:
            self._memory_asked = True
            self.send(Message(0, MEMORY))

    def wake(self) -> None:
        self._queue.put(Woken())

    def end(self, grace_seconds: float = 0.0) -> int:
        """End the process and give back all it took; returns its exit status. Idempotent.

        End-of-file asks it to end; terminate and kill follow where it does not within ``grace_seconds``.
        """
        with self._write_lock:
            _close_pipe(self.process.stdin)
        for force in (None, self.process.terminate, self.process.kill):
            if force is not None:
                force()
            try:
                self.process.wait(grace_seconds if force is None else _TERMINATE_GRACE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        self._reader.join(_TERMINATE_GRACE_SECONDS)
        status = self.process.wait()
        self._queue.put(Ended())  # for a thread that waits on, though another has ended the process
        return status

    def release_log(self) -> None:
        self._log.close()

    def death(self, ended: Ended) -> EngineDiedError:
        """Why the process is gone. Ends it where it is not (it closed its pipe, or wrote what is no message)."""
        status = self.end(grace_seconds=_TERMINATE_GRACE_SECONDS if ended.garbage is None else 0.0)
        lines = self._log_tail()
        if ended.garbage is not None:
            cause = f"wrote what is no message: {safe_line(ended.garbage)}"
        elif status < 0:
            cause = _SIGNAL_CAUSES.get(signal.Signals(-status), f"ended by {signal.Signals(-status).name}")
        else:
            cause = f"ended with exit code {status}" + (f": {lines[-1]}" if lines else "")
        return EngineDiedError(f"the engine process {cause}", _hint(self._log_path, "\n".join(lines)))

    def _read(self, pipe: BinaryIO) -> None:
        ended = Ended()
        with pipe:
            for line in pipe:
                try:
                    self._take(decode_message(line))
                except CodecError as error:
                    ended = Ended(f"{line[:80]!r} ({error})")
                    break
        self._queue.put(ended)

    def _take(self, message: Message) -> None:
        if message.kind == MEMORY:
            self.memory, self._memory_asked = message.body, False
        else:
            self._queue.put(message)

    def _log_tail(self) -> list[str]:
        """The last lines that this process wrote, or where its crash begins; safe to show."""
        if self._log.closed:
            return []
        descriptor = self._log.fileno()
        start = max(self._log_start, os.fstat(descriptor).st_size - _LOG_TAIL_BYTES)
        text = os.pread(descriptor, _LOG_TAIL_BYTES, start).decode("utf-8", "replace")
        lines = [safe_line(line) for line in text.splitlines() if line.strip()]
        crash = next((at for at, line in enumerate(lines) if line.startswith(_CRASH_MARK)), None)
        return lines[-_LOG_TAIL_LINES:] if crash is None else lines[crash : crash + _LOG_TAIL_LINES]


def _hint(log_path: Path | None, tail: str) -> str:
    where = f" Its log: {log_path}" if log_path else ""
    return "Run again: a fresh engine process starts." + where + (f"\nThe log ends with:\n{tail}" if tail else "")


def _open_log(path: Path | None) -> IO[bytes]:
    """The file that native code writes to: readable by its owner alone, started anew when it has grown large."""
    if path is None:
        return tempfile.TemporaryFile()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    if os.fstat(descriptor).st_size > _LOG_LIMIT_BYTES:
        os.ftruncate(descriptor, 0)
    return os.fdopen(descriptor, "a+b")


def _spawn(spec: str, sending: int, log: IO[bytes], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # -P: no module of the working directory is imported by accident; -u: the log is whole when the process is killed
    command = [sys.executable, "-P", "-u", "-X", "faulthandler", "-m", "quanttui.engine.child", spec, str(sending)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        pass_fds=(sending,),
        start_new_session=True,
        env=_environment(environment),
    )


def _environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The child's environment: it must find the same quanttui, also where that runs from a checkout."""
    environment = {**os.environ, **changes}
    root = str(Path(__file__).resolve().parents[2])
    if root not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    return environment


def _close_pipe(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(BrokenPipeError):
            pipe.close()
