"""Small helpers of the engine tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import quanttui
from quanttui.engine.base import Engine, LoadedModel
from quanttui.records import GenerateRequest, GenerationSettings, LoadRequest, Precision, Variant

HERE = Path(__file__).parent
DEMO_FOLDER = Path(quanttui.__file__).parent / "models" / "demo" / "model"
PROMPT = "Once upon a time"


def exhaust(work):
    """The events of ``work`` and its result."""
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as stop:
            return events, stop.value


def result_of(work):
    return exhaust(work)[1]


def load_request(variant: Variant | str = "bf16", path: Path = DEMO_FOLDER) -> LoadRequest:
    variant = Variant(Precision(variant)) if isinstance(variant, str) else variant
    return LoadRequest("demo", str(path), variant, Precision.BF16)


def generate_request(max_new_tokens: int = 12, prompt: str = PROMPT, **settings) -> GenerateRequest:
    return GenerateRequest(prompt, GenerationSettings(max_new_tokens=max_new_tokens, **settings))


@dataclass
class Subject:
    """An engine under test. ``in_child``: its work happens in another process."""

    engine: Engine
    in_child: bool
    kept: LoadedModel | None = None

    def keep_model(self) -> LoadedModel:
        """A reference that stays loaded from test to test, as long as none needs the engine empty."""
        self.kept = self.kept or self.load()
        return self.kept

    def make_empty(self) -> None:
        if self.kept is not None:
            self.kept.unload()
        self.kept = None

    def load(self, variant: str = "bf16") -> LoadedModel:
        return result_of(self.engine.load(load_request(variant)))
