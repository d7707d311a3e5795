"""The tables of the command's own output: what each variant costs, how it was loaded, how far it is from the
reference."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_high

from rich.table import Table
from rich.text import Text

from quanttui.cli.page import plain_table
from quanttui.records import CandidateSummary, Plan, Run
from quanttui.runs.figures import VariantFigures, run_figures
from quanttui.text import safe_line
from quanttui.units import (
    NOT_AVAILABLE,
    format_bytes,
    format_figure,
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
    for figures in run_figures(run):
        table.add_row(*_cost_row(figures))
    if run.request.plan is Plan.PARALLEL:
        table.caption, table.caption_justify = "measured side by side: times and speeds share the machine", "left"
    return table


def _cost_row(figures: VariantFigures) -> list[Text | str]:
    def ratio(value: float | None) -> str:
        return "" if figures.is_reference else format_ratio(value)

    report, first, speed = figures.load.report, figures.first_token_seconds, figures.tokens_per_second
    return [
        Text(safe_line(str(figures.variant))),
        format_bytes(report.parameter_bytes),
        ratio(figures.parameter_ratio),
        format_bytes(figures.peak_bytes),
        ratio(figures.peak_ratio),
        format_seconds(report.load_seconds),
        format_seconds(first.mean if first else None),
        NOT_AVAILABLE if speed is None else f"{speed.mean:.1f}",
        ratio(figures.speed_ratio),
        "reference" if figures.is_reference else _parts_at(figures.first_divergences),
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
        format_figure(kl.mean, kl.standard_error, "nats"),
        format_nats(kl.median),
        format_nats(kl.p99),
        format_multiple(divergence.noise_multiple),
        format_percent(divergence.same_top),
        f"{divergence.rms_delta_p:.2f}",
        f"{_perplexity(divergence.perplexity_reference)} → {_perplexity(divergence.perplexity_candidate)}",
        f"{divergence.real_flips} + {divergence.tie_flips}",
    ]


def _parts_at(found: Sequence[int | None]) -> str:
    """First divergences, prompt by prompt, counted from 1 as the screen counts; "=" where the texts are equal.

    Of many prompts the median of those that part, and how many do not.
    """
    if len(found) > _LISTED:
        parted = [first + 1 for first in found if first is not None]
        middle = f"median {median_high(parted)}, " if parted else ""
        return f"{middle}{len(found) - len(parted)} ="
    return " ".join("=" if first is None else str(first + 1) for first in found)


def _perplexity(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.4g}"
