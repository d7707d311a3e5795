"""A sweep as a Markdown report to paste into an issue or an appendix: the answer first, then what it rests on. Pure;
untrusted text goes through ``markup``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quanttui.records import DivergenceSummary, SweepPart, SweepSnapshot, SweptVariant
from quanttui.runs.command_line import can_be_repeated_anywhere, repeat_sweep
from quanttui.runs.export import cells
from quanttui.runs.export.markdown import environment_rows, option_table
from quanttui.runs.export.markup import code, fenced, plain, table
from quanttui.runs.sweep_figures import categories_of, divergence_on, farthest_category, identity_of, parts_of
from quanttui.runs.sweep_words import (
    PART_WORDS,
    against_words,
    cost_notes,
    floor_words,
    frontier_words,
    pair_lines,
    place_words,
    progress_words,
    protocol_lines,
    smallest_words,
    speed_words,
)
from quanttui.units import NOT_AVAILABLE, format_bytes, format_count, format_nats, format_ratio


def sweep_report(snapshot: SweepSnapshot) -> str:
    """The whole sweep: answer, figures, categories, protocol, settings, environment, how to repeat it."""
    return "\n\n".join(_sections(snapshot)) + "\n"


def _sections(snapshot: SweepSnapshot) -> Iterator[str]:
    reference = plain(snapshot.result.reference.spelling)
    yield f"# {plain(snapshot.request.model.id)}: which precision? {reference} against its quantized variants"
    yield _about(snapshot)
    yield from _troubles(snapshot)
    yield from _answer(snapshot)
    yield "## What each variant takes"
    yield _cost_table(snapshot)
    yield from (f"{plain(note)}." for note in cost_notes(snapshot))
    for part in parts_of(snapshot.request):
        if rows := _scored(snapshot, part):
            yield f"## How far from {plain(against_words(snapshot))} {PART_WORDS[part]}"
            yield _divergence_table(rows)
    if len(categories_of(snapshot)) > 1 and any(row.by_category for row in snapshot.result.variants):
        yield "## Mean KL by category of the prompts"
        yield _category_table(snapshot)
    yield from _closing(snapshot)


def _about(snapshot: SweepSnapshot) -> str:
    entry, model = snapshot.request.model, identity_of(snapshot)
    parts = [code(model.architecture), f"{format_count(model.parameter_count)} parameters"] if model else []
    if entry.revision:
        parts.append(f"revision {code(entry.revision)}")
    return " · ".join([*parts, plain(snapshot.environment.device_name), f"sweep {code(snapshot.request.run_id)}"])


def _troubles(snapshot: SweepSnapshot) -> Iterator[str]:
    if snapshot.failure is not None:
        yield f"**This sweep did not end well:** {plain(snapshot.failure)}. What was measured until then follows."
    if words := progress_words(snapshot):
        yield f"**Not whole:** {plain(words)}."
    failed = [row for row in snapshot.result.variants if row.failure is not None]
    if failed:
        yield "\n".join(f"- {code(row.variant.spelling)} failed: {plain(row.failure or '')}" for row in failed)


def _answer(snapshot: SweepSnapshot) -> Iterator[str]:
    verdict = snapshot.result.verdict
    yield "## The answer"
    if verdict.recommended is not None:
        yield f"**{plain(verdict.recommended.spelling)}**"
    yield plain(verdict.why)
    yield plain(frontier_words(snapshot.result.frontier))
    yield from _listed("What would change it:", [change.text for change in verdict.changes])
    yield from _listed("Not told apart:", pair_lines(verdict.indistinguishable))
    if verdict.smallest_detectable is not None:
        yield plain(smallest_words(verdict.smallest_detectable))


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield "\n".join([title, "", *(f"- {plain(line)}" for line in lines)])


def _cost_table(snapshot: SweepSnapshot) -> str:
    weights = {row.variant: row.parameter_bytes for row in snapshot.result.variants}
    reference = weights.get(snapshot.result.reference)
    columns = ("variant", "", "weights", "peak memory", "tokens/s")
    return table(columns, (_cost_row(snapshot, row, reference) for row in snapshot.result.variants), left=2)


def _cost_row(snapshot: SweepSnapshot, row: SweptVariant, reference_bytes: int | None) -> list[str]:
    size = format_bytes(row.parameter_bytes)
    if row.parameter_bytes is not None and reference_bytes and row.variant != snapshot.result.reference:
        size += f" ({format_ratio(row.parameter_bytes / reference_bytes)})"
    place = plain(place_words(snapshot, row))
    return [code(row.variant.spelling), place, size, format_bytes(row.peak_bytes), plain(speed_words(row))]


def _scored(snapshot: SweepSnapshot, part: SweepPart) -> list[tuple[SweptVariant, DivergenceSummary]]:
    return [(row, found) for row in snapshot.result.variants if (found := divergence_on(row, part))]


def _divergence_table(rows: Sequence[tuple[SweptVariant, DivergenceSummary]]) -> str:
    columns = ("variant", "tokens", "KL mean", "median", "p99", "× noise floor", "same top", "ln ppl ratio", "flips")
    notes = dict.fromkeys(floor_words(divergence) for _, divergence in rows)
    note = (
        "KL(reference‖candidate) in nats per token ± standard error, both reading the same tokens; same top in % ± "
        f"standard error; flips: real + tie. {plain('; '.join(notes))}."
    )
    return table(columns, (_divergence_row(row, divergence) for row, divergence in rows)) + f"\n\n{note}"


def _divergence_row(row: SweptVariant, divergence: DivergenceSummary) -> list[str]:
    return [
        code(row.variant.spelling),
        cells.scored(divergence),
        cells.kl(divergence),
        format_nats(divergence.kl_divergence.median),
        format_nats(divergence.kl_divergence.p99),
        cells.floor_multiple(divergence),
        cells.same_top(divergence),
        cells.perplexity_ratio(divergence),
        cells.flips(divergence),
    ]


def _category_table(snapshot: SweepSnapshot) -> str:
    rows = [row for row in snapshot.result.variants if row.by_category]
    columns = ("category", *(code(row.variant.spelling) for row in rows))
    made = ([plain(name), *(_category_cell(row, name) for row in rows)] for name in categories_of(snapshot))
    marked = any(farthest_category(row) for row in rows)
    return table(columns, made) + ("\n\n**Bold**: where a variant is farthest from the reference." if marked else "")


def _category_cell(row: SweptVariant, category: str) -> str:
    found = next((each.divergence for each in row.by_category if each.category == category), None)
    if found is None:
        return NOT_AVAILABLE
    return f"**{cells.kl(found)}**" if category == farthest_category(row) else cells.kl(found)


def _closing(snapshot: SweepSnapshot) -> Iterator[str]:
    yield "## What was read, and how"
    yield "\n".join(f"- {plain(line)}" for line in (*protocol_lines(snapshot), *snapshot.notes))
    reports = [load.report for load in snapshot.loads]
    if reports:
        yield "## How each variant was loaded"
        yield option_table(list({report.variant: report for report in reports}.values()))
        notes = dict.fromkeys(note for report in reports for note in report.notes)
        if notes:
            yield "\n".join(f"- {plain(note)}" for note in notes)
    yield "## Environment"
    yield table(("", ""), environment_rows(snapshot.environment), left=2)
    yield "## To repeat it"
    if not can_be_repeated_anywhere(snapshot.request):
        yield "Where the history is in which it was kept:"
    yield fenced(repeat_sweep(snapshot.request, snapshot.result.reference), "sh")
