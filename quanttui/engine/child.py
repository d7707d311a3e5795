"""The engine process: ``python -m quanttui.engine.child module:Class [FD]``. Knows the protocol, and no engine by name.

Commands come in on stdin, messages go out on descriptor FD; both are moved out of reach of native code first, and
descriptors 1 and 2 belong to the log. The main thread works; a reader thread takes commands, so that "cancel" is
heard, and "memory" answered, in mid-work. The engine is resumed for one event at a time, and is at most one event
ahead of what the client has done with ("next"). End-of-file on stdin ends the process. So does any exception that is
not a ``QuantTuiError``: its state is unknown.
"""

from __future__ import annotations

import importlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Generator
from typing import Any, BinaryIO

from quanttui.engine.base import Engine, LoadedModel
from quanttui.engine.codec import MEMORY, Message, decode_message, encode_message, wire_error
from quanttui.errors import QuantTuiError, UsageError

_EXIT_GRACE_SECONDS = 1.0
_CREDIT = 2  # events: the one that the client is at, and the next


class _Operation:
    """One call of the client. The reader thread sets its flags, the main thread acts on them."""

    def __init__(self, command: Message) -> None:
        self.command = command
        self.cancelled = False
        self.stopped = False
        self._credit = threading.Semaphore(_CREDIT)

    def wait_for_credit(self) -> None:
        self._credit.acquire()

    def grant(self) -> None:
        self._credit.release()

    def stop(self) -> None:
        self.stopped = True
        self._credit.release()


class _Child:
    def __init__(self, engine: Engine, commands: BinaryIO, messages: BinaryIO) -> None:
        self._engine = engine
        self._commands = commands
        self._messages = messages
        self._model: LoadedModel | None = None
        self._queue: queue.SimpleQueue[_Operation | None] = queue.SimpleQueue()
        self._operations: dict[int, _Operation] = {}
        self._running: _Operation | None = None
        self._finished = threading.Event()
        self._write_lock = threading.Lock()

    def serve(self) -> None:
        """Work until stdin ends."""
        threading.Thread(target=self._read_commands, name="engine-commands", daemon=True).start()
        while (operation := self._queue.get()) is not None:
            self._running = operation
            self._send(operation, *self._perform(operation))
            self._running = None
            del self._operations[operation.command.operation]
        self._engine.close()
        self._finished.set()

    def _read_commands(self) -> None:
        for line in self._commands:
            message = decode_message(line)
            if message.kind == MEMORY:
                self._write(Message(message.operation, MEMORY, self._engine.memory()))
            else:
                self._take(message)
        self._queue.put(None)
        if self._running is not None:
            self._running.stop()
        self._engine.cancel()
        self._finished.wait(_EXIT_GRACE_SECONDS)
        os._exit(0)

    def _take(self, message: Message) -> None:
        operation = self._operations.get(message.operation)
        if message.kind not in ("next", "cancel", "stop"):
            operation = self._operations[message.operation] = _Operation(message)
            self._queue.put(operation)
        elif operation is None:
            return  # it ended while this was on its way
        elif message.kind == "next":
            operation.grant()
        else:
            operation.cancelled = True
            if message.kind == "stop":
                operation.stop()
            if operation is self._running:
                self._engine.cancel()

    def _perform(self, operation: _Operation) -> tuple[str, Any]:
        try:
            return self._call(operation)
        except QuantTuiError as error:
            return "error", wire_error(error)

    def _call(self, operation: _Operation) -> tuple[str, Any]:
        command = operation.command
        match command.kind:
            case "describe":
                return "result", self._engine.describe()
            case "estimate":
                return "result", self._engine.estimate(command.body)
            case "encode":
                return "result", self._engine.encode(command.body)
            case "load":
                self._model = None
                kind, self._model = self._drive(operation, self._engine.load(command.body))
                return kind, self._model and self._model.report
            case "generate":
                return self._drive(operation, self._resident().generate(command.body))
            case "score":
                return self._drive(operation, self._resident().score(command.body))
            case "unload":
                model, self._model = self._resident(), None
                return "result", model.unload()
        raise UsageError(f"the engine process knows no command {command.kind!r}", "Install quanttui anew.")

    def _resident(self) -> LoadedModel:
        if self._model is None:
            raise UsageError("no model is loaded", "Load one first.")
        return self._model

    def _drive(self, operation: _Operation, work: Generator[Any, None, Any]) -> tuple[str, Any]:
        """Run ``work``, sending its events, until it returns or the client wants no more of it."""
        while True:
            operation.wait_for_credit()
            if operation.stopped:
                work.close()
                return "stopped", None
            if operation.cancelled:
                self._engine.cancel()  # again: the first may have come before the engine had begun
            try:
                event = next(work)
            except StopIteration as stop:
                return "result", stop.value
            self._send(operation, "event", event)

    def _send(self, operation: _Operation, kind: str, body: Any) -> None:
        self._write(Message(operation.command.operation, kind, body))

    def _write(self, message: Message) -> None:
        """From the main thread or the reader; a line is never torn."""
        line = encode_message(message)
        try:
            with self._write_lock:
                self._messages.write(line)
                self._messages.flush()
        except BrokenPipeError:
            os._exit(0)  # the client is gone


def _open_pipes(descriptor: int | None) -> tuple[BinaryIO, BinaryIO]:
    """stdin and the message pipe, where no library finds them; 0 reads nothing, 1 is the log."""
    commands = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if descriptor is None:
        descriptor = os.dup(1)
        os.dup2(2, 1)
    os.set_inheritable(descriptor, False)
    return commands, os.fdopen(descriptor, "wb")


def load_engine_class(spec: str) -> Any:
    """The class behind "module:Class"."""
    module, _, attribute = spec.partition(":")
    return getattr(importlib.import_module(module), attribute)


def main(arguments: list[str]) -> None:
    """Serve the engine named by ``arguments``. Nothing heavy is imported before the pipes are out of reach."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    commands, messages = _open_pipes(int(arguments[1]) if len(arguments) > 1 else None)
    _Child(load_engine_class(arguments[0])(), commands, messages).serve()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
