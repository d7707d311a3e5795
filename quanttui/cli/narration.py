"""What the command tells while it works: one line on stderr that says what is waited for. Never on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from quanttui.cli.streams import is_terminal, wants_colour
from quanttui.records import Variant
from quanttui.records.events import (
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    OutputFinished,
    PromptPrepared,
    RunEvent,
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
    """One line that changes, gone when the work is done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("Starting", total=None)
        self._prompts = 0
        self._max_new_tokens = 0

    def wait_for(self, what: str, total: int | None = None) -> None:
        self._progress.reset(self._task, description=safe_line(what), total=total)

    def tell(self, event: RunEvent) -> None:
        match event:
            case RunStarted(request=request):
                self._prompts = len(request.prompts)
                self._max_new_tokens = request.generation.max_new_tokens
            case LoadStarted(variant=variant):
                self.wait_for(f"Loading {variant}")
            case LoadProgressed(progress=progress):
                self._step(progress.done, progress.total, f"Loading {event.variant}: {progress.stage}")
            case ModelLoaded(variant=variant):
                self.wait_for(f"{variant}: reading the prompt")
            case PromptPrepared(variant=variant, prompt=prompt):
                self.wait_for(f"Generating {self._title(variant, prompt)}", self._max_new_tokens)
            case TokenGenerated(token=token):
                self._step(token.index + 1, self._max_new_tokens)
            case OutputFinished(variant=variant, prompt=prompt):
                self.wait_for(f"Finishing {self._title(variant, prompt)}")
            case ScoreProgressed(progress=score):
                self._step(score.done_tokens, score.total_tokens, f"Scoring {self._title(event.variant, event.prompt)}")

    def progress(self, what: str, done: int, total: int) -> None:
        self._step(done, total, what)

    def _step(self, done: int, total: int, what: str | None = None) -> None:
        description = None if what is None else safe_line(what)
        self._progress.update(self._task, completed=done, total=total or None, description=description)

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
