"""What the screen opens with: flags over settings over what was remembered over a first start's own choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quanttui.session import Session
from quanttui.settings import Settings
from quanttui.settings.values import THEMES
from quanttui.tui.services import InitialChoices


def initial_choices(
    settings: Settings,
    remembered: Session | None,
    examples: Sequence[str],
    *,
    model: str | None = None,
    prompt: str | None = None,
    word: str = "",
) -> InitialChoices:
    """``model`` and ``prompt`` as flags give them; ``word``: why nothing is remembered, where something was."""
    last = remembered or Session(prompt=examples[0], candidates=InitialChoices().candidates)
    generation = last.generation
    if settings.max_new_tokens is not None:
        generation = replace(generation, max_new_tokens=settings.max_new_tokens)
    return InitialChoices(
        model_id=model or settings.model or last.model,
        prompt=last.prompt if prompt is None else prompt,
        examples=tuple(examples),
        reference=settings.reference or last.reference,
        candidates=settings.candidates or last.candidates,
        settings=generation,
        theme=settings.theme or (last.theme if last.theme in THEMES else None) or InitialChoices().theme,
        is_first=remembered is None and not word,
        word=word,
        warm_up_seconds=last.warm_up_seconds,
        sweep=last.sweep,
    )
