"""A run as a Markdown report to paste into an issue or an appendix. Pure; untrusted text goes through ``markup``."""

from __future__ import annotations

from collections.abc import Iterator

from quanttui import __version__
from quanttui.records import (
    CandidateSummary,
    EngineDescription,
    LoadReport,
    PromptResult,
    Run,
)
from quanttui.runs.command_line import repeat_command
from quanttui.runs.export import cells
from quanttui.runs.export.markup import code, fenced, plain, table
from quanttui.runs.figures import VariantFigures, run_figures
from quanttui.runs.words import FLIP_WORDS, generation_words
from quanttui.runs.worst import WorstToken, worst_tokens
from quanttui.units import format_count, format_nats, format_option

_WORST = 5


def markdown_report(run: Run) -> str:
    """The whole run: verdicts, figures, worst tokens in context, texts, settings, environment, how to repeat it."""
    return "\n\n".join(_sections(run)) + "\n"


def _sections(run: Run) -> Iterator[str]:
    yield f"# {plain(run.request.model.id)}: {plain(run.reference.spelling)} against its quantized variants"
    yield _about(run)
    if run.failure is not None:
        yield f"**This run did not end well:** {plain(run.failure)}. What was made until then follows."
    yield from (
        f"- **{plain(summary.variant.spelling)}**: {plain(summary.divergence.verdict.text)}"
        for summary in run.summaries
    )
    yield "## What each variant costs"
    yield _cost_table(run_figures(run))
    if run.summaries:
        yield f"## How far from {plain(run.reference.spelling)}, both reading the same tokens"
        yield _divergence_table(run)
        yield from _worst_sections(run)
    yield "## The texts"
    for index, result in enumerate(run.prompts):
        yield from _texts(result, index)
    yield from _closing(run)


def _about(run: Run) -> str:
    entry, model = run.request.model, run.model
    parts = [code(model.architecture), f"{format_count(model.parameter_count)} parameters"] if model else []
    if entry.revision:
        parts.append(f"revision {code(entry.revision)}")
    parts += [plain(run.environment.device_name), plain(generation_words(run.request.generation))]
    parts.append(f"run {code(run.request.run_id)}")
    return " · ".join(parts)


def _cost_table(rows: list[VariantFigures]) -> str:
    columns = ("variant", "weights", "peak memory", "load", "tokens/s", "parts at token")
    return table(
        columns,
        (
            (
                code(row.variant.spelling),
                cells.size(row),
                cells.peak(row),
                cells.load_time(row),
                cells.speed(row),
                cells.first_divergence(row),
            )
            for row in rows
        ),
    )


def _divergence_table(run: Run) -> str:
    columns = ("variant", "tokens", "KL mean", "median", "p99", "× noise floor", "same top", "perplexity", "flips")
    floor = run.summaries[0].divergence.noise_floor
    note = (
        f"KL(reference‖candidate) in nats per token ± standard error ({plain(run.summaries[0].divergence.scope)}); "
        f"noise floor {format_nats(floor.mean)}: {plain(floor.kind)}; same top in % ± standard error; "
        "flips: real + tie."
    )
    return table(columns, map(_divergence_row, run.summaries)) + f"\n\n{note}"


def _divergence_row(summary: CandidateSummary) -> list[str]:
    divergence = summary.divergence
    return [
        code(summary.variant.spelling),
        cells.scored(divergence),
        cells.kl(divergence),
        format_nats(divergence.kl_divergence.median),
        format_nats(divergence.kl_divergence.p99),
        cells.floor_multiple(divergence),
        cells.same_top(divergence),
        cells.perplexity(divergence),
        cells.flips(divergence),
    ]


def _worst_sections(run: Run) -> Iterator[str]:
    for summary in run.summaries:
        if places := worst_tokens(run, summary.variant, _WORST):
            yield f"### Worst tokens of {plain(summary.variant.spelling)}"
            columns = ("in context", "prompt", "token", "KL", "p", "rank", "")
            yield table(columns, map(_worst_row, places))


def _worst_row(place: WorstToken) -> list[str]:
    token = place.token
    return [
        f"{code(place.before)} **{code(token.text)}** {code(place.after)}",
        str(place.prompt + 1),
        str(place.index + 1),
        format_nats(token.kl_divergence),
        f"{token.reference_probability:.3f} → {token.candidate_probability:.3f}",
        f"{token.reference_rank} → {token.candidate_rank}",
        FLIP_WORDS[token.flip],
    ]


def _texts(result: PromptResult, index: int) -> Iterator[str]:
    yield f"### Prompt {index + 1}"
    yield fenced(result.text, "text")
    yield f"{plain(result.reference_variant.spelling)} (reference), {len(result.reference.token_ids)} tokens:"
    yield fenced(result.reference.text, "text")
    for candidate in result.candidates:
        first = candidate.first_divergence
        words = "the same text" if first is None else f"parts at token {first + 1}"
        ending = "." if first is None else ":"
        yield f"{plain(candidate.variant.spelling)}, {len(candidate.output.token_ids)} tokens, {words}{ending}"
        if first is not None:
            yield fenced(candidate.output.text, "text")


def _closing(run: Run) -> Iterator[str]:
    yield "## How each variant was loaded"
    yield option_table([load.report for load in run.loads])
    notes = dict.fromkeys(note for load in run.loads for note in load.report.notes)
    if notes:
        yield "\n".join(f"- {plain(note)}" for note in notes)
    yield "## Environment"
    yield table(("", ""), environment_rows(run.environment), left=2)
    yield "## To repeat it"
    yield fenced(repeat_command(run), "sh")


def option_table(reports: list[LoadReport]) -> str:
    """One row an option, one column a load; empty where a load does not know the option."""
    names = dict.fromkeys(name for report in reports for name in report.options)
    columns = ["option", *(code(report.variant.spelling) for report in reports)]
    rows = ([code(name), *(_option(report, name) for report in reports)] for name in names)
    return table(columns, rows, left=len(columns))


def _option(report: LoadReport, name: str) -> str:
    return code(format_option(report.options[name])) if name in report.options else ""


def environment_rows(environment: EngineDescription) -> Iterator[list[str]]:
    facts = {
        "device": f"{environment.device} ({environment.device_name})",
        "threads": str(environment.threads),
        "quanttui": __version__,
        **environment.versions,
    }
    yield from ([plain(name), plain(value)] for name, value in facts.items())
