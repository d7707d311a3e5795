"""A stored run as the view that it was live: its events told again, in their order. Pure; what a token's clock said is
not stored, so figures come from the outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from quanttui.errors import CancelledError
from quanttui.records import (
    FinishReason,
    LoadRecord,
    Output,
    PromptEncoded,
    PromptResult,
    Run,
    RunRequest,
    Token,
    Variant,
)
from quanttui.records.events import (
    CandidateScored,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    PromptPrepared,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    TokenGenerated,
)
from quanttui.records.history import RunState, StoredRun
from quanttui.runs.figures import output_of
from quanttui.text import safe_line
from quanttui.tui.key_table import DEFAULT_KEYS, KeyNames
from quanttui.tui.state.run_lines import state_words, when_words
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.status import Status, Tone, run_status


@dataclass(frozen=True, slots=True)
class StoredView:
    """A run of the history on the screen: ``view`` is of prompt number ``prompt``."""

    stored: StoredRun
    view: RunView
    prompt: int = 0


def stored_view(stored: StoredRun, prompt: int = 0) -> StoredView:
    """``stored`` as it was shown once it was over; of a run that goes on, what it has told so far."""
    run = stored.run
    request = replace(run.request, prompts=run.request.prompts[prompt : prompt + 1])
    view = RunView(request)
    for event in replay(stored, prompt):
        view.apply(event)
    view.is_over = True
    view.show(0)
    return StoredView(stored, view, prompt)


def replay(stored: StoredRun, prompt: int = 0) -> Iterator[RunEvent]:
    """The events that made ``stored``, of one prompt alone, which is number 0 to them."""
    run = stored.run
    result = run.prompts[prompt] if prompt < len(run.prompts) else None
    yield RunStarted(run.request, run.environment, run.reference)
    for index, load in enumerate(run.loads):
        yield from _one_variant(load, result, is_reference=index == 0)
    yield from _end(stored)


def banner_words(shown: StoredView, keys: KeyNames = DEFAULT_KEYS) -> tuple[str, tuple[str, ...]]:
    """What is on the screen in place of the latest run, and what follows as far as there is room."""
    line = shown.stored.line
    began, name = when_words(line.started_seconds), safe_line(line.model_id)
    words = [f"Stored run of {began}, not of what is chosen now", name]
    more = [f"{keys['run']} runs what is chosen", f"{keys['run_again']} runs this again", f"{keys['back']} back"]
    if line.prompts > 1:
        words.append(f"prompt {shown.prompt + 1} of {line.prompts}")
        more[-1] = f"{keys['next_prompt']} next prompt"
    return " · ".join(words), tuple(more)


def repeated_words(request: RunRequest, keys: KeyNames = DEFAULT_KEYS) -> tuple[str, tuple[str, ...]]:
    """A stored request that runs again is not what is chosen: the panes of the choices do not show it."""
    candidates = ", ".join(variant.spelling for variant in request.candidates)
    words = ["Runs a stored request again, not what is chosen now", safe_line(f"{request.model.id} → {candidates}")]
    return " · ".join(words), (f"{keys['run']} runs what is chosen",)


def stored_status(shown: StoredView, keys: KeyNames = DEFAULT_KEYS) -> Status:
    """How the run ended, and how to get back."""
    line = shown.stored.line
    again, back = f"{keys['run_again']} runs it again", f"{keys['back']} goes back to the history"
    if line.state is RunState.RUNNING:
        return Status("stored run: it goes on in another process, as far as it has told", Tone.BUSY, more=(back,))
    ended = run_status(shown.view, keys)
    if shown.view.failure is None:
        return Status(f"stored run, {ended.text}", ended.tone, more=(again, back))
    words = f"stored run, {state_words(line.state).partition(' ')[2]}: {safe_line(shown.view.failure.message)}"
    return Status(words, ended.tone, more=(again, back))


def _one_variant(load: LoadRecord, result: PromptResult | None, *, is_reference: bool) -> Iterator[RunEvent]:
    variant = load.report.variant
    yield LoadStarted(variant, is_reference, load.report.predicted)
    yield ModelLoaded(variant, load.report)
    if result is not None and is_reference:
        yield from _output(OutputFinished(variant, 0, result.reference, is_reference=True))
    for candidate in result.candidates if result is not None and not is_reference else ():
        if candidate.variant == variant:
            made = OutputFinished(
                variant, 0, candidate.output, False, candidate.first_divergence, candidate.diff
            )  # fmt: skip
            yield from _output(made)
            if candidate.score is not None:
                yield CandidateScored(variant, 0, candidate.score, candidate.divergence)
    if load.unload is not None:
        yield ModelUnloaded(variant, load.unload)


def _output(made: OutputFinished) -> Iterator[RunEvent]:
    output = made.output
    yield PromptPrepared(made.variant, 0, PromptEncoded(output.prompt_token_ids, ()))
    for token in _tokens(output):
        yield TokenGenerated(made.variant, 0, token)
    yield made


def _tokens(output: Output) -> Iterator[Token]:
    rows = zip(output.token_ids, output.pieces, output.probabilities, strict=False)
    for index, (token_id, piece, probability) in enumerate(rows):
        yield Token(index, token_id, piece, probability, 0.0)


def _end(stored: StoredRun) -> Iterator[RunEvent]:
    """A run that did not end well stood at the variant after the last that was given back."""
    run, state = stored.run, stored.line.state
    if state is RunState.DONE:
        yield RunFinished(run)
    elif state is not RunState.RUNNING:
        if (at := _unfinished(run)) is not None:
            yield LoadStarted(at, at == run.reference)
        code = CancelledError.exit_code if state is RunState.CANCELLED else stored.exit_code or 1
        yield RunFailed(run, run.failure or state.value, stored.hint, code)


def _unfinished(run: Run) -> Variant | None:
    """The variant whose load was begun and not told to have ended; None where the last one loaded has not done all."""
    variants = (run.reference, *run.request.candidates)
    done = len(run.loads)
    if done >= len(variants) or (done and not _is_whole(run, run.loads[-1])):
        return None
    return variants[done]


def _is_whole(run: Run, load: LoadRecord) -> bool:
    """Whether every prompt was answered, and scored where that was asked for, before the model was given back."""
    variant = load.report.variant
    outputs = [output_of(run, prompt, variant) for prompt in range(len(run.prompts))]
    if load.unload is None or len(outputs) < len(run.request.prompts):
        return False
    if any(output is None or output.finish_reason is FinishReason.CANCELLED for output in outputs):
        return False
    mine = [each for prompt in run.prompts for each in prompt.candidates if each.variant == variant]
    return not run.request.score or all(each.score is not None for each in mine)
