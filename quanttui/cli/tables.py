"""The tables of the command's own output: what each variant costs, how it was loaded, how far it is from the
reference."""

from __future__ import annotations

from statistics import median_high

from rich.table import Table
from rich.text import Text

from quanttui.cli.page import plain_table
from quanttui.records import CandidateResult, CandidateSummary, LoadRecord, Output, Run
from quanttui.text import safe_line
from quanttui.units import (
    NOT_AVAILABLE,
    format_bytes,
    format_multiple,
    format_nats,
    format_option,
    format_percent,
    format_ratio,
    format_seconds,
)

_LISTED = 8


def cost_table(run: Run) -> Table:
    """One row a load, the reference's first. Speeds are means over the prompts; ratios are to the reference."""
    table = plain_table("variant", "weights", "", "peak", "", "load", "first token", "tok/s", "", "parts at token")
    for index, load in enumerate(run.loads):
        table.add_row(*_cost_row(run, index, load, run.loads[0] if index else None))
    return table


def _cost_row(run: Run, index: int, load: LoadRecord, reference: LoadRecord | None) -> list[Text | str]:
    outputs, speed = _outputs(run, index), _speed(run, index)
    return [
        Text(safe_line(str(load.report.variant))),
        format_bytes(load.report.parameter_bytes),
        _ratio(load.report.parameter_bytes, reference.report.parameter_bytes) if reference else "",
        format_bytes(_peak(load)),
        _ratio(_peak(load), _peak(reference)) if reference else "",
        format_seconds(load.report.load_seconds),
        format_seconds(_mean([output.time_to_first_token_seconds for output in outputs])),
        _rate(speed),
        _ratio(speed, _speed(run, 0)) if reference else "",
        _parts_at(run, index) if reference else "reference",
    ]


def option_table(run: Run) -> Table:
    """One row an option, one column a load; empty where a load does not know the option."""
    reports = [load.report for load in run.loads]
    table = plain_table("option", *(safe_line(str(report.variant)) for report in reports), left=range(len(reports) + 1))
    table.columns[0].no_wrap = True
    for column in table.columns:
        column.overflow = "fold"
    for name in dict.fromkeys(name for report in reports for name in report.options):
        values = (format_option(report.options[name]) if name in report.options else "" for report in reports)
        table.add_row(safe_line(name), *(Text(safe_line(value)) for value in values))
    return table


def divergence_table(run: Run) -> Table:
    """One row a candidate, pooled over the prompts. KL(reference‖candidate) in nats per token."""
    table = plain_table("variant", "tokens", "KL mean", "median", "p99", "× floor", "same top", "Δp", "ppl", "flips")
    table.columns[2].no_wrap = True
    for summary in run.summaries:
        table.add_row(*_divergence_row(summary))
    floor = run.summaries[0].divergence.noise_floor
    table.caption = (
        f"KL(reference‖candidate), nats per token; floor {format_nats(floor.mean)} ({safe_line(floor.kind)}); "
        "Δp: root mean square, percentage points; ppl: perplexity reference → candidate; flips: real + tie"
    )
    table.caption_justify = "left"
    return table


def _divergence_row(summary: CandidateSummary) -> list[Text | str]:
    divergence, kl = summary.divergence, summary.divergence.kl_divergence
    return [
        Text(safe_line(str(summary.variant))),
        str(divergence.tokens),
        _with_error(kl.mean, kl.standard_error),
        format_nats(kl.median),
        format_nats(kl.p99),
        format_multiple(divergence.noise_multiple),
        format_percent(divergence.same_top),
        f"{divergence.rms_delta_p:.2f}",
        f"{_perplexity(divergence.perplexity_reference)} → {_perplexity(divergence.perplexity_candidate)}",
        f"{divergence.real_flips} + {divergence.tie_flips}",
    ]


def _outputs(run: Run, index: int) -> list[Output]:
    """Of the variant loaded ``index``-th: the reference's are 0, the first candidate's are 1."""
    if index == 0:
        return [result.reference for result in run.prompts]
    return [candidate.output for candidate in _candidates(run, index)]


def _candidates(run: Run, index: int) -> list[CandidateResult]:
    """One a prompt, of the prompts that a run which ended early came to."""
    return [result.candidates[index - 1] for result in run.prompts if len(result.candidates) >= index]


def _speed(run: Run, index: int) -> float | None:
    return _mean([output.tokens_per_second for output in _outputs(run, index)])


def _parts_at(run: Run, index: int) -> str:
    """First divergences, prompt by prompt, counted from 1 as the screen counts; "=" where the texts are equal.

    Of many prompts the median of those that part, and how many do not.
    """
    found = [candidate.first_divergence for candidate in _candidates(run, index)]
    if len(found) > _LISTED:
        parted = [first + 1 for first in found if first is not None]
        middle = f"median {median_high(parted)}, " if parted else ""
        return f"{middle}{len(found) - len(parted)} ="
    return " ".join("=" if first is None else str(first + 1) for first in found)


def _peak(load: LoadRecord) -> int | None:
    return load.unload.peak_bytes if load.unload else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _ratio(value: float | None, reference: float | None) -> str:
    return format_ratio(value / reference if value is not None and reference else None)


def _perplexity(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.4g}"


def _rate(per_second: float | None) -> str:
    return NOT_AVAILABLE if per_second is None else f"{per_second:.1f}"


def _with_error(mean_nats: float, error_nats: float | None) -> str:
    return format_nats(mean_nats) if error_nats is None else f"{format_nats(mean_nats)} ± {format_nats(error_nats)}"
