"""A run as people read it: the texts, what each variant costs, how far apart the models are. No stream."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from quanttui.cli.painted import difference_words, painted_output, plain_output, reading_of
from quanttui.cli.tables import cost_table, divergence_table, option_table
from quanttui.cli.worst import worst_tokens
from quanttui.records import FinishReason, Output, PromptResult, Run
from quanttui.runs.words import generation_words
from quanttui.text import safe_line
from quanttui.units import format_count, format_foretold

_ENDINGS = {
    FinishReason.EOS: "ended by itself",
    FinishReason.LENGTH: "cut at max_new_tokens",
    FinishReason.CONTEXT: "cut where the context is full",
    FinishReason.CANCELLED: "stopped",
}


def run_report(run: Run, *, verbose: bool = False) -> RenderableType:
    """A run that ended well, whole; where ``verbose``, with the options of every load."""
    return Group(*_sections(run, verbose=verbose))


def _sections(run: Run, *, verbose: bool) -> Iterator[RenderableType]:
    yield _heading(run)
    for index, result in enumerate(run.prompts):
        yield from _prompt(result, index, len(run.prompts))
    yield Text("\nWhat each variant costs", "bold")
    yield cost_table(run)
    yield from _foretold(run)
    yield from _notes(run)
    if verbose:
        yield Text("\nHow each variant was loaded", "bold")
        yield option_table(run)
    if run.summaries:
        yield Text(f"\nHow far from {safe_line(str(run.reference))}, both reading the same tokens", "bold")
        yield divergence_table(run)
        for summary in run.summaries:
            yield Text(safe_line(summary.divergence.verdict.text))
        yield from worst_tokens(run)


def _heading(run: Run) -> Text:
    entry, model = run.request.model, run.model
    name = Text(safe_line(entry.id), "bold")
    if model:
        name.append(
            f" · {safe_line(model.architecture)} · {format_count(model.parameter_count)} parameters", "not bold"
        )
    return name.append(f" · {safe_line(run.environment.device_name)}\n", "not bold").append(
        generation_words(run.request.generation), "not bold"
    )


def _prompt(result: PromptResult, index: int, prompts: int) -> Iterator[RenderableType]:
    yield Text(f"\nPrompt {index + 1} of {prompts}" if prompts > 1 else "\nPrompt", "bold")
    yield _indented(plain_output(result.text))
    yield _output_title(f"{result.reference_variant} (reference)", result.reference)
    yield _indented(plain_output(result.reference.text))
    for candidate in result.candidates:
        reading = reading_of(candidate, result.reference)
        words = f" · {difference_words(candidate, reading)}"
        yield _output_title(str(candidate.variant), candidate.output, words)
        yield _indented(painted_output(candidate, result.reference, reading))


def _output_title(name: str, output: Output, difference: str = "") -> Text:
    tokens = f"{len(output.token_ids)} tokens, {_ENDINGS[output.finish_reason]}"
    return Text.assemble((safe_line(name), "bold"), f" · {tokens}{difference}")


def _indented(text: Text) -> RenderableType:
    return Padding(text, (0, 0, 0, 2), expand=False)


def _foretold(run: Run) -> Iterator[RenderableType]:
    """Of every load, what had been foretold against what was measured."""
    for load in run.loads:
        if load.report.predicted is not None:
            weights = format_foretold(load.report.parameter_bytes, load.report.predicted.weights_bytes)
            peak = format_foretold(load.unload.peak_bytes if load.unload else None, load.report.predicted.peak_bytes)
            yield Text(safe_line(f"{load.report.variant}: weights {weights} · peak {peak}"), "dim")


def _notes(run: Run) -> Iterator[RenderableType]:
    """What the loads had to say, each line once, after the variants it is about."""
    told: dict[str, list[str]] = {}
    for load in run.loads:
        for note in load.report.notes:
            told.setdefault(note, []).append(str(load.report.variant))
    for note, variants in told.items():
        yield Text(safe_line(f"{', '.join(variants)}: {note}"), "dim")
