"""One honest sentence about a candidate: how far it is from its reference, for somebody who has never heard of KL.

The levels and why their thresholds stand where they do:

- **indistinguishable**: the mean KL is at most twice the noise floor, or its excess over the floor is below the
  smallest one that so many tokens could have shown. Twice, because a candidate that is as good as the reference has
  rounding noise of its own, which alone makes one floor; the words are "no difference found", never "no difference".
- **small, clear, broken**: as bad as *both* figures agree on.
  By the noise floor: small up to 10 times, clear up to 100 times, broken above. KL grows with the square of the
  change, so at 10 times the floor a typical log-probability moves about 3 times as far as rounding alone moves it, at
  100 times 10 times as far.
  By the words: small where the candidate would pick the same next word at 19 of 20 places or more, that is, where it
  chooses otherwise about once a sentence; clear at 3 of 4 or more; broken below, where no line of text is the
  reference's any more.
  Both, because each alone misleads: against an exact reference (fp16, fp32) the floor is so low that every
  quantization is thousands of times above it, however few words change; and a model that is unsure of everything
  changes its first choice at a touch, though its probabilities hardly move.

With too few tokens for an error the level is read off the figures as they are, and the sentence says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.compare.statistics import ROUNDING_NATS
from quanttui.records import Verdict, VerdictLevel

INDISTINGUISHABLE_MULTIPLE = 2.0
SMALL_MULTIPLE = 10.0
CLEAR_MULTIPLE = 100.0
SMALL_SAME_TOP = 0.95
CLEAR_SAME_TOP = 0.75

_NAMES = {
    VerdictLevel.SMALL: "small difference",
    VerdictLevel.CLEAR: "clear difference",
    VerdictLevel.BROKEN: "broken",
}
_SEVERITY = (VerdictLevel.SMALL, VerdictLevel.CLEAR, VerdictLevel.BROKEN)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on. KL figures in nats per token; ``smallest_detectable`` None: too few tokens to tell."""

    tokens: int
    kl_mean: float
    noise_floor: float
    smallest_detectable: float | None
    same_top: float
    same_top_standard_error: float

    @property
    def noise_multiple(self) -> float | None:
        return self.kl_mean / self.noise_floor if self.noise_floor >= ROUNDING_NATS else None


def judge(evidence: Evidence, reference: str, candidate: str) -> Verdict:
    level = _level(evidence)
    if level is VerdictLevel.INDISTINGUISHABLE:
        return Verdict(level, f"{level}: {_no_difference(evidence, reference, candidate)}{_caution(evidence)}")
    return Verdict(level, f"{_NAMES[level]}: {_difference(evidence, reference, candidate)}{_caution(evidence)}")


def _level(evidence: Evidence) -> VerdictLevel:
    if not _is_found(evidence):
        return VerdictLevel.INDISTINGUISHABLE
    by_words = _step(1 - evidence.same_top, 1 - SMALL_SAME_TOP, 1 - CLEAR_SAME_TOP)
    multiple = evidence.noise_multiple
    by_noise = len(_SEVERITY) - 1 if multiple is None else _step(multiple, SMALL_MULTIPLE, CLEAR_MULTIPLE)
    return _SEVERITY[min(by_words, by_noise)]


def _is_found(evidence: Evidence) -> bool:
    if evidence.kl_mean <= max(INDISTINGUISHABLE_MULTIPLE * evidence.noise_floor, ROUNDING_NATS):
        return False
    excess = evidence.kl_mean - evidence.noise_floor
    return evidence.smallest_detectable is None or excess >= evidence.smallest_detectable


def _step(value: float, small: float, clear: float) -> int:
    """0 up to ``small``, 1 up to ``clear``, 2 above; a billionth of slack, since 1 − 0.9 is not 0.1."""
    return int(value > small + 1e-9) + int(value > clear + 1e-9)


def _difference(evidence: Evidence, reference: str, candidate: str) -> str:
    """What a reader would notice first, what lies beneath it second."""
    multiple = evidence.noise_multiple
    choices = f"{candidate} picks {reference}'s next word {_share(evidence)}"
    if multiple is None:
        return f"{choices}; {reference}'s own noise does not show here"
    return f"{choices}, {_times(multiple)} the noise floor"


def _share(evidence: Evidence) -> str:
    """No "100 % (± 0.0)": where nothing was seen to differ, the number of places is all that can be said."""
    if evidence.same_top == 1:
        return f"at each of the {evidence.tokens} places" if evidence.tokens > 1 else "at the one place"
    percent, error = 100 * evidence.same_top, 100 * evidence.same_top_standard_error
    shown = f"{percent:.0f}" if percent < 99.5 else f"{min(percent, 99.9):.1f}"
    return f"{shown} % of the time (± {error:.1f})"


def _no_difference(evidence: Evidence, reference: str, candidate: str) -> str:
    found = f"no difference found between {candidate} and {reference} at this many tokens ({evidence.tokens})"
    detectable, floor = evidence.smallest_detectable, evidence.noise_floor
    if detectable is None or floor < ROUNDING_NATS:
        return found
    seen_from = max(INDISTINGUISHABLE_MULTIPLE, 1 + detectable / floor)
    return f"{found}; one above {_times(seen_from)} the noise floor would have shown"


def _times(multiple: float) -> str:
    if multiple < 9.95:
        return f"{multiple:.1f} ×"
    return f"{float(f'{multiple:.2g}') if multiple < 99.5 else float(f'{multiple:.3g}'):,.0f} ×"


def _caution(evidence: Evidence) -> str:
    if evidence.smallest_detectable is not None:
        return ""
    return f"; only {evidence.tokens} token{'s' * (evidence.tokens != 1)}: too few to be sure"
