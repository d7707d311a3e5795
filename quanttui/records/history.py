"""What the history keeps besides a run itself: where it came from, how it stands, and one line of it for lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quanttui.records.divergence import VerdictLevel
from quanttui.records.run import Run
from quanttui.records.sweep_run import Sweep


class RunState(StrEnum):
    """``CUT_OFF``: the process that recorded it is gone and never told how it ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CUT_OFF = "cut off"


RESUMABLE = (RunState.CUT_OFF, RunState.CANCELLED, RunState.FAILED)
"""Of a sweep, the states from which it can be taken up again."""


class RunKind(StrEnum):
    COMPARE = "compare"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """Where a run was made. ``interface``: "screen" or "command".

    ``weights_header_sha256``: of the model's safetensors headers and index, None where they cannot be read.
    ``rerun_of``: the id of the run that this one repeats.
    """

    quanttui_version: str
    interface: str
    weights_header_sha256: str | None = None
    rerun_of: str | None = None


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """One candidate in a list, pooled over the prompts (of a sweep with text: over the text); errors are None where
    too few tokens tell them."""

    variant: str
    kl_mean: float
    kl_standard_error: float | None
    same_top: float
    verdict: VerdictLevel


@dataclass(frozen=True, slots=True)
class SweepLine:
    """What a sweep's line tells more: how far it has come, and its answer so far.

    ``recommended``: the variant that the verdict names, None where none keeps every limit or nothing is known yet.
    """

    cells_done: int = 0
    cells_total: int = 0
    recommended: str | None = None


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in one line of a list. Texts are raw; times are seconds since the epoch.

    ``prompt``: the beginning of the first one, of ``prompts``; of a sweep, in words what was swept.
    ``ended_seconds``: None while it goes on; the last sign of life where it was cut off. ``figures``: of the candidates
    that were measured, once the run is done; of a sweep, so far. ``sweep``: None where it is none.
    """

    run_id: str
    state: RunState
    started_seconds: float
    ended_seconds: float | None
    model_id: str
    revision: str | None
    reference: str
    candidates: tuple[str, ...]
    prompt: str
    prompts: int
    device_name: str
    figures: tuple[CandidateLine, ...] = ()
    failure: str | None = None
    kind: RunKind = RunKind.COMPARE
    sweep: SweepLine | None = None


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as it was, with its line and its origin.

    ``hint`` and ``exit_code`` are those that it ended with; the code is None while it goes on or where it was cut off.
    """

    line: RunLine
    origin: RunOrigin
    run: Run
    hint: str = ""
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class SweepMark:
    """How much of a stored sweep was read: all that was written until ``changes``, since it was begun or taken up the
    ``times``-th time."""

    times: int
    changes: int


@dataclass(frozen=True, slots=True)
class StoredSweep:
    """A sweep as far as the history has it, as ``StoredRun`` for the rest. What is newer is asked for with ``mark``."""

    line: RunLine
    origin: RunOrigin
    sweep: Sweep
    mark: SweepMark
    hint: str = ""
    exit_code: int | None = None
