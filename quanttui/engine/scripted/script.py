"""What a scripted engine will say and do, as plain frozen values. Does nothing itself."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from quanttui.errors import QuantTuiError
from quanttui.records import EngineMemory, ModelIdentity, Precision, Variant

_PIECE = re.compile(r" ?\w+|\s+|.", re.DOTALL)
_DERIVED_SPACING = 13


def split_pieces(text: str) -> tuple[str, ...]:
    """``text`` in word-like pieces, as a tokenizer of ours would cut it. Joined they are ``text`` again."""
    return tuple(_PIECE.findall(text))


@dataclass(frozen=True, slots=True)
class VariantScript:
    """One variant's part. The text ends with EOS where ``max_new_tokens`` leaves room for all of ``pieces``.

    ``probabilities``: of each piece; empty: drawn by a seeded rule. ``logit_noise``: how far, in nats, its logits
    wander from the reference's when it is scored.
    """

    pieces: tuple[str, ...]
    parameter_bytes: int
    tokens_per_second: float = 40.0
    time_to_first_token_seconds: float = 0.05
    load_seconds: float = 0.8
    peak_bytes: int | None = None
    residual_bytes: int | None = 0
    logit_noise: float = 0.1
    probabilities: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """At step ``index`` of ``stage`` ("load", "generate", "score", "unload") of variant ``spelling``, something fails.

    ``error`` is raised there; None: the engine dies. It happens ``times`` times, then never again.
    """

    stage: str
    spelling: str
    index: int = 0
    error: QuantTuiError | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Script:
    """All that a scripted engine knows. ``variants`` is keyed by spelling; its first entry is the base text.

    A variant that is not in it: that of its precision; else the base text, changed every few words if quantized.
    ``process_id`` None: this process. ``token_delay_seconds`` is the only thing that ever makes the engine sleep.
    """

    model: ModelIdentity
    variants: Mapping[str, VariantScript]
    device: str = "cpu"
    device_name: str = "scripted"
    versions: Mapping[str, str] = field(default_factory=dict)
    unsupported: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    memory: EngineMemory = field(default_factory=EngineMemory)
    load_steps: int = 12
    chunk_tokens: int = 16
    noise_floor_nats: float = 2e-4
    token_delay_seconds: float = 0.0
    process_id: int | None = None
    kv_cache_bytes_per_token: int = 4096
    context_bytes: int = 0
    cautions: Mapping[str, str] = field(default_factory=dict)

    def variant(self, variant: Variant) -> VariantScript:
        """The part of ``variant``, derived where none was written."""
        known = self.variants.get(variant.spelling) or self.variants.get(variant.precision)
        return known or _derived(next(iter(self.variants.values())), variant)


def _derived(base: VariantScript, variant: Variant) -> VariantScript:
    if not variant.precision.is_quantized:
        size = 2 if variant.precision is Precision.FP32 else 1
        return VariantScript(base.pieces, base.parameter_bytes * size, logit_noise=0.01)
    draw = random.Random(zlib.crc32(variant.spelling.encode()))
    pieces = list(base.pieces)
    for place in range(draw.randrange(4, _DERIVED_SPACING), len(pieces), _DERIVED_SPACING):
        pieces[place] = next(word for word in draw.sample(base.pieces, len(base.pieces)) if word != pieces[place])
    return VariantScript(tuple(pieces), base.parameter_bytes * 2 // 5)
