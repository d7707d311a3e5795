"""A run as two CSV tables: its variants, and its scored tokens. Figures in full, text defused for spreadsheets."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from quanttui.records import CandidateResult, Run, TokenScore
from quanttui.runs.figures import VariantFigures, run_figures
from quanttui.text import safe_text

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_VARIANT_COLUMNS = (
    "run_id", "model", "revision", "variant", "is_reference", "device", "parameter_bytes", "parameter_ratio",
    "peak_bytes", "load_seconds", "first_token_seconds", "tokens_per_second", "tokens_per_second_standard_error",
    "speed_ratio", "prompts", "first_divergences", "scored_tokens", "kl_divergence_mean",
    "kl_divergence_standard_error", "kl_divergence_p99", "noise_floor", "noise_multiple", "same_top",
    "same_top_standard_error", "rms_delta_p", "ln_perplexity_ratio", "tie_flips", "real_flips", "verdict",
)  # fmt: skip
_TOKEN_FIGURES = (
    "position", "token_id", "kl_divergence", "reference_probability", "candidate_probability", "reference_rank",
    "candidate_rank", "reference_entropy_nats", "reference_max_probability", "top_two_gap_nats", "noise_nats",
)  # fmt: skip
_TOKEN_COLUMNS = ("run_id", "variant", "prompt", "text", "flip", *_TOKEN_FIGURES)


def variants_csv(runs: Iterable[Run]) -> str:
    """One row a load, the reference's first. Empty: not measured. ``first_divergences``: one a prompt, "=" for none."""
    rows = (_variant_row(run, figures) for run in runs for figures in run_figures(run))
    return csv_text(_VARIANT_COLUMNS, rows)


def tokens_csv(runs: Iterable[Run]) -> str:
    """One row a scored token of each candidate; ``prompt`` counts from 1."""
    return csv_text(_TOKEN_COLUMNS, (row for run in runs for row in _token_rows(run)))


def _variant_row(run: Run, figures: VariantFigures) -> list[Any]:
    speed, first, report = figures.tokens_per_second, figures.first_token_seconds, figures.load.report
    return [
        run.request.run_id,
        run.request.model.id,
        run.request.model.revision,
        figures.variant.spelling,
        int(figures.is_reference),
        report.device,
        report.parameter_bytes,
        figures.parameter_ratio,
        figures.peak_bytes,
        report.load_seconds,
        first.mean if first else None,
        speed.mean if speed else None,
        speed.standard_error if speed else None,
        figures.speed_ratio,
        len(run.prompts),
        " ".join("=" if token is None else str(token) for token in figures.first_divergences),
        *_divergence_cells(figures),
    ]


def _divergence_cells(figures: VariantFigures) -> list[Any]:
    divergence = figures.divergence
    if divergence is None:
        return [None] * 13
    kl = divergence.kl_divergence
    return [
        divergence.tokens,
        kl.mean,
        kl.standard_error,
        kl.p99,
        divergence.noise_floor.mean,
        divergence.noise_multiple,
        divergence.same_top,
        divergence.same_top_standard_error,
        divergence.rms_delta_p,
        divergence.ln_perplexity_ratio,
        divergence.tie_flips,
        divergence.real_flips,
        divergence.verdict.text,
    ]


def _token_rows(run: Run) -> Iterator[list[Any]]:
    for prompt, result in enumerate(run.prompts):
        for candidate in result.candidates:
            for token in candidate.score.tokens if candidate.score else ():
                yield _token_row(run, prompt, candidate, token)


def _token_row(run: Run, prompt: int, candidate: CandidateResult, token: TokenScore) -> list[Any]:
    known = asdict(token)
    start = [run.request.run_id, candidate.variant.spelling, prompt + 1, token.text, token.flip.value]
    return [*start, *(known[name] for name in _TOKEN_FIGURES)]


def csv_text(columns: Sequence[str], rows: Iterable[list[Any]]) -> str:
    """RFC 4180: CRLF, quotes where needed."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Numbers as they are; a text that a spreadsheet would run gets an apostrophe (OWASP, "CSV injection")."""
    if isinstance(value, str):
        shown = safe_text(value)
        return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
