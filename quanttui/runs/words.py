"""What reports, exports and cards say alike of a run. Pure text, raw; who shows it makes it safe."""

from __future__ import annotations

from collections.abc import Iterator

from quanttui.records import FlipKind, GenerationSettings, SweepRequest, UnitsRead
from quanttui.units import format_bytes

FLIP_WORDS = {FlipKind.NONE: "same top", FlipKind.TIE: "tie flip", FlipKind.REAL: "real flip"}


def generation_words(settings: GenerationSettings) -> str:
    """How the texts were generated."""
    if not settings.do_sample:
        return f"greedy, at most {settings.max_new_tokens} new tokens"
    return (
        f"sampled at temperature {settings.temperature:g}, top-p {settings.top_p:g}, top-k {settings.top_k or 'off'}, "
        f"seed {settings.seed}, at most {settings.max_new_tokens} new tokens"
    )


def swept_words(request: SweepRequest, read: UnitsRead | None = None) -> str:
    """What a sweep reads: ``80 prompts in 8 categories, 37.2 kB of text``; with ``read``, where that is less, ``16 of
    80 prompts in 8 categories, 4 windows of 37.2 kB of text (the time allowed no more)``."""
    if read is None or not is_less_read(request, read):
        return ", ".join(_swept(request))
    return ", ".join(_swept(request, read)) + (" (the time allowed no more)" if read.time_was_short else "")


def is_less_read(request: SweepRequest, read: UnitsRead) -> bool:
    """Whether that can be less than what was asked for: the time was short, text limited, or a prompt left out."""
    is_text_limited = bool(request.texts) and request.budget.text_tokens is not None
    return read.time_was_short or is_text_limited or read.prompts < len(request.prompts)


def _swept(request: SweepRequest, read: UnitsRead | None = None) -> Iterator[str]:
    if prompts := len(request.prompts):
        categories = len({prompt.category for prompt in request.prompts})
        those, places = (_of(read.prompts, prompts), _of(read.categories, categories)) if read else ("", "")
        yield f"{those}{counted(prompts, 'prompt')} in {places}{counted(categories, 'category', 'categories')}"
    if texts := len(request.texts):
        size = format_bytes(sum(len(text.text.encode("utf-8", "surrogatepass")) for text in request.texts))
        of = f"{counted(read.windows, 'window')} of " if read else ""
        yield f"{of}{size} of text" + (f" in {texts} files" if texts > 1 else "")


def _of(part: int, whole: int) -> str:
    return f"{part:,} of " if part < whole else ""


def counted(count: int, one: str, many: str | None = None) -> str:
    """``1 prompt``, ``1,200 prompts``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
