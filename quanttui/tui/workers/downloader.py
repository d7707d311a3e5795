"""Asks the hub and fetches from it off the UI thread, one model at a time. Knows no widget."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.message import Message

from quanttui.errors import CancelledError, QuantTuiError
from quanttui.records.download import DownloadPlan
from quanttui.tui.messages import DownloadAdvanced, DownloadEnded, DownloadPlanned, PlanFailed, Problem, problem_of
from quanttui.tui.services import DownloadRun, Hub
from quanttui.tui.workers.threads import start_thread

_LAST_WORDS_SECONDS = 1.0


class Downloader:
    """``plan`` is the body of a worker thread; the others may come from any. ``close`` leaves what has come in the
    cache, where the next download goes on."""

    def __init__(self, hub: Hub, post: Callable[[Message], object]) -> None:
        self._hub, self._post = hub, post
        self._run: DownloadRun | None = None
        self._thread: threading.Thread | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="quanttui-", ignore_cleanup_errors=True)

    def plan(self, model_id: str) -> None:
        """What a download would bring, and the model as its config.json and headers describe it."""
        try:
            planned = self._hub.plan(model_id)
            entry = self._hub.describe(model_id, Path(self._folder.name, planned.commit))
            self._post(DownloadPlanned(planned, entry))
        except QuantTuiError as error:
            self._post(PlanFailed(model_id, problem_of(error)))
        except OSError as error:
            self._post(PlanFailed(model_id, Problem("the model's config.json cannot be kept here", why=str(error))))

    @property
    def is_fetching(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, plan: DownloadPlan) -> None:
        self._run = self._hub.download(plan)
        self._thread = start_thread(partial(self._fetch, self._run, plan), "fetch")

    def cancel(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def close(self) -> None:
        self.cancel()
        if self._thread is not None:
            self._thread.join(_LAST_WORDS_SECONDS)
        self._folder.cleanup()

    def _fetch(self, run: DownloadRun, plan: DownloadPlan) -> None:
        """Whatever ends it is told."""
        problem: Problem | None = Problem("the download broke off", "Try again; it goes on from what is here.")
        try:
            for event in run.events():
                self._post(DownloadAdvanced(plan, event))
            problem = None
        except CancelledError:
            problem = None
        except QuantTuiError as error:
            problem = problem_of(error)
        finally:
            self._post(DownloadEnded(plan, problem))
