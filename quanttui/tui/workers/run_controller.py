"""Drives the engine from worker threads, one job at a time. Knows no widget: what happens goes out as messages."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from textual.message import Message

from quanttui.engine.base import Engine
from quanttui.errors import CancelledError, HistoryError, QuantTuiError
from quanttui.records import RunRequest, Sweep, SweepRequest, Variant
from quanttui.records.branch import BranchRequest
from quanttui.tui.messages import (
    BranchAdvanced,
    EngineFailed,
    EngineWarmed,
    ForetellingEnded,
    HistoryFailed,
    VariantsForetold,
    problem_of,
)
from quanttui.tui.state.fit_view import FitQuestion
from quanttui.tui.state.sweep_news import news_of
from quanttui.tui.sweep_runner import SweepRunner, run_sweep_here
from quanttui.tui.sweeping_messages import SweepAdvanced, SweepUnkept
from quanttui.tui.workers.batches import RunTeller

_LAST_WORDS_SECONDS = 1.0

if TYPE_CHECKING:
    from quanttui.pipeline.fitting import Foretold
    from quanttui.pipeline.recorded import StartRecording
    from quanttui.pipeline.recorded_sweep import StartSweepRecording


class RunController:
    """``warm_up``, ``run``, ``sweep``, ``branch`` and ``foretell`` are bodies of worker threads; the others may come
    from any other thread.

    Textual's ``exclusive`` does not stop an old thread, so the lock is what keeps two jobs from overlapping.
    """

    def __init__(
        self,
        engine: Engine,
        post: Callable[[Message], object],
        record: StartRecording | None = None,
        run_sweep: SweepRunner = run_sweep_here,
    ) -> None:
        self._engine = engine
        self._post = post
        self._record = record
        self._run_sweep = run_sweep
        self._lock = threading.Lock()
        self._runs_waiting: set[object] = set()
        self._question: FitQuestion | None = None
        self._stopped: set[str] = set()
        self._closed = threading.Event()

    def warm_up(self) -> None:
        with self._lock:
            if self._closed.is_set():
                return
            try:
                description = self._engine.describe()
                importlib.import_module("quanttui.pipeline.recorded")  # so that the first run need not
                self._post(EngineWarmed(description))
            except QuantTuiError as error:
                self._post(EngineFailed(problem_of(error)))

    def run(self, request: RunRequest, record: StartRecording | None = None) -> None:
        """Every event of the run as a message; the last one is always its end. ``record``: in place of the usual."""
        from quanttui.pipeline import run_comparison  # numpy behind it is not for the first paint to wait for
        from quanttui.pipeline.recorded import recorded

        with self._first():
            events = run_comparison(self._engine, request, lambda: self._is_stopped(request.run_id))
            teller = RunTeller(request.run_id, self._post)
            for event in recorded(events, record or self._record, self._say_unrecorded, request=request):
                teller.tell(event)

    def sweep(self, request: SweepRequest, resumed: Sweep | None, record: StartSweepRecording | None) -> None:
        """What the screen hears of the sweep, as messages; the last one is always its end."""
        from quanttui.pipeline.recorded_sweep import recorded_sweep

        def warn(error: HistoryError) -> None:
            self._post(SweepUnkept(request.run_id, problem_of(error)))

        with self._first():
            events = self._run_sweep(self._engine, request, lambda: self._is_stopped(request.run_id), resumed)
            for event in recorded_sweep(events, record, warn, None if resumed else request):
                if (news := news_of(event)) is not None:
                    self._post(SweepAdvanced(request.run_id, news))

    def branch(self, request: BranchRequest) -> None:
        """Every event of the branch as a message; the last one is always its end."""
        from quanttui.pipeline.branch import run_branch

        with self._first():
            for event in run_branch(self._engine, request, lambda: self._is_stopped(request.run_id)):
                self._post(BranchAdvanced(request.run_id, event))

    def ask(self, question: FitQuestion) -> None:
        """What is asked before it is not asked any more. Never blocks."""
        self._question = question

    def foretell(self, question: FitQuestion, variants: Sequence[Variant]) -> None:
        """What each of ``variants`` will take, one message each; gives way to a run and to another question."""
        done = 0
        for variant in variants:
            with self._lock:
                if self._closed.is_set() or self._runs_waiting or self._question is not question:
                    break
                told = self._foretell(question, variant)
            if told is None:
                break
            self._post(VariantsForetold(question, told))
            done += 1
        self._post(ForetellingEnded(question, is_whole=done == len(variants)))

    def _foretell(self, question: FitQuestion, variant: Variant) -> tuple[Foretold, ...] | None:
        """None: stopped on the way."""
        from quanttui.pipeline.fitting import Foretold, foretell

        try:
            return foretell(
                self._engine, question.model, [variant], question.reference_dtype, question.tokens, score=question.score
            )
        except CancelledError:
            return None
        except QuantTuiError as error:
            return (Foretold(variant, "", None, error.message),)

    @contextmanager
    def _first(self) -> Iterator[None]:
        """Alone with the engine, before whatever is only foretold."""
        place = object()
        self._runs_waiting.add(place)
        with self._lock:
            self._runs_waiting.discard(place)
            yield

    def forget_stop(self, run_id: str) -> None:
        """A sweep that was stopped is taken up under its id."""
        self._stopped.discard(run_id)

    def mark_stopped(self, run_id: str) -> None:
        """The run ends at its next event, even where the engine does not hear a cancellation. Never blocks."""
        self._stopped.add(run_id)

    def stop(self) -> None:
        """Tell the engine too: it may be in the middle of a long step. May block while the engine is stopped."""
        self._engine.cancel()

    def close(self) -> None:
        """No new work; what is under way ends, by force where it must."""
        self._closed.set()
        self._engine.cancel()
        self._engine.close()
        if self._lock.acquire(timeout=_LAST_WORDS_SECONDS):  # a job that ends may have something to keep
            self._lock.release()

    def _say_unrecorded(self, error: HistoryError) -> None:
        self._post(HistoryFailed(problem_of(error)))

    def _is_stopped(self, run_id: str) -> bool:
        return run_id in self._stopped or self._closed.is_set()
