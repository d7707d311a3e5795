"""What the parts of a sweep's screen tell it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from quanttui.tui.state.sweep_look import SweepLook


@dataclass
class SweepLookRequested(Message):
    """The reader wants to see ``look``: whoever holds the parts gives it to all of them."""

    look: SweepLook
