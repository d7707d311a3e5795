"""What the history's threads tell its screens: facts in the past tense, with the question that they answer."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from quanttui.records import ModelEntry, RunRequest
from quanttui.records.history import RunKind, RunLine, StoredRun, StoredSweep
from quanttui.runs.comparing import RunComparison
from quanttui.tui.messages import Problem


@dataclass
class LinesRead(Message):
    """A page of the list. ``query``: the number of the question."""

    query: int
    page: int
    lines: tuple[RunLine, ...]


@dataclass
class LinesCounted(Message):
    """How many runs the filter finds."""

    query: int
    total: int


@dataclass
class RunRead(Message):
    """A run to preview."""

    stored: StoredRun


@dataclass
class RunOpened(Message):
    """A run to show as it was."""

    stored: StoredRun


@dataclass
class RunToRepeat(Message):
    """A run to run again."""

    stored: StoredRun


@dataclass
class RunsCompared(Message):
    """What two runs have in common and what not."""

    comparison: RunComparison
    first: StoredRun | StoredSweep
    second: StoredRun | StoredSweep


@dataclass
class ExportPrepared(Message):
    """Runs to export, all of one kind."""

    run_ids: tuple[str, ...]
    kind: RunKind


@dataclass
class RunsDeleted(Message):
    """So many are gone."""

    run_ids: tuple[str, ...]


@dataclass
class AgainPrepared(Message):
    """A stored request's model was found."""

    request: RunRequest
    model: ModelEntry


@dataclass
class AgainRefused(Message):
    """A stored request cannot be run here and now."""

    problem: Problem


@dataclass
class HistoryUnreadable(Message):
    """The list cannot be had."""

    problem: Problem


@dataclass
class HistoryRefused(Message):
    """What was asked of single runs cannot be done; the list stands."""

    problem: Problem
