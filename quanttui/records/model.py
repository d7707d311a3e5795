"""What is known of a model: before it is loaded (an entry of the catalogue), and once it is (its identity)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from quanttui.records.variant import Precision


class ModelSource(StrEnum):
    DEMO = "demo"
    CACHE = "cache"
    FOLDER = "folder"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that can be chosen; one of source HUB is not here yet: ``path`` holds its config.json alone, and
    ``size_bytes`` is what its weights will take. ``problem`` says why it cannot be run, or is None.

    ``dtype`` is the checkpoint's own floating type; None where nothing tells it. ``prequantized`` names the
    quantization a checkpoint was saved with (the variant that it is, as it is written: "int8", "nf4+dq"; or another
    library's name), else None.
    ``last_used_seconds`` since 1970, None where nothing tells; a model is the same one after it was used.
    """

    id: str
    path: str
    source: ModelSource
    revision: str | None = None
    size_bytes: int | None = None
    parameter_count: int | None = None
    dtype: Precision | None = None
    architecture: str | None = None
    context_length: int | None = None
    prequantized: str | None = None
    problem: str | None = None
    last_used_seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What the loaded model says of itself. ``parameter_count`` counts tied weights once, unpacked."""

    id: str
    architecture: str
    parameter_count: int
    vocab_size: int
    context_length: int | None
    dtype: Precision | None
    has_chat_template: bool
    tied_embeddings: bool
