"""What is kept of a reference while its candidates are loaded: hidden states and one head. Measures nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from quanttui.errors import UsageError
from quanttui.torch_engine.head import OutputHead
from quanttui.torch_engine.noise import NoiseMeasured, OtherPath
from quanttui.torch_engine.states import Window


@dataclass(slots=True)
class ReferenceSide:
    """One text, read by the reference. ``states`` [scored, hidden] of its prefill path.

    ``other``: of its other path (``noise_kind`` names which). It goes once ``noise`` is measured: by the first
    candidate, or at once where the side is to be kept in a file.
    """

    token_ids: tuple[int, ...]
    first_scored: int
    windows: list[Window]
    states: Tensor
    other: OtherPath | None
    noise_kind: str
    tokenizer_fingerprint: str
    noise: NoiseMeasured | None = None

    def other_chunk(self, start: int, stop: int) -> OtherPath | None:
        return None if self.other is None else self.other.chunk(start, stop)


@dataclass(slots=True)
class ReferenceShelf:
    """The engine's memory between two loads: the texts of one reference, and its head while there are any.

    Where a candidate's head is the same, the candidate's is kept in its place, so that there is never more than one
    copy of it for longer than the check takes.
    """

    head: OutputHead | None = None
    sides: dict[str, ReferenceSide] = field(default_factory=dict)

    def put(self, text_id: str, side: ReferenceSide, head: OutputHead) -> None:
        """Texts of another model than ``head``'s are forgotten."""
        if self.head is not head:
            self.clear()
        self.head = head
        self.sides[text_id] = side

    def get(self, text_id: str) -> tuple[ReferenceSide, OutputHead]:
        side = self.sides.get(text_id)
        if side is None or self.head is None:
            raise UsageError(
                f"the reference has not read the text {text_id!r}, so there is nothing to compare with",
                "Score the reference first.",
            )
        return side, self.head

    def share(self, head: OutputHead) -> None:
        """Keep ``head`` in place of the reference's where they are the same."""
        if self.head is not None and self.head is not head and self.head.shares_weight_with(head):
            self.head = head

    def release(self, text_id: str) -> None:
        self.sides.pop(text_id, None)
        if not self.sides:
            self.head = None

    def clear(self) -> None:
        self.sides.clear()
        self.head = None
