"""The quant card: one page for a model repository's README. What a variant costs in fidelity, memory and speed. Pure.

Every figure comes with its error and its sample size, or says that it has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from quanttui import __version__
from quanttui.errors import UsageError
from quanttui.records import DivergenceSummary, EngineDescription, ModelEntry, Run, Variant
from quanttui.runs.command_line import repeat_command
from quanttui.runs.export import cells
from quanttui.runs.export.markup import code, fenced, plain, table
from quanttui.runs.figures import Estimate, VariantFigures, run_figures
from quanttui.runs.words import generation_words
from quanttui.units import NOT_AVAILABLE, format_bytes, format_figure, format_nats


def quant_card(run: Run, variant: Variant) -> str:
    """Markdown for ``variant``. Raises UsageError where the run did not measure it."""
    rows = run_figures(run)
    figures = next((row for row in rows if row.variant == variant and not row.is_reference), None)
    if figures is None or figures.divergence is None:
        measured = ", ".join(row.variant.spelling for row in rows if row.divergence) or "none"
        raise UsageError(f"this run measured no {variant.spelling}", f"Measured candidates: {measured}")
    return "\n\n".join(_sections(run, rows[0], figures, figures.divergence)) + "\n"


def _sections(
    run: Run, reference: VariantFigures, ours: VariantFigures, divergence: DivergenceSummary
) -> Iterator[str]:
    name, against = plain(ours.variant.spelling), plain(reference.variant.spelling)
    yield f"## {plain(run.request.model.id)} in {name}: what it costs"
    yield f"> {plain(divergence.verdict.text)}"
    yield table(("", f"{name}", f"{against} (reference)", "sample"), _rows(run, reference, ours, divergence))
    yield meaning(against, divergence)
    measured = f"{_prompts(len(run.prompts))}, {plain(generation_words(run.request.generation))}"
    yield conditions(run.request.model, run.environment, measured, run.request.run_id)
    yield fenced(repeat_command(run), "sh")


def _rows(
    run: Run, reference: VariantFigures, ours: VariantFigures, divergence: DivergenceSummary
) -> Iterator[list[str]]:
    prompts = _prompts(len(run.prompts))
    yield from divergence_rows(divergence)
    yield ["weights", cells.size(ours), cells.size(reference), "exact"]
    yield ["peak memory", format_bytes(ours.peak_bytes), format_bytes(reference.peak_bytes), "1 run"]
    yield ["tokens per second", cells.speed(ours), cells.speed(reference), prompts]
    yield ["first token", _seconds(ours.first_token_seconds), _seconds(reference.first_token_seconds), prompts]
    yield ["load", cells.load_time(ours), cells.load_time(reference), "1 load"]


def divergence_rows(divergence: DivergenceSummary) -> Iterator[list[str]]:
    """Its name, the variant's figure, what the reference has of it, and how many tokens stand behind it."""
    scored = f"{divergence.tokens:,} tokens"
    floor = f"noise floor {format_nats(divergence.noise_floor.mean)}"
    yield ["KL divergence, nats per token", cells.kl(divergence), floor, scored]
    yield ["same first choice", cells.same_top(divergence), "", scored]
    yield ["ln perplexity ratio", cells.perplexity_ratio(divergence), "0", scored]
    yield ["flips of the first choice", f"{divergence.real_flips} real, {divergence.tie_flips} ties", "", scored]


def meaning(against: str, divergence: DivergenceSummary) -> str:
    least = divergence.smallest_detectable_nats
    shown = f" The smallest difference these tokens could have shown is {format_nats(least)} nats." if least else ""
    return (
        f"KL({against}‖candidate) over the whole vocabulary, both models reading the same tokens, errors are standard "
        f"errors ({plain(divergence.scope)}); the noise floor is how far the reference is from itself "
        f"({plain(divergence.noise_floor.kind)}).{shown}"
    )


def conditions(entry: ModelEntry, environment: EngineDescription, measured: str, run_id: str) -> str:
    """Where and with what; ``measured``: on what, "" where that was said already. The command follows."""
    versions = environment.versions
    libraries = ", ".join(
        f"{name} {versions[name]}" for name in ("torch", "transformers", "bitsandbytes") if name in versions
    )
    revision = f", revision {code(entry.revision)}" if entry.revision else ""
    return (
        f"Measured on {plain(environment.device_name)} ({plain(environment.device)}) with {plain(libraries)}, "
        f"quanttui {plain(__version__)}{revision}{f'; {measured}' if measured else ''}. "
        f"Run {code(run_id)}. To repeat it:"
    )


def _seconds(estimate: Estimate | None) -> str:
    return format_figure(estimate.mean, estimate.standard_error, "seconds") if estimate else NOT_AVAILABLE


def _prompts(count: int) -> str:
    return f"{count} prompt" if count == 1 else f"{count} prompts"
