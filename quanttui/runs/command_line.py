"""The command that repeats a run. Pure; quoted for a POSIX shell, so that a hostile prompt stays one argument."""

from __future__ import annotations

import shlex

from quanttui.records import GenerationSettings, Run, RunRequest
from quanttui.text import safe_text

_DEFAULTS = GenerationSettings()


def repeat_command(run: Run) -> str:
    """``quanttui compare …`` with every setting that is not a default; the reference is always named."""
    return " ".join(map(_quoted, ["quanttui", "compare", *_arguments(run.request, run.reference.spelling)]))


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
    arguments = [f"--model={_model(request)}", f"--reference={reference}"]
    arguments += [f"--candidate={variant.spelling}" for variant in request.candidates]
    arguments += [f"--prompt={prompt}" for prompt in request.prompts]
    return [*arguments, *_generation(request.generation), *([] if request.score else ["--no-score"])]


def _model(request: RunRequest) -> str:
    """With the revision that ran, where a hub id has one: the branch may have moved since."""
    name, revision = request.model.id.partition("@")[0], request.model.revision
    return f"{name}@{revision}" if revision else request.model.id


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
