"""A run as the one JSON document that ``quanttui compare --json`` prints, schema version 1.

Pure: knows the records and the shape of the document; reads no clock, no environment and no file.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from quanttui import __version__
from quanttui.records import (
    CandidateResult,
    EngineDescription,
    LoadRecord,
    MemoryEstimate,
    ModelEntry,
    ModelIdentity,
    Output,
    PromptResult,
    Run,
    Variant,
)
from quanttui.runs.divergence_document import divergence_document, scoring_document, token_document

SCHEMA_VERSION = 1
_VERSIONS = ("python", "torch", "transformers", "bitsandbytes")

Document = dict[str, Any]
_Options = dict[Variant, dict[str, Any]]


def run_document(run: Run, per_token: bool = False) -> Document:
    """``run`` as plain dicts, lists, strings and finite numbers. Texts are raw; a figure that is not finite is null.

    ``per_token`` adds to each scored candidate a list with one object a token.
    """
    options: _Options = {load.report.variant: dict(load.report.options) for load in run.loads}
    document: Document = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run.request.run_id,
        "model": model_document(run.request.model, run.model),
        "environment": environment_document(run.environment),
        "plan": run.request.plan.value,
        "generation": asdict(run.request.generation),
        "prompts": [_prompt(result, options, per_token) for result in run.prompts],
        "loads": [load_document(load) for load in run.loads],
        "summary": [
            {"variant": summary.variant.spelling, **divergence_document(summary.divergence)}
            for summary in run.summaries
        ],
    }
    if run.failure is not None:
        document["failure"] = run.failure
    return finite_document(document)


def finite_document(document: Document) -> Document:
    """``document`` with tuples as lists and every float that JSON cannot say as None."""
    made: Document = _finite(document)
    return made


def document_text(document: Document) -> str:
    """``document`` as JSON text that is safe on a terminal: ASCII, every control character escaped, no NaN."""
    text = json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"  # DEL is the one control character that JSON leaves as it is


def model_document(entry: ModelEntry, identity: ModelIdentity | None) -> Document:
    known = asdict(identity) if identity else {"architecture": entry.architecture, "parameter_count": None}
    return {**known, "id": entry.id, "revision": entry.revision}


def environment_document(environment: EngineDescription) -> Document:
    return {
        "device": environment.device,
        "device_name": environment.device_name,
        "threads": environment.threads,
        **dict.fromkeys(_VERSIONS),
        "quanttui": __version__,
        **environment.versions,
    }


def _prompt(result: PromptResult, options: _Options, per_token: bool) -> Document:
    return {
        "text": result.text,
        "token_ids": list(result.reference.prompt_token_ids),
        "reference": _output(result.reference_variant, result.reference, options),
        "candidates": [_candidate(candidate, options, per_token) for candidate in result.candidates],
    }


def _output(variant: Variant, output: Output, options: _Options) -> Document:
    return {
        "variant": variant.spelling,
        "options": options.get(variant, {}),
        "text": output.text,
        "token_ids": list(output.token_ids),
        "finish_reason": output.finish_reason.value,
        "tokens_per_second": output.tokens_per_second,
        "time_to_first_token_seconds": output.time_to_first_token_seconds,
        "warm": output.warm,
    }


def _candidate(candidate: CandidateResult, options: _Options, per_token: bool) -> Document:
    document = {
        **_output(candidate.variant, candidate.output, options),
        "first_divergence": candidate.first_divergence,
        "diff": [
            {"op": span.op.value, "reference": list(span.reference), "candidate": list(span.candidate)}
            for span in candidate.diff
        ],
        "divergence": divergence_document(candidate.divergence) if candidate.divergence else None,
        "scoring": scoring_document(candidate.score) if candidate.score else None,
    }
    if per_token and candidate.score:
        document["per_token"] = [token_document(token) for token in candidate.score.tokens]
    return document


def load_document(load: LoadRecord) -> Document:
    return {
        "variant": load.report.variant.spelling,
        "options": dict(load.report.options),
        "device": load.report.device,
        "device_map": dict(load.report.device_map),
        "load_seconds": load.report.load_seconds,
        "parameter_bytes": load.report.parameter_bytes,
        "peak_bytes": load.unload.peak_bytes if load.unload else None,
        "predicted": _predicted(load.report.predicted),
        "notes": list(load.report.notes),
    }


def _predicted(estimate: MemoryEstimate | None) -> Document | None:
    """What was foretold before the load: its parts, and the sums that are measured."""
    if estimate is None:
        return None
    parts = {name: value for name, value in asdict(estimate).items() if name not in ("variant", "device")}
    return {**parts, "peak_bytes": estimate.peak_bytes, "needed_bytes": estimate.needed_bytes}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
