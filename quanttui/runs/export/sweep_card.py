"""The quant card out of a sweep: what one variant costs, on text and by category, for a model's README. Pure.

Every figure comes with its error and its sample size, or says that it has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from quanttui.errors import UsageError
from quanttui.records import SweepSnapshot, SweptVariant, Variant
from quanttui.runs.command_line import repeat_sweep
from quanttui.runs.export import cells
from quanttui.runs.export.card import conditions, divergence_rows, meaning
from quanttui.runs.export.markup import fenced, plain, table
from quanttui.runs.sweep_figures import divergence_on, main_part, parts_of
from quanttui.runs.sweep_words import PART_WORDS, protocol_lines, speed_words
from quanttui.runs.words import counted
from quanttui.units import format_bytes, format_ratio


def sweep_card(snapshot: SweepSnapshot, variant: Variant) -> str:
    """Markdown for ``variant``. Raises UsageError where the sweep did not measure it."""
    rows = {row.variant: row for row in snapshot.result.variants}
    measured = [row.variant.spelling for row in rows.values() if divergence_on(row, main_part(snapshot.request))]
    if variant.spelling not in measured:
        raise UsageError(
            f"this sweep measured no {variant.spelling}", f"Measured candidates: {', '.join(measured) or 'none'}"
        )
    return "\n\n".join(_sections(snapshot, rows[snapshot.result.reference], rows[variant])) + "\n"


def _sections(snapshot: SweepSnapshot, reference: SweptVariant, ours: SweptVariant) -> Iterator[str]:
    name, against = plain(ours.variant.spelling), plain(reference.variant.spelling)
    yield f"## {plain(snapshot.request.model.id)} in {name}: what it costs"
    for part in parts_of(snapshot.request):
        if found := divergence_on(ours, part):
            yield f"> {plain(f'{PART_WORDS[part].capitalize()}: {found.verdict.text}')}"
    yield table(("", name, f"{against} (reference)", "sample"), _rows(snapshot, reference, ours))
    if len(ours.by_category) > 1:
        yield table(("KL by category", "nats per token", "tokens"), _category_rows(ours))
    main = divergence_on(ours, main_part(snapshot.request))
    assert main is not None
    yield meaning(against, main)
    yield plain(" ".join(protocol_lines(snapshot)))
    yield conditions(snapshot.request.model, snapshot.environment, "", snapshot.request.run_id)
    yield fenced(repeat_sweep(snapshot.request, snapshot.result.reference), "sh")


def _rows(snapshot: SweepSnapshot, reference: SweptVariant, ours: SweptVariant) -> Iterator[list[str]]:
    for part in parts_of(snapshot.request):
        if found := divergence_on(ours, part):
            yield from ([f"{row[0]}, {part}", *row[1:]] for row in divergence_rows(found))
    yield ["weights", _size(ours, reference), format_bytes(reference.parameter_bytes), "exact"]
    yield ["peak memory", format_bytes(ours.peak_bytes), format_bytes(reference.peak_bytes), "1 load"]
    prompts = counted(snapshot.request.protocol.speed_prompts, "prompt") if ours.tokens_per_second is not None else ""
    yield ["tokens per second", _speed(ours), _speed(reference), prompts]


def _category_rows(ours: SweptVariant) -> Iterator[list[str]]:
    for each in ours.by_category:
        yield [plain(each.category), cells.kl(each.divergence), f"{each.divergence.tokens:,}"]


def _size(ours: SweptVariant, reference: SweptVariant) -> str:
    shown = format_bytes(ours.parameter_bytes)
    if ours.parameter_bytes is None or not reference.parameter_bytes:
        return shown
    return f"{shown} ({format_ratio(ours.parameter_bytes / reference.parameter_bytes)})"


def _speed(row: SweptVariant) -> str:
    return speed_words(row).removesuffix("*") + (f" (of {row.speed_measured_on})" if row.speed_measured_on else "")
