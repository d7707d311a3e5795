"""Rows of the history, and what it knows of a run besides the run itself, as JSON. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from quanttui.records import SweepSnapshot
from quanttui.records.history import RunLine, StoredRun, StoredSweep
from quanttui.runs.command_line import repeat_command, repeat_sweep
from quanttui.runs.comparing import RunComparison
from quanttui.runs.document import Document, run_document
from quanttui.runs.sweep_document import sweep_document


def line_document(line: RunLine) -> Document:
    """One row of a list. Times are ISO 8601 in UTC."""
    return {
        "run_id": line.run_id,
        "kind": line.kind.value,
        "state": line.state.value,
        "started": iso_time(line.started_seconds),
        "ended": None if line.ended_seconds is None else iso_time(line.ended_seconds),
        "model": line.model_id,
        "revision": line.revision,
        "reference": line.reference,
        "candidates": list(line.candidates),
        "prompt": line.prompt,
        "prompts": line.prompts,
        "device_name": line.device_name,
        "summary": [asdict(figure) | {"verdict": figure.verdict.value} for figure in line.figures],
        "failure": line.failure,
        "sweep": asdict(line.sweep) if line.sweep else None,
    }


def stored_document(stored: StoredRun, per_token: bool = False) -> Document:
    """The document that ``quanttui compare --json`` printed, and under ``history`` what only the history knows."""
    history = _history(stored) | {"command": repeat_command(stored.run)}
    return run_document(stored.run, per_token=per_token) | {"history": history}


def stored_sweep_document(stored: StoredSweep, snapshot: SweepSnapshot) -> Document:
    """The document that ``quanttui sweep --json`` printed, and what only the history knows. ``snapshot``: of it."""
    history = _history(stored) | {"command": repeat_sweep(stored.sweep.request, stored.sweep.reference)}
    return sweep_document(snapshot) | {"history": history}


def _history(stored: StoredRun | StoredSweep) -> Document:
    line = stored.line
    return {
        "state": line.state.value,
        "started": iso_time(line.started_seconds),
        "ended": None if line.ended_seconds is None else iso_time(line.ended_seconds),
        "exit_code": stored.exit_code,
        "hint": stored.hint,
        **asdict(stored.origin),
    }


def comparison_document(comparison: RunComparison) -> Document:
    return {
        "schema_version": 1,
        "runs": [{"run_id": comparison.first_id}, {"run_id": comparison.second_id}],
        "settings": [asdict(difference) for difference in comparison.settings],
        "environment": [asdict(difference) for difference in comparison.environment],
        "cautions": list(comparison.cautions),
        "answers": [asdict(difference) for difference in comparison.answers],
        "figures": [asdict(pair) | {"outcome": pair.outcome.value} for pair in comparison.figures],
    }


def iso_time(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
