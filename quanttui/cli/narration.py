"""What the command tells while it works: one line on stderr that says what is waited for. Never on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from quanttui.cli.streams import is_terminal, wants_colour
from quanttui.records import Plan, Variant
from quanttui.records.events import (
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    PromptPrepared,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    ScoreProgressed,
    TokenGenerated,
)
from quanttui.text import safe_line

_STOP = "Ctrl-C stops"


class Narrator:
    """Says nothing. What a pipe, a log file and ``--quiet`` get."""

    def tell(self, event: RunEvent) -> None:
        """Take notice of ``event``."""

    def wait_for(self, what: str, total: int | None = None) -> None:
        """Say what is waited for from now on, ``total`` steps long where that is known."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Say what goes on, and how far the whole is; ``total`` 0: not known."""


class TerminalNarrator(Narrator):
    """One line that changes, or one of each model that is worked on at the same time; gone when the work is done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("Starting", total=None)
        self._lanes: dict[Variant, TaskID] = {}
        self._is_parallel = False
        self._prompts = 0
        self._max_new_tokens = 0

    def wait_for(self, what: str, total: int | None = None) -> None:
        self._wait(self._task, what, total)

    def tell(self, event: RunEvent) -> None:
        if isinstance(event, RunStarted):
            self._prompts = len(event.request.prompts)
            self._max_new_tokens = event.request.generation.max_new_tokens
            self._is_parallel = event.request.plan is Plan.PARALLEL
        elif not isinstance(event, RunFinished | RunFailed):
            self._tell_of(event, self._line_of(event.variant))

    def _tell_of(self, event: RunEvent, line: TaskID) -> None:
        match event:
            case LoadStarted(variant=variant):
                self._wait(line, f"Loading {variant}")
            case LoadProgressed(progress=progress):
                self._step(line, progress.done, progress.total, f"Loading {event.variant}: {progress.stage}")
            case ModelLoaded(variant=variant):
                self._wait(line, f"{variant}: reading the prompt")
            case PromptPrepared(variant=variant, prompt=prompt):
                self._wait(line, f"Generating {self._title(variant, prompt)}", self._max_new_tokens)
            case TokenGenerated(token=token):
                self._step(line, token.index + 1, self._max_new_tokens)
            case OutputFinished(variant=variant, prompt=prompt):
                self._wait(line, f"Finishing {self._title(variant, prompt)}")
            case ScoreProgressed(progress=score):
                what = f"Scoring {self._title(event.variant, event.prompt)}"
                self._step(line, score.done_tokens, score.total_tokens, what)
            case ModelUnloaded(variant=variant) if self._is_parallel:
                self._progress.remove_task(self._lanes.pop(variant))

    def progress(self, what: str, done: int, total: int) -> None:
        self._step(self._task, done, total, what)

    def _line_of(self, variant: Variant) -> TaskID:
        if not self._is_parallel:
            return self._task
        if variant not in self._lanes:
            self._progress.update(self._task, visible=False)
            self._lanes[variant] = self._progress.add_task("", total=None)
        return self._lanes[variant]

    def _wait(self, line: TaskID, what: str, total: int | None = None) -> None:
        self._progress.reset(line, description=safe_line(what), total=total)

    def _step(self, line: TaskID, done: int, total: int, what: str | None = None) -> None:
        description = None if what is None else safe_line(what)
        self._progress.update(line, completed=done, total=total or None, description=description)

    def _title(self, variant: Variant, prompt: int) -> str:
        return f"{variant}, prompt {prompt + 1} of {self._prompts}"


@contextmanager
def narration(quiet: bool) -> Iterator[Narrator]:
    """A narrator for stderr as it is: moving on a terminal, silent elsewhere and where ``quiet``."""
    if quiet or not is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield Narrator()
        return
    console = Console(stderr=True, color_system="auto" if wants_colour(sys.stderr, os.environ) else None)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn(_STOP, markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield TerminalNarrator(progress)
