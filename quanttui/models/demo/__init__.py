"""The embedded demo model: its files lie in ``model/``, the recipe that trained it beside them."""

from __future__ import annotations

from pathlib import Path

MODEL_FOLDER = Path(__file__).parent / "model"

PROMPTS = (
    "In the middle of the dark forest stood a little house, and",
    "The princess went down into the garden, and there she saw",
    "The wizard laughed and told the Princess that",
    "The little girl was very much afraid of the wolf, but",
    "A poor woodcutter and his wife lived",
    "The boy opened the door and saw",
    "The old witch looked at the boy and said",
    "Once upon a time there was a princess who",
)
"""Openings that suit a model of fairy tales; the first is what a newcomer sees."""
