"""Engines for commands that are to be interrupted, by name: ``held_engines:StubbornEngine``."""

from __future__ import annotations

from dataclasses import replace

from quanttui.engine.scripted import Gate, ScriptedEngine, default_script


class StubbornEngine(ScriptedEngine):
    """Never comes back from its sixth token, whoever asks."""

    def __init__(self) -> None:
        super().__init__(hold=Gate("generate", "bf16", 5))


class SlowEngine(ScriptedEngine):
    """Takes its time with every token, and hears a cancellation between two."""

    def __init__(self) -> None:
        super().__init__(replace(default_script(), token_delay_seconds=0.2))
