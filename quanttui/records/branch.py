"""A branch: what a model writes once a token was forced on it. Plain values, as everywhere in ``records``."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records.events import (
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    PromptPrepared,
    RunFailed,
    TokenGenerated,
)
from quanttui.records.generation import GenerationSettings, Output
from quanttui.records.model import ModelEntry
from quanttui.records.variant import Variant


@dataclass(frozen=True, slots=True)
class BranchRequest:
    """Let ``variant`` write on after ``prompt`` and ``forced_token_ids``.

    ``generation`` is the run's: the forced tokens count towards its ``max_new_tokens``. ``donor_token_ids``: the whole
    text of the model whose token was forced; the branch is held against it.
    """

    run_id: str
    model: ModelEntry
    variant: Variant
    reference: Variant
    prompt: str
    generation: GenerationSettings
    forced_token_ids: tuple[int, ...]
    donor_token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BranchFinished:
    """The branch is whole, or was stopped while it was written (the output's finish reason tells).

    ``agreed_tokens``: how many of its first tokens are the donor's, None where the donor's text does not go through
    the forced tokens.
    """

    request: BranchRequest
    output: Output
    agreed_tokens: int | None


BranchEvent = (
    LoadStarted
    | LoadProgressed
    | ModelLoaded
    | PromptPrepared
    | TokenGenerated
    | ModelUnloaded
    | BranchFinished
    | RunFailed
)
