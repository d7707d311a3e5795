"""Ready-made scripts: a tale that the candidates tell differently, wide characters, hostile text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from quanttui.engine.scripted.script import Script, VariantScript, split_pieces
from quanttui.records import ModelIdentity, Precision

_MODEL = ModelIdentity(
    id="demo",
    architecture="LlamaForCausalLM",
    parameter_count=7_342_080,
    vocab_size=4096,
    context_length=512,
    dtype=Precision.BF16,
    has_chat_template=False,
    tied_embeddings=True,
)
_VERSIONS = {"python": "3.11.9", "torch": "2.13.0", "transformers": "5.23.0", "bitsandbytes": "0.50.2"}

_TALE = (
    " there lived a king who had three daughters, and the youngest was so fair that the sun itself, which has seen"
    " so much, wondered whenever it shone upon her face. Close by the castle lay a dark forest, and under an old"
    " lime tree in the forest was a well. When the day was warm, the child went out and sat by the cool water."
)
_TALES = {
    "bf16": _TALE,
    "int8": _TALE.replace("was a well", "was a spring").replace("sat by the cool", "played by the cool"),
    "nf4": _TALE.replace("three daughters", "three sons")
    .replace("so fair that the sun itself, which has seen so much,", "so brave that the moon itself")
    .replace("her face", "him"),
    "fp4": " there was a poor miller who had a daughter, and the daughter was so proud that she would not speak to"
    " him. Close by the mill lay a dark forest, and in the forest lived an old woman. When the day was warm, the"
    " old woman went out and sat by the door, and she said to the girl, What have you brought me?",
}
_WIDE = {
    "bf16": (
        "从前",
        "有一位",
        "国王",
        "，",
        "他有",
        "三个",
        "女儿",
        "。",
        " 👩‍👩‍👧",
        " 🇩🇪",
        " e\u0301tait",
        "\n",
        "むかし",
        "、",
        "王様",
        "が",
    ),
    "nf4": (
        "从前",
        "有一位",
        "国王",
        "，",
        "他有",
        "三个",
        "儿子",
        "。",
        " 👨‍👦",
        " 🇫🇷",
        " e\u0300tait",
        "\n",
        "むかし",
        "、",
        "お姫様",
        "が",
    ),
}
_HOSTILE = (
    " safe",
    "\x1b[31m",
    "red",
    "\x1b]52;c;aGFja2Vk\x07",
    "\x9b2J",
    "[/x]",
    "[@click=app.quit]go[/]",
    "\u202eevil",
    "\ud83d",
    "\x00",
    "\u200b",
    "\r",
    "\t",
    "\n",
    "end",
)
# bytes of the demo model, tokens/s, seconds to load, peak, and logit noise, as they lie in practice
_FIGURES: dict[str, tuple[int, float, float, int, float]] = {
    "bf16": (14_684_160, 41.0, 0.42, 21_400_000, 0.01),
    "int8": (9_472_000, 23.5, 0.91, 19_200_000, 0.08),
    "nf4": (7_078_912, 33.8, 0.77, 15_900_000, 0.35),
    "fp4": (7_078_912, 34.1, 0.75, 15_900_000, 0.55),
}


def script_of(outputs: Mapping[str, str | Sequence[str]], **changes: Any) -> Script:
    """A script from each variant's text, or its pieces; the first is the base. ``changes`` are fields of ``Script``."""
    parts = {spelling: _part(spelling, output) for spelling, output in outputs.items()}
    return replace(Script(_MODEL, parts, device_name="scripted CPU", versions=_VERSIONS), **changes)


def default_script(**changes: Any) -> Script:
    """A fairy tale: int8 parts from bf16 late, nf4 early, fp4 almost at once."""
    return script_of(_TALES, **changes)


def wide_script(**changes: Any) -> Script:
    """Double-width characters, joined emoji, flags, combining accents and a newline."""
    return script_of(_WIDE, **changes)


def hostile_script(**changes: Any) -> Script:
    """Escape sequences, markup, bidirectional and zero-width characters, a lone surrogate, control characters."""
    return script_of({"bf16": _HOSTILE, "nf4": (*_HOSTILE[:4], *_HOSTILE[5:])}, **changes)


def _part(spelling: str, output: str | Sequence[str]) -> VariantScript:
    pieces = split_pieces(output) if isinstance(output, str) else tuple(output)
    size, speed, load_seconds, peak, noise = _FIGURES.get(spelling.partition("+")[0], _FIGURES["bf16"])
    return VariantScript(pieces, size, speed, 1 / speed, load_seconds, peak, logit_noise=noise)
