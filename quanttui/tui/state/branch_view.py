"""What a branch shows. Plain values; where they come from stands in ``branch_fold``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BranchState(StrEnum):
    """How far a branch is."""

    LOADING = "loading"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BranchView:
    """All that a branch shows; texts are raw.

    ``variant`` writes; ``donor`` is whose token was forced at ``index`` (scored tokens from 0). ``prefix`` is what
    stood before it, ``forced`` the token, ``branch`` what was written after it. ``free`` is the variant's own text,
    of which ``free_shared`` characters are the same as in ``prefix``. ``agreed_tokens``: how many tokens after the
    forced one are those the donor wrote, None where that was not counted. ``detail``: a progress or an error.
    """

    variant: str
    donor: str
    index: int
    prefix: str
    forced: str
    free: str
    branch: str = ""
    state: BranchState = BranchState.LOADING
    agreed_tokens: int | None = None
    detail: str = ""

    @property
    def free_shared(self) -> int:
        return _common_length(self.prefix, self.free)


def _common_length(one: str, other: str) -> int:
    for length, (ours, theirs) in enumerate(zip(one, other, strict=False)):
        if ours != theirs:
            return length
    return min(len(one), len(other))
