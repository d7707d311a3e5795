"""The tables of a sweep in the command's own output: what each variant takes, how far it is, and where. Each fits 80
columns."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from quanttui.cli.page import plain_table
from quanttui.records import DivergenceSummary, SweepPart, SweepSnapshot, SweptVariant
from quanttui.runs.sweep_figures import categories_of, divergence_on, farthest_category
from quanttui.runs.sweep_words import floor_words, place_words, speed_words
from quanttui.text import safe_line
from quanttui.units import NOT_AVAILABLE, format_bytes, format_figure, format_multiple, format_ratio

_MOST_WITH_ERRORS = 4
_FEWEST_CATEGORIES = 2


def cost_table(snapshot: SweepSnapshot) -> Table:
    """One row a variant; the ratio is of weights to the reference's."""
    table = plain_table("variant", "weights", "", "peak", "tok/s", "", left=(0, 5))
    weights = {row.variant: row.parameter_bytes for row in snapshot.result.variants}
    reference = weights.get(snapshot.result.reference)
    for row in snapshot.result.variants:
        table.add_row(*_cost_row(snapshot, row, reference))
    return table


def _cost_row(snapshot: SweepSnapshot, row: SweptVariant, reference_bytes: int | None) -> list[Text | str]:
    is_reference = row.variant == snapshot.result.reference
    ratio = row.parameter_bytes / reference_bytes if row.parameter_bytes is not None and reference_bytes else None
    answer = row.variant == snapshot.result.verdict.recommended
    return [
        Text(safe_line(row.variant.spelling), "bold" if answer else ""),
        format_bytes(row.parameter_bytes),
        "" if is_reference else format_ratio(ratio),
        format_bytes(row.peak_bytes),
        speed_words(row),
        Text(place_words(snapshot, row), "bold" if answer else ""),
    ]


def divergence_table(snapshot: SweepSnapshot, part: SweepPart) -> Table | None:
    """One row a candidate that has been scored on ``part``; None where none has."""
    scored = [(row, found) for row in snapshot.result.variants if (found := divergence_on(row, part))]
    if not scored:
        return None
    table = plain_table("variant", "KL mean", "× floor", "same top", "ln ppl ratio")
    for row, divergence in scored:
        table.add_row(*_divergence_row(row, divergence))
    return table


def _divergence_row(row: SweptVariant, divergence: DivergenceSummary) -> list[Text | str]:
    kl = divergence.kl_divergence
    return [
        Text(safe_line(row.variant.spelling)),
        format_figure(kl.mean, kl.standard_error, "nats"),
        format_multiple(divergence.noise_multiple),
        format_figure(divergence.same_top, divergence.same_top_standard_error, "share"),
        ratio_words(divergence),
    ]


def divergence_note(snapshot: SweepSnapshot, part: SweepPart) -> str:
    """How many tokens stand behind the figures, and how far the reference is from itself on them; safe to show."""
    scored = [(row, found) for row in snapshot.result.variants if (found := divergence_on(row, part))]
    words = dict.fromkeys(floor_words(divergence) for _, divergence in scored)
    if len(words) > 1:
        words = dict.fromkeys(f"{row.variant}: {floor_words(divergence)}" for row, divergence in scored)
    return safe_line("; ".join(words))


def category_table(snapshot: SweepSnapshot) -> Table | None:
    """Mean KL of every candidate on each category of the prompts, the one where it is farthest marked with ▲; None
    where there are no two: the suite's table has it."""
    rows, categories = [row for row in snapshot.result.variants if row.by_category], categories_of(snapshot)
    if not rows or len(categories) < _FEWEST_CATEGORIES:
        return None
    table = plain_table("category", *(safe_line(row.variant.spelling) for row in rows))
    with_errors = len(rows) <= _MOST_WITH_ERRORS
    for category in categories:
        table.add_row(Text(safe_line(category)), *(_category_cell(row, category, with_errors) for row in rows))
    return table


def _category_cell(row: SweptVariant, category: str, with_errors: bool) -> str:
    means = {each.category: each.divergence.kl_divergence for each in row.by_category}
    if category not in means:
        return NOT_AVAILABLE
    kl = means[category]
    shown = format_figure(kl.mean, kl.standard_error if with_errors else None, "nats")
    return shown + (" ▲" if category == farthest_category(row) else "  ")


def ratio_words(divergence: DivergenceSummary) -> str:
    """Of perplexities, signed: above 0 the candidate is more surprised than the reference."""
    error = divergence.ln_perplexity_ratio_standard_error
    shown = format_figure(abs(divergence.ln_perplexity_ratio), error, "ln")
    return shown if shown == NOT_AVAILABLE else f"{'−' if divergence.ln_perplexity_ratio < 0 else '+'}{shown}"
