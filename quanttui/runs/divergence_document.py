"""The divergence part of the run document: a summary, and one scored token. Pure; knows records and names only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from quanttui.records import DivergenceSummary, Score, TokenScore


def divergence_document(summary: DivergenceSummary) -> dict[str, Any]:
    """``summary`` under the names of the document. Shares lie in [0, 1]; delta_p is in percentage points."""
    return {
        "tokens": summary.tokens,
        "scope": summary.scope,
        "kl_divergence": asdict(summary.kl_divergence),
        "same_top": summary.same_top,
        "same_top_standard_error": summary.same_top_standard_error,
        "delta_p_mean": summary.delta_p_mean,
        "rms_delta_p": summary.rms_delta_p,
        "perplexity_reference": summary.perplexity_reference,
        "perplexity_candidate": summary.perplexity_candidate,
        "ln_perplexity_ratio": summary.ln_perplexity_ratio,
        "ln_perplexity_ratio_standard_error": summary.ln_perplexity_ratio_standard_error,
        "flips": {"tie": summary.tie_flips, "real": summary.real_flips},
        "noise_floor": asdict(summary.noise_floor),
        "noise_multiple": summary.noise_multiple,
        "smallest_detectable_nats": summary.smallest_detectable_nats,
        "by_confidence": [asdict(bucket) for bucket in summary.by_confidence],
        "verdict": summary.verdict.text,
        "verdict_level": summary.verdict.level.value,
    }


def scoring_document(score: Score) -> dict[str, Any]:
    """How it was measured. int8's figures depend on the chunk: its outlier columns are taken over all of it."""
    return {
        "chunk_tokens": score.chunk_tokens,
        "windows": list(score.windows),
        "seconds": score.seconds,
        "notes": list(score.notes),
    }


def token_document(token: TokenScore) -> dict[str, Any]:
    """One scored token: every field of its record, and ``delta_p`` in percentage points."""
    return {**asdict(token), "flip": token.flip.value, "delta_p": 100 * token.delta_p}
