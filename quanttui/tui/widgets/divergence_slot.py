"""The place of the Divergence pane beneath the outputs. Takes no room while nothing is mounted in it."""

from __future__ import annotations

from textual.containers import Vertical


class DivergenceSlot(Vertical):
    def __init__(self) -> None:
        super().__init__(id="divergence")
        self.display = False
