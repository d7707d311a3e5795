"""The embedded demo model: its files lie in ``model/``, the recipe that trained it beside them."""

from __future__ import annotations

from pathlib import Path

MODEL_FOLDER = Path(__file__).parent / "model"

PROMPTS = (
    "Once upon a time",
    "There was once a king who had three daughters,",
    "Long ago there lived in a forest an old woman and her cat.",
    "The youngest brother set out into the wide world, and",
    '"Who is there?" asked the wolf. And the little girl answered,',
    "When the princess heard this she began to weep, for",
    "At midnight the door opened, and in came",
    "Then the fisherman threw his net into the sea, and",
)
"""Openings that suit a model of fairy tales; the first is what a newcomer sees."""
