"""How a comparison uses the machine: one model at a time, or several side by side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SMALL_MODEL_PARAMETERS = 100_000_000
"""Below this a model on a CPU computes with one thread: a second one gains next to nothing."""


class Plan(StrEnum):
    """AUTO is a wish; a run that has started has one of the others."""

    AUTO = "auto"
    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """``reason``: why this plan, in a few words, "" where it was the only one. ``lanes``: how many models are worked on
    at the same time; ``most_threads``: each with no more threads, None for no limit."""

    plan: Plan
    reason: str = ""
    lanes: int = 1
    most_threads: int | None = None
