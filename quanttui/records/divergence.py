"""How far a candidate is from its reference, token by token. Definitions: the README's "What the numbers mean".

Logarithms are natural, divergences in nats per token, ranks start at 1, probabilities lie in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FlipKind(StrEnum):
    """Whether the two most likely tokens differ, and whether that means anything."""

    NONE = "none"
    TIE = "tie"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class TopToken:
    """One of a model's most likely next tokens. ``text`` is raw."""

    token_id: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class TokenScore:
    """Reference and candidate at one position of the same token sequence; ``token_id`` is the token that stands there.

    ``position`` counts from the start of prompt + continuation. ``top_two_gap_nats``: the reference's ln p of its
    first choice less that of its second; ``noise_nats``: how far that gap moves by the reference's own noise.
    """

    position: int
    token_id: int
    text: str
    kl_divergence: float
    reference_probability: float
    candidate_probability: float
    reference_rank: int
    candidate_rank: int
    flip: FlipKind
    reference_entropy_nats: float
    reference_max_probability: float
    top_two_gap_nats: float
    noise_nats: float
    reference_top: tuple[TopToken, ...]
    candidate_top: tuple[TopToken, ...]

    @property
    def delta_p(self) -> float:
        """q(y) − p(y); times 100 it is in percentage points."""
        return self.candidate_probability - self.reference_probability


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """How far the reference is from itself: mean |KL| in nats, and between which two of its paths (``kind``)."""

    mean: float
    kind: str
    tokens: int


@dataclass(frozen=True, slots=True)
class TokenColumns:
    """What a sweep keeps of ``tokens`` scored positions, in text order: packed arrays, little-endian.

    ``token_ids``: int32. ``kl``: float64, nats. ``reference_probability``, ``candidate_probability``: float64, p(y) and
    q(y). ``reference_max_probability``: float64. ``flips``: uint8, 0 none, 1 tie, 2 real.
    """

    tokens: int
    token_ids: bytes
    kl: bytes
    reference_probability: bytes
    candidate_probability: bytes
    reference_max_probability: bytes
    flips: bytes


@dataclass(frozen=True, slots=True)
class Score:
    """A text scored by a candidate against its reference. ``tokens`` covers positions from ``first_scored`` on; it is
    empty, and ``columns`` there in its place, where the request asked for columns.

    ``chunk_tokens``: positions that went through the head at once, always of one text (batch 1). ``windows``: how many
    of ``tokens`` each forward pass scored; () stands for one pass over all. ``notes``: on what the figures depend.
    """

    tokens: tuple[TokenScore, ...]
    noise_floor: NoiseFloor
    chunk_tokens: int
    seconds: float
    windows: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    columns: TokenColumns | None = None


@dataclass(frozen=True, slots=True)
class KlSummary:
    """Of KL(reference‖candidate), nats per token. ``standard_error`` None: too few blocks to tell."""

    mean: float
    standard_error: float | None
    median: float
    p90: float
    p95: float
    p99: float
    p99_9: float
    max: float


@dataclass(frozen=True, slots=True)
class ConfidenceBucket:
    """The tokens where the reference's largest probability lies in [``low``, ``high``)."""

    low: float
    high: float
    tokens: int
    kl_mean: float | None
    same_top: float | None


class VerdictLevel(StrEnum):
    INDISTINGUISHABLE = "indistinguishable"
    SMALL = "small"
    CLEAR = "clear"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``text`` is one sentence: the level, and the figures it rests on."""

    level: VerdictLevel
    text: str


@dataclass(frozen=True, slots=True)
class DivergenceSummary:
    """Of the scored tokens of one text, or pooled over several. ``scope`` says which, as it has to be shown.

    ``same_top``: share in [0, 1]. ``delta_p_mean``, ``rms_delta_p``: percentage points.
    ``noise_multiple``: mean KL as a multiple of the noise floor, None where the floor is 0 to rounding.
    ``smallest_detectable_nats``: the smallest difference of mean KL that so many tokens could have shown, or None.
    """

    tokens: int
    scope: str
    kl_divergence: KlSummary
    same_top: float
    same_top_standard_error: float | None
    delta_p_mean: float
    rms_delta_p: float
    perplexity_reference: float
    perplexity_candidate: float
    ln_perplexity_ratio: float
    ln_perplexity_ratio_standard_error: float | None
    tie_flips: int
    real_flips: int
    noise_floor: NoiseFloor
    noise_multiple: float | None
    smallest_detectable_nats: float | None
    by_confidence: tuple[ConfidenceBucket, ...]
    verdict: Verdict
