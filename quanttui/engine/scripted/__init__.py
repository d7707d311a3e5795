"""A deterministic engine for tests and pictures. Knows no torch, no clock and no randomness that is not seeded."""

from quanttui.engine.scripted.engine import Gate, Hold, ScriptedEngine
from quanttui.engine.scripted.script import Fault, Script, VariantScript, split_pieces
from quanttui.engine.scripted.stories import default_script, hostile_script, script_of, wide_script

__all__ = [
    "Fault",
    "Gate",
    "Hold",
    "Script",
    "ScriptedEngine",
    "VariantScript",
    "default_script",
    "hostile_script",
    "script_of",
    "split_pieces",
    "wide_script",
]
