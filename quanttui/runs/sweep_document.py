"""A sweep as the one JSON document that ``quanttui sweep --json`` prints, schema version 1.

Pure: knows the records and the shape of the document; reads no clock, no environment and no file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from quanttui.records import (
    PairComparison,
    SweepPart,
    SweepProgress,
    SweepRequest,
    SweepSnapshot,
    SweepVerdict,
    SweptVariant,
    UnitsRead,
    Variant,
)
from quanttui.runs.divergence_document import divergence_document
from quanttui.runs.document import (
    Document,
    environment_document,
    finite_document,
    load_document,
    model_document,
)
from quanttui.runs.sweep_figures import divergence_on, identity_of, main_part, parts_of

SWEEP_SCHEMA_VERSION = 1
SCORED = "the second half of each window"


def sweep_document(snapshot: SweepSnapshot) -> Document:
    """``snapshot`` as plain dicts, lists, strings and finite numbers. Texts are raw; what is not known is null.

    ``divergence`` is on the text where text was swept, else on the suite; ``divergence_on`` says which.
    """
    request, result = snapshot.request, snapshot.result
    return finite_document(
        {
            "schema_version": SWEEP_SCHEMA_VERSION,
            "kind": "sweep",
            "run_id": request.run_id,
            "model": model_document(request.model, identity_of(snapshot)),
            "environment": environment_document(snapshot.environment),
            "reference": result.reference.spelling,
            "protocol": _protocol(request) | {"read": _read(snapshot.read)},
            "limits": asdict(result.limits),
            "divergence_on": main_part(request).value,
            "variants": [_variant(row, snapshot) for row in result.variants],
            "frontier": [variant.spelling for variant in result.frontier],
            "pairs": [_pair(pair) for pair in result.pairs],
            "verdict": _verdict(result.verdict),
            "progress": _progress(snapshot.progress),
            "loads": [load_document(load) for load in snapshot.loads],
            "notes": list(snapshot.notes),
            "failure": snapshot.failure,
        }
    )


def _protocol(request: SweepRequest) -> Document:
    """What was read and how, and where it ends early; null: not asked for."""
    asked, protocol = parts_of(request), request.protocol
    return {
        "text": _text(request) if SweepPart.TEXT in asked else None,
        "suite": _suite(request) if SweepPart.SUITE in asked else None,
        "speed": {"prompts": protocol.speed_prompts, "tokens": protocol.speed_tokens},
        "budget": asdict(request.budget),
    }


def _text(request: SweepRequest) -> Document:
    return {
        "context_length": request.protocol.context_length,
        "scored": SCORED,
        "texts": [{"name": text.name, "bytes": len(_encoded(text.text))} for text in request.texts],
    }


def _suite(request: SweepRequest) -> Document:
    return {
        "prompts": len(request.prompts),
        "categories": dict(Counter(prompt.category for prompt in request.prompts)),
        "generation": asdict(request.generation),
    }


def _read(read: UnitsRead | None) -> Document | None:
    """How much of it counts in the end; null: not known."""
    return {"prompts": read.prompts, "windows": read.windows} if read else None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _variant(row: SweptVariant, snapshot: SweepSnapshot) -> Document:
    def divergence(part: SweepPart) -> Document | None:
        found = divergence_on(row, part)
        return divergence_document(found) if found else None

    return {
        "variant": row.variant.spelling,
        "is_reference": row.variant == snapshot.result.reference,
        "parameter_bytes": row.parameter_bytes,
        "peak_bytes": row.peak_bytes,
        "needed_bytes": row.needed_bytes,
        "tokens_per_second": row.tokens_per_second,
        "tokens_per_second_standard_error": row.tokens_per_second_standard_error,
        "divergence": divergence(main_part(snapshot.request)),
        "text": divergence(SweepPart.TEXT),
        "suite": divergence(SweepPart.SUITE),
        "by_category": [
            {"category": each.category, "divergence": divergence_document(each.divergence)} for each in row.by_category
        ],
        "failed": row.failure,
    }


def _pair(pair: PairComparison) -> Document:
    """``kl`` and ``flips`` are the first's less the second's; p-values are corrected for all ``tests`` of the part."""
    return {
        "first": pair.first.spelling,
        "second": pair.second.spelling,
        "part": pair.part.value,
        "kl": asdict(pair.kl) | {"adjusted_p": pair.kl_adjusted_p},
        "flips": asdict(pair.flips) | {"adjusted_p": pair.flips_adjusted_p},
        "tests": pair.tests,
        "finding": pair.finding.value,
        "text": pair.text,
    }


def _verdict(verdict: SweepVerdict) -> Document:
    smallest = verdict.smallest_detectable
    return {
        "recommended": _name(verdict.recommended),
        "runner_up": _name(verdict.runner_up),
        "nearest": _name(verdict.nearest),
        "indistinguishable": [
            {"first": pair.first.spelling, "second": pair.second.spelling, "part": pair.part.value, "text": pair.text}
            for pair in verdict.indistinguishable
        ],
        "smallest_detectable": asdict(smallest) if smallest else None,
        "why": verdict.why,
        "changes": [{"variant": change.variant.spelling, "text": change.text} for change in verdict.changes],
    }


def _progress(progress: SweepProgress) -> Document:
    counted: dict[str, Any] = {
        name: getattr(progress, name)
        for name in ("cells_done", "cells_total", "tokens_done", "tokens_total", "elapsed_seconds")
    }
    return counted | {
        "by_variant": [
            {"variant": each.variant.spelling, "done": each.done, "total": each.total} for each in progress.by_variant
        ]
    }


def _name(variant: Variant | None) -> str | None:
    return variant.spelling if variant else None
