"""A stored run in sections: how it ended, what was asked, what each variant wrote and how far it is. Pure; safe to
show, long texts by their beginnings."""

from __future__ import annotations

from collections.abc import Iterator

from quanttui.records import GenerationSettings, Run
from quanttui.records.history import RunState, StoredRun
from quanttui.runs.figures import VariantFigures, output_of, run_figures
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.state.details import Row, Section
from quanttui.tui.state.run_lines import state_words, when_words
from quanttui.tui.visible import visible_run
from quanttui.units import format_bytes, format_figure, format_seconds

_BEGINNING = 280
_LIBRARIES = ("torch", "transformers", "bitsandbytes")
RUNNING_ELSEWHERE = "it goes on in another process; what it has told so far is here"


def preview_sections(stored: StoredRun) -> list[Section]:
    return [_run_section(stored), *_failure(stored), *_variants(stored.run), _asked(stored), _environment(stored)]


def beginning(text: str) -> str:
    """On one line, cut after a few hundred characters."""
    return visible_run(text if len(text := text.strip()) <= _BEGINNING else f"{text[:_BEGINNING]}…")


def settings_words(settings: GenerationSettings) -> str:
    """``100 tokens · greedy · chat template``."""
    drawn = f"sampled, temperature {settings.temperature:g}, top-p {settings.top_p:g}, top-k {settings.top_k}"
    parts = [
        f"at most {settings.max_new_tokens} tokens",
        f"{drawn}, seed {settings.seed}" if settings.do_sample else "greedy",
        "chat template" if settings.chat_template else "no chat template",
    ]
    if settings.system_prompt is not None:
        parts.append(f"system prompt: {beginning(settings.system_prompt)}")
    return " · ".join(parts)


def _run_section(stored: StoredRun) -> Section:
    line = stored.line
    rows: list[Row] = [
        ("run", safe_line(line.run_id)),
        ("model", safe_line(f"{line.model_id}{f' at {line.revision}' if line.revision else ''}")),
    ]
    for number, prompt in enumerate(stored.run.request.prompts[:3], 1):
        rows.append(("prompt" if line.prompts == 1 else f"prompt {number}", beginning(prompt)))
    if line.prompts > 3:
        rows.append(("", f"and {line.prompts - 3} more prompts"))
    return Section(state_words(line.state), when_words(line.started_seconds), tuple(rows))


def _failure(stored: StoredRun) -> Iterator[Section]:
    if stored.line.state is RunState.RUNNING:
        yield Section("● running", "", (), (RUNNING_ELSEWHERE,))
    elif stored.run.failure:
        notes = tuple(safe_line(words) for words in (stored.run.failure, stored.hint) if words)
        yield Section("why it ended early", "", (), notes)


def _variants(run: Run) -> Iterator[Section]:
    for row in run_figures(run):
        name = safe_line(row.variant.spelling)
        verdict = row.divergence.verdict.level.value if row.divergence else ""
        yield Section(name, "reference" if row.is_reference else verdict, tuple(_figures(run, row)))


def _figures(run: Run, row: VariantFigures) -> Iterator[Row]:
    if row.divergence is not None:
        kl = row.divergence.kl_divergence
        yield "KL mean", format_figure(kl.mean, kl.standard_error, "nats")
        yield "same top", format_figure(row.divergence.same_top, row.divergence.same_top_standard_error, "share")
    costs = [format_bytes(row.load.report.parameter_bytes)]
    if row.parameter_ratio is not None:
        costs[0] += f" ({row.parameter_ratio:.2f}×)"
    if row.peak_bytes is not None:
        costs.append(f"peak {format_bytes(row.peak_bytes)}")
    if row.tokens_per_second is not None:
        costs.append(measures.speed(row.tokens_per_second.mean))
    yield "cost", " · ".join(costs)
    output = output_of(run, 0, row.variant) if run.prompts else None
    if output is not None:
        yield "text", beginning(output.text)


def _asked(stored: StoredRun) -> Section:
    request, line = stored.run.request, stored.line
    rows: list[Row] = [("settings", settings_words(request.generation))]
    if not request.score:
        rows.append(("scoring", "none was asked for"))
    if line.ended_seconds is not None and line.state is not RunState.RUNNING:
        rows.append(("took", format_seconds(line.ended_seconds - line.started_seconds)))
    return Section("asked for", "", tuple(rows))


def _environment(stored: StoredRun) -> Section:
    environment, origin = stored.run.environment, stored.origin
    versions = [f"{name} {environment.versions[name]}" for name in _LIBRARIES if name in environment.versions]
    rows: list[Row] = [
        ("device", safe_line(f"{environment.device} · {environment.device_name}")),
        ("versions", safe_line(" · ".join([f"quanttui {origin.quanttui_version}", *versions]))),
        ("made with", f"the {safe_line(origin.interface)}"),
    ]
    if origin.rerun_of is not None:
        rows.append(("repeats", f"run {safe_line(origin.rerun_of)}"))
    return Section("where it ran", "", tuple(rows))
