"""The client of an engine process: an ``Engine`` whose work happens in a child. Knows the protocol and no engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from quanttui.engine.codec import Message, WireError, as_exception
from quanttui.engine.connection import Connection, Ended, Woken
from quanttui.errors import CancelledError, EngineDiedError, OutOfMemoryError, UsageError
from quanttui.records import (
    EncodedText,
    EncodeRequest,
    EngineDescription,
    EngineMemory,
    EstimateRequest,
    GenerateRequest,
    LoadProgress,
    LoadReport,
    LoadRequest,
    MemoryEstimate,
    Output,
    PromptEncoded,
    Score,
    ScoreProgress,
    ScoreRequest,
    Token,
    UnloadReport,
)

_RUN_AGAIN = "Run again: a fresh engine process starts."


@dataclass(slots=True, eq=False)
class _Operation:
    """A call under way. ``cancel_requested`` is set by any thread, all else by the one that drives.

    ``patience_seconds``: how much longer to wait for the child once it was asked to end; None before that.
    """

    number: int
    kind: str
    connection: Connection
    grace_seconds: float
    cancel_requested: bool = False
    patience_seconds: float | None = None
    over: bool = False


class EngineProcess:
    """Keeps ``Engine``, in a child process that is started when first needed and replaced when it has died.

    ``start`` begins that without waiting. ``cancel`` asks first; where the operation has not ended within
    ``cancel_grace_seconds`` (``load_cancel_grace_seconds`` for a load, whose steps are longer), the process is ended
    and the operation raises CancelledError. ``environment`` is added to the child's own; secrets go there.
    """

    def __init__(
        self,
        engine_spec: str = "quanttui.torch_engine.engine:TorchEngine",
        log_path: Path | str | None = None,
        *,
        cancel_grace_seconds: float = 2.0,
        load_cancel_grace_seconds: float = 10.0,
        close_grace_seconds: float = 0.5,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._spec = engine_spec
        self._log_path = Path(log_path) if log_path is not None else None
        self._grace_seconds = cancel_grace_seconds
        self._load_grace_seconds = load_cancel_grace_seconds
        self._close_grace_seconds = close_grace_seconds
        self._environment = dict(environment or {})
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._operation: _Operation | None = None
        self._numbers = 0
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """Of the running child; None while there is none."""
        connection = self._connection
        return connection.process.pid if connection is not None and connection.is_alive else None

    def start(self) -> None:
        """Start the child and let it warm up, without waiting for it."""
        self._connected()

    def describe(self) -> EngineDescription:
        operation = self._begin(self._connected(), "describe", None, self._load_grace_seconds)
        description: EngineDescription = self._result(operation)
        return description

    def estimate(self, request: EstimateRequest) -> MemoryEstimate:
        operation = self._begin(self._connected(), "estimate", request, self._load_grace_seconds)
        estimate: MemoryEstimate = self._result(operation)
        return estimate

    def encode(self, request: EncodeRequest) -> EncodedText:
        operation = self._begin(self._connected(), "encode", request, self._load_grace_seconds)
        encoded: EncodedText = self._result(operation)
        return encoded

    def load(self, request: LoadRequest) -> Generator[LoadProgress, None, ProcessModel]:
        connection = self._connected()
        operation = self._begin(connection, "load", request, self._load_grace_seconds)
        report: LoadReport = yield from self._events(operation)
        return ProcessModel(self, connection, report)

    def cancel(self) -> None:
        operation = self._operation
        if operation is not None and operation.kind != "unload":
            operation.cancel_requested = True
            operation.connection.wake()

    def memory(self) -> EngineMemory:
        """The last answer; asks for the next one."""
        connection = self._connection
        if connection is None or not connection.is_alive:
            return EngineMemory()
        connection.ask_memory()
        return connection.memory

    def close(self) -> None:
        self._closed = True
        connection = self._connection
        if connection is not None:
            self._drop(connection, self._close_grace_seconds)

    def holds(self, connection: Connection) -> bool:
        """Whether what was loaded over ``connection`` is still there."""
        return self._connection is connection and connection.is_alive

    def call_model(self, connection: Connection, kind: str, body: Any) -> Generator[Any, None, Any]:
        """Events and result of an operation on the loaded model."""
        if not self.holds(connection):
            raise EngineDiedError("the engine process that held this model is gone", _RUN_AGAIN)
        return (yield from self._events(self._begin(connection, kind, body, self._grace_seconds)))

    def unload_model(self, connection: Connection) -> UnloadReport:
        """Nothing is known of a model whose process is gone, but that it is gone too."""
        if not self.holds(connection):
            return UnloadReport(None, None)
        try:
            report: UnloadReport = self._result(self._begin(connection, "unload", None, self._load_grace_seconds))
        except (EngineDiedError, CancelledError):
            return UnloadReport(None, None)
        return report

    def _connected(self) -> Connection:
        """The child, a fresh one if need be. The one it replaces is gone before."""
        with self._lock:
            if self._closed:
                raise EngineDiedError("the engine was closed", "Open a new one.")
            if self._connection is not None and self._connection.is_alive:
                return self._connection
        if self._connection is not None:
            self._drop(self._connection)
        with self._lock:
            connection = self._connection = Connection(self._spec, self._log_path, self._environment)
        self._numbers += 1
        connection.send(Message(self._numbers, "describe"))  # warms it up; nobody waits for this answer
        return connection

    def _drop(self, connection: Connection, grace_seconds: float = 0.0) -> None:
        connection.end(grace_seconds)
        connection.release_log()
        with self._lock:
            if self._connection is connection:
                self._connection = None

    def _begin(self, connection: Connection, kind: str, body: Any, grace_seconds: float) -> _Operation:
        if self._operation is not None:
            self._stop(self._operation)
        self._numbers += 1
        operation = self._operation = _Operation(self._numbers, kind, connection, grace_seconds)
        connection.send(Message(operation.number, kind, body))
        return operation

    def _events(self, operation: _Operation) -> Generator[Any, None, Any]:
        """Each event as it comes; the child works on the next one meanwhile, and on no more than that.

        The child begins with credit for two, so it need not wait for this side to have read the one before.
        """
        try:
            while (message := self._receive(operation)).kind == "event":
                yield message.body
                self._pass_on_cancellation(operation)  # before "next": the child must not begin another one
                operation.connection.send(Message(operation.number, "next"))
            return self._body(operation, message)
        finally:
            self._stop(operation)

    def _result(self, operation: _Operation) -> Any:
        try:
            return self._body(operation, self._receive(operation))
        finally:
            self._stop(operation)

    def _body(self, operation: _Operation, message: Message) -> Any:
        """The result that ends an operation, or the error it ended with."""
        operation.over = True
        if not isinstance(message.body, WireError):
            return message.body
        error = as_exception(message.body)
        if isinstance(error, OutOfMemoryError):
            self._drop(operation.connection)  # what an allocator holds after that is anybody's guess
        raise error

    def _stop(self, operation: _Operation) -> None:
        """The caller wants no more of ``operation``: end it in the child too, so that the next finds it idle."""
        if self._operation is operation:
            self._operation = None
        if operation.over:
            return
        connection = operation.connection
        connection.send(Message(operation.number, "stop"))
        operation.patience_seconds = operation.grace_seconds
        try:
            while (message := self._receive(operation)).kind == "event":
                continue
        except (EngineDiedError, CancelledError):
            return
        finally:
            operation.over = True
        if operation.kind == "load" and message.kind == "result":
            self.unload_model(connection)  # it was loaded before it heard of the stop

    def _receive(self, operation: _Operation) -> Message:
        """The next message of ``operation``; those of earlier ones are dropped."""
        while not operation.over:
            self._pass_on_cancellation(operation)
            item = _wait(operation)
            if isinstance(item, Message) and item.operation == operation.number:
                return item
            if isinstance(item, Ended):
                self._fail(operation, item)
            if item is None:
                operation.over = True
                self._drop(operation.connection)
        raise CancelledError("stopped; the engine did not answer and was ended", _RUN_AGAIN)

    def _pass_on_cancellation(self, operation: _Operation) -> None:
        if operation.cancel_requested and operation.patience_seconds is None:
            operation.connection.send(Message(operation.number, "cancel"))
            operation.patience_seconds = operation.grace_seconds

    def _fail(self, operation: _Operation, ended: Ended) -> NoReturn:
        operation.over = True
        if self._closed:
            raise CancelledError("stopped: the engine was closed", "Open a new one.")
        death = operation.connection.death(ended)
        self._drop(operation.connection)
        if operation.cancel_requested:
            raise CancelledError("stopped; the engine process ended with it", _RUN_AGAIN) from death
        raise death


class ProcessModel:
    """Keeps ``LoadedModel`` for a model that lies in the child."""

    def __init__(self, engine: EngineProcess, connection: Connection, report: LoadReport) -> None:
        self.report = report
        self._engine = engine
        self._connection = connection
        self._unloaded: UnloadReport | None = None

    def generate(self, request: GenerateRequest) -> Generator[PromptEncoded | Token, None, Output]:
        output: Output = yield from self._call("generate", request)
        return output

    def score(self, request: ScoreRequest) -> Generator[ScoreProgress, None, Score | None]:
        score: Score | None = yield from self._call("score", request)
        return score

    def unload(self) -> UnloadReport:
        if self._unloaded is None:
            self._unloaded = self._engine.unload_model(self._connection)
        return self._unloaded

    def _call(self, kind: str, request: GenerateRequest | ScoreRequest) -> Generator[Any, None, Any]:
        if self._unloaded is not None:
            raise UsageError("this model was unloaded", "Load it again.")
        return (yield from self._engine.call_model(self._connection, kind, request))


def _wait(operation: _Operation) -> Message | Woken | Ended | None:
    """What comes next, None where patience is at an end. Only time spent waiting counts, not the caller's own."""
    started = time.monotonic()
    item = operation.connection.receive(operation.patience_seconds)
    if operation.patience_seconds is not None:
        operation.patience_seconds = max(0.0, operation.patience_seconds - (time.monotonic() - started))
    return item
