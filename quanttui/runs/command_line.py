"""The command that repeats a run. Pure; quoted for a POSIX shell, so that a hostile prompt stays one argument."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from quanttui.amounts import write_duration
from quanttui.records import GenerationSettings, ModelEntry, Run, RunRequest, SweepProtocol, SweepRequest, Variant
from quanttui.text import safe_text

_DEFAULTS = GenerationSettings()


def repeat_command(run: Run) -> str:
    """``quanttui compare …`` with every setting that is not a default; the reference is always named."""
    return _joined(["quanttui", "compare", *_arguments(run.request, run.reference.spelling)])


def compare_command(model: str) -> str:
    """The plainest one for ``model``, which is a folder or a name."""
    return _joined(["quanttui", "compare", f"--model={model}"])


def repeat_sweep(request: SweepRequest, reference: Variant) -> str:
    """``quanttui sweep …`` in the same way; the command that knows the sweep by its id where nobody can say again what
    it read."""
    if can_be_repeated_anywhere(request):
        return _joined(["quanttui", "sweep", *_sweep_arguments(request, reference)])
    return _joined(["quanttui", "history", "rerun", request.run_id])


def can_be_repeated_anywhere(request: SweepRequest) -> bool:
    """Whether what it read can be named on a command line, and not in one machine's history alone."""
    return bool((request.prompts_from or not request.prompts) and (request.texts_from or not request.texts))


def _joined(words: list[str]) -> str:
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """What would act on a terminal is written ``$'\\033'`` (POSIX.1-2024; bash, zsh, ksh).

    So the command can be shown as it is and repeats the very prompt. No argument can hold a zero byte.
    """
    if safe_text(word) == word or "\0" in word:
        return shlex.quote(word)
    return "$'" + "".join(_escaped(character) for character in word) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if safe_text(character) == character:
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogatepass"))


def _arguments(request: RunRequest, reference: str) -> list[str]:
    arguments = [f"--model={_model(request.model)}", f"--reference={reference}"]
    arguments += [f"--candidate={variant.spelling}" for variant in request.candidates]
    arguments += [f"--prompt={prompt}" for prompt in request.prompts]
    return [*arguments, *_generation(request.generation), *([] if request.score else ["--no-score"])]


def _sweep_arguments(request: SweepRequest, reference: Variant) -> Iterator[str]:
    yield f"--model={_model(request.model)}"
    yield f"--reference={reference.spelling}"
    yield f"--variants={','.join(variant.spelling for variant in request.candidates)}"
    if request.prompts:
        yield f"--prompts={request.prompts_from}"
        yield f"--max-new-tokens={request.generation.max_new_tokens}"
        yield from [] if request.generation.chat_template else ["--no-chat-template"]
    if request.texts:
        yield from (f"--text={source}" for source in request.texts_from)
        if request.protocol.context_length != SweepProtocol().context_length:
            yield f"--context-length={request.protocol.context_length}"
    yield from _bounds(request)


def _bounds(request: SweepRequest) -> Iterator[str]:
    """Budget and limits that were given."""
    budget, limits = request.budget, request.limits
    given = {
        "budget": None if budget.seconds is None else write_duration(budget.seconds),
        "text-tokens": budget.text_tokens,
        "memory": limits.memory_bytes,
        "least-same-top": limits.least_same_top,
        "most-kl": limits.most_kl_nats,
        "least-speed": limits.least_tokens_per_second,
    }
    yield from (f"--{option}={value}" for option, value in given.items() if value is not None)


def _model(entry: ModelEntry) -> str:
    """With the revision that ran, where a hub id has one: the branch may have moved since."""
    name = entry.id.partition("@")[0]
    return f"{name}@{entry.revision}" if entry.revision else entry.id


def _generation(settings: GenerationSettings) -> list[str]:
    options = [f"--max-new-tokens={settings.max_new_tokens}"]
    if settings.do_sample:
        options += ["--do-sample", f"--temperature={settings.temperature}", f"--top-p={settings.top_p}"]
        options += [f"--top-k={settings.top_k}", f"--seed={settings.seed}"]
    if not settings.chat_template:
        options.append("--no-chat-template")
    if settings.system_prompt is not None:
        options.append(f"--system-prompt={settings.system_prompt}")
    return options
