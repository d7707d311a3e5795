"""What a kept side is found by: everything that it depends on. Knows requests and hashes, no file of the cache."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from quanttui.cache.shelf import SideGroup
from quanttui.models.content_hash import content_sha256
from quanttui.pipeline.sweep.units import PlannedUnit
from quanttui.records import EngineDescription, GenerationSettings, ModelEntry, Variant

FORMAT = 1
"""Of the side files and their notes; a new one finds none of the old."""

REPLAY_TOKENS = 32
"""Of each window, decoded one by one for the reference's noise: that takes longer than reading it, and windows are
many. What is decoded far from the window's first half carries the noise of what was decoded before it: over a whole
half of 256 the mean was 0, 16, 22 and 34 % above that of the first 32 on four models tried."""

_LIBRARIES = ("torch", "transformers", "bitsandbytes", "tokenizers")


def group_of(model: ModelEntry, reference: Variant, environment: EngineDescription, run_id: str) -> SideGroup:
    """A model whose files cannot be read, and so not be told apart from others, has sides for this run alone."""
    content = content_sha256(Path(model.path))
    parts = {
        "format": FORMAT,
        "content": content or f"run {run_id}",
        "revision": model.revision,
        "reference": reference.spelling,
        "device": [environment.device.partition(":")[0], environment.device_name],
        "versions": {name: environment.versions.get(name) for name in _LIBRARIES},
    }
    return SideGroup(_hash(parts), model.id, reference.spelling)


def unit_key(unit: PlannedUnit, generation: GenerationSettings) -> str:
    """``generation``: how a prompt is continued; a window of text is what it is."""
    if unit.window is not None:
        window = {"token_ids": unit.window.token_ids, "first_scored": unit.window.first_scored}
        return _hash(window | {"replay": REPLAY_TOKENS})
    assert unit.prompt is not None
    return _hash({"prompt": unit.prompt.text, "generation": asdict(generation)})


def _hash(parts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
