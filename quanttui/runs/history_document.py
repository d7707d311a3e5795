"""Rows of the history, and what it knows of a run besides the run itself, as JSON. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from quanttui.records.history import RunLine, StoredRun
from quanttui.runs.command_line import repeat_command
from quanttui.runs.comparing import RunComparison
from quanttui.runs.document import Document, run_document


def line_document(line: RunLine) -> Document:
    """One row of a list. Times are ISO 8601 in UTC."""
    return {
        "run_id": line.run_id,
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
    }


def stored_document(stored: StoredRun, per_token: bool = False) -> Document:
    """The document that ``quanttui compare --json`` printed, and under ``history`` what only the history knows."""
    line, origin = stored.line, stored.origin
    history: dict[str, Any] = {
        "state": line.state.value,
        "started": iso_time(line.started_seconds),
        "ended": None if line.ended_seconds is None else iso_time(line.ended_seconds),
        "exit_code": stored.exit_code,
        "hint": stored.hint,
        **asdict(origin),
        "command": repeat_command(stored.run),
    }
    return run_document(stored.run, per_token=per_token) | {"history": history}


def comparison_document(comparison: RunComparison) -> Document:
    return {
        "schema_version": 1,
        "runs": [{"run_id": comparison.first_id}, {"run_id": comparison.second_id}],
        "settings": [asdict(difference) for difference in comparison.settings],
        "environment": [asdict(difference) for difference in comparison.environment],
        "cautions": list(comparison.cautions),
        "figures": [asdict(pair) | {"outcome": pair.outcome.value} for pair in comparison.figures],
    }


def iso_time(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
