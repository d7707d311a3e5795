"""What a sweep's threads tell the screen: facts in the past tense."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from quanttui.records import Sweep, SweepRequest, SweepSnapshot
from quanttui.records.history import StoredSweep
from quanttui.tui.messages import Problem
from quanttui.tui.state.sweep_news import SweepNews


@dataclass
class SweepAdvanced(Message):
    """The sweep ``run_id`` of this process told something. Posted from its thread."""

    run_id: str
    news: SweepNews


@dataclass
class SweepUnkept(Message):
    """The sweep goes on, but the history does not take it any more. Posted from its thread."""

    run_id: str
    problem: Problem


@dataclass
class SweepOpened(Message):
    """A sweep of the history, to show."""

    stored: StoredSweep
    snapshot: SweepSnapshot


@dataclass
class SweepLooked(Message):
    """One that another process works on was looked at again; both None: it told nothing new."""

    stored: StoredSweep | None
    snapshot: SweepSnapshot | None


@dataclass
class SweepToRepeat(Message):
    """A stored sweep's request, to be made anew."""

    request: SweepRequest


@dataclass
class SweepFound(Message):
    """A sweep to start, its model as it lies here today; ``resumed``: all that an earlier process had of it."""

    request: SweepRequest
    resumed: Sweep | None = None
    snapshot: SweepSnapshot | None = None


@dataclass
class SweepToResume(Message):
    """A stored sweep can be taken up: all that it has, and its figures."""

    sweep: Sweep
    snapshot: SweepSnapshot


@dataclass
class SweepRefused(Message):
    """What was asked of a stored sweep cannot be done."""

    problem: Problem
