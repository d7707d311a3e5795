"""What reports, exports and cards say alike of a run. Pure text, raw; who shows it makes it safe."""

from __future__ import annotations

from quanttui.records import FlipKind, GenerationSettings

FLIP_WORDS = {FlipKind.NONE: "same top", FlipKind.TIE: "tie flip", FlipKind.REAL: "real flip"}


def generation_words(settings: GenerationSettings) -> str:
    """How the texts were generated."""
    if not settings.do_sample:
        return f"greedy, at most {settings.max_new_tokens} new tokens"
    return (
        f"sampled at temperature {settings.temperature:g}, top-p {settings.top_p:g}, top-k {settings.top_k or 'off'}, "
        f"seed {settings.seed}, at most {settings.max_new_tokens} new tokens"
    )
