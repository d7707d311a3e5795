"""What the report, the Markdown and the lists say alike of a sweep. Pure text, raw; who shows it makes it safe."""

from __future__ import annotations

from collections.abc import Iterator

from quanttui.records import (
    DivergenceSummary,
    PairComparison,
    SmallestDetectable,
    SweepLimits,
    SweepPart,
    SweepRequest,
    SweepSnapshot,
    SweptVariant,
    Variant,
)
from quanttui.records.history import RunLine, RunState, SweepLine
from quanttui.runs.words import counted, generation_words, swept_words
from quanttui.units import format_bytes, format_figure, format_nats, format_percent, format_seconds

PART_WORDS = {SweepPart.TEXT: "on the text", SweepPart.SUITE: "on the suite"}


def protocol_lines(snapshot: SweepSnapshot) -> Iterator[str]:
    """What was read, against what, and how; the rest stands in the sweep's notes."""
    request = snapshot.request
    if words := own_weights_words(snapshot):
        yield f"{words}."
    yield f"Read: {swept_words(request, snapshot.read)}."
    if request.prompts:
        yield f"Prompts: each with the reference's continuation ({generation_words(request.generation)})."
    protocol = request.protocol
    if protocol.speed_tokens and protocol.speed_prompts:
        yield (
            f"Speed: {protocol.speed_tokens} tokens decoded after each of "
            f"{counted(protocol.speed_prompts, 'prompt')}, one text at a time."
        )
    if budget := _budget_words(request):
        yield f"Budget: {budget}."
    yield f"Limits: {limits_words(request.limits)}."


def own_weights_words(snapshot: SweepSnapshot) -> str:
    """Of a model that was saved quantized; "" of any other."""
    saved, reference = snapshot.request.model.prequantized, snapshot.result.reference
    if saved is None or reference.precision.is_quantized:
        return ""
    return (
        f"Everything is measured against the model's own weights, dequantized to {reference}: it was saved as {saved}, "
        "and how far that is from the weights it was made from is not known"
    )


def against_words(snapshot: SweepSnapshot) -> str:
    """The reference in a heading."""
    dequantized = ", its own weights dequantized," if own_weights_words(snapshot) else ""
    return f"{snapshot.result.reference}{dequantized}"


def cost_notes(snapshot: SweepSnapshot) -> Iterator[str]:
    """What has to be known of what each variant takes."""
    if any(row.peak_bytes is not None and not row.peaks_compare for row in snapshot.result.variants):
        yield "Peaks on a CPU carry the libraries' own memory: variants are ranked by their weights"
    for row in snapshot.result.variants:
        if day := row.speed_measured_on:
            yield f"* The speed of {row.variant} is of an earlier sweep ({day}), not measured in this one"


def speed_words(row: SweptVariant) -> str:
    """Without its unit; * where it was not measured in this sweep."""
    shown = format_figure(row.tokens_per_second, row.tokens_per_second_standard_error, "tokens/s")
    return shown.removesuffix(" tok/s") + ("*" if row.speed_measured_on else "")


def _budget_words(request: SweepRequest) -> str:
    seconds, tokens = request.budget.seconds, request.budget.text_tokens
    words = [format_seconds(seconds)] if seconds is not None else []
    return ", ".join([*words, *([f"{tokens:,} scored tokens of text"] if tokens is not None else [])])


def limits_words(limits: SweepLimits) -> str:
    """What the recommended variant had to keep; "none"."""
    words = []
    if limits.memory_bytes is not None:
        words.append(f"at most {format_bytes(limits.memory_bytes)}")
    if limits.least_same_top is not None:
        words.append(f"same top at least {format_percent(limits.least_same_top)}")
    if limits.most_kl_nats is not None:
        words.append(f"KL at most {format_nats(limits.most_kl_nats)} nats")
    if limits.least_tokens_per_second is not None:
        words.append(f"at least {limits.least_tokens_per_second:g} tokens per second")
    return ", ".join(words) or "none"


def progress_words(snapshot: SweepSnapshot) -> str | None:
    """How much of it stands behind the figures; None where all does."""
    progress = snapshot.progress
    if progress.cells_done >= progress.cells_total:
        return None
    return f"{progress.cells_done:,} of {counted(progress.cells_total, 'cell')} were done: figures so far"


def place_words(snapshot: SweepSnapshot, row: SweptVariant) -> str:
    """What a variant is in the answer: ``recommended``, ``runner-up``, ``on the frontier``, ``failed``, …"""
    result, variant = snapshot.result, row.variant
    words = ["reference"] if variant == result.reference else []
    if row.failure is not None:
        words.append("failed")
    if variant == result.verdict.recommended:
        words.append("recommended")
    elif variant == result.verdict.runner_up:
        words = ["next: the reference"] if words == ["reference"] else [*words, "runner-up"]
    elif variant in result.frontier:
        words.append("on the frontier")
    return ", ".join(words)


def sweep_line_words(line: RunLine) -> str:
    """A sweep's line in a list: how far it is or what it recommends, and what it read."""
    told = line.sweep or SweepLine()
    words = ["sweep"]
    if line.state is not RunState.DONE and told.cells_total:
        words.append(f"{told.cells_done:,} of {told.cells_total:,} cells")
    if told.recommended is not None:
        words.append(f"{told.recommended} {'so far' if line.state is RunState.RUNNING else 'recommended'}")
    return " · ".join([*words, line.prompt])


def frontier_words(frontier: tuple[Variant, ...]) -> str:
    names = ", ".join(variant.spelling for variant in frontier) or "none yet"
    return f"Frontier, the smallest first (no other is shown to be both smaller and nearer): {names}."


def smallest_words(smallest: SmallestDetectable) -> str:
    """What this sweep could not have shown."""
    kl = "" if smallest.kl_nats is None else f"{format_nats(smallest.kl_nats)} nats of KL, "
    return (
        "The smallest difference between two variants that this sweep would have found (four times in five): "
        f"{kl}{100 * smallest.same_top:.2g} points of same top."
    )


def pair_lines(pairs: tuple[PairComparison, ...]) -> tuple[str, ...]:
    """Of pairs that were not told apart, and on what: the same two can stand there for the text and for the suite."""
    return tuple(f"{PART_WORDS[pair.part]}, {pair.text}" for pair in pairs)


def floor_words(divergence: DivergenceSummary) -> str:
    """``8,000 tokens, over 32 windows; noise floor 1.0e-4 (bf16 decode vs prefill)``."""
    floor = divergence.noise_floor
    return f"{divergence.tokens:,} tokens, {divergence.scope}; noise floor {format_nats(floor.mean)} ({floor.kind})"
