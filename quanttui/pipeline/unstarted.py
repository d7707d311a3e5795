"""What the history has of a run whose engine never came up: what was asked for, and that nothing is known of where it
would have run."""

from __future__ import annotations

from quanttui.records import EngineDescription, RunRequest, SweepRequest, Variant
from quanttui.records.events import RunFailed, RunStarted
from quanttui.records.sweep_events import SweepFailed, SweepStarted
from quanttui.variants import default_reference

NOWHERE = EngineDescription("not known", "not known", 0, {}, 0)
_FAILED = 1


def is_worth_keeping(failed: RunFailed | SweepFailed) -> bool:
    """What was asked wrongly, or stopped before it began, is no run."""
    return failed.exit_code == _FAILED


def unstarted_run(request: RunRequest) -> RunStarted:
    return RunStarted(request, NOWHERE, _reference(request))


def unstarted_sweep(request: SweepRequest) -> SweepStarted:
    return SweepStarted(request, NOWHERE, _reference(request))


def _reference(request: RunRequest | SweepRequest) -> Variant:
    return request.reference or default_reference(request.model.dtype, "cpu")
