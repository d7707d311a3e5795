"""What is being waited for and how long it will still take. Folds the events of runs with their times; pure.

Evidence is what this session has seen: the rate of the step itself, else how long the same step took in an earlier run
of the same model and variant, and for the whole run the variants that went before. Without evidence nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from quanttui.records import FinishReason, Output, Plan, RunRequest, Variant
from quanttui.records.events import (
    CandidateScored,
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    ScoreProgressed,
    TokenGenerated,
)
from quanttui.tui.state.pace import Pace, coarse_seconds, elapsed_words, left_words

WARMING, LOADING, READING, GENERATING, SCORING, WHOLE = "warm", "load", "read", "generate", "score", "variant"
TOGETHER = "together"
Step = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """The step at hand: ``place`` is which of how many variants; ``whole_seconds`` what is left of the run."""

    elapsed_seconds: float = 0.0
    left_seconds: float | None = None
    at_most: bool = False
    place: tuple[int, int] | None = None
    whole_seconds: float | None = None

    def words(self) -> tuple[str, ...]:
        """The most wanted first."""
        left = left_words(self.left_seconds, at_most=self.at_most) or elapsed_words(self.elapsed_seconds)
        place = f"variant {self.place[0]} of {self.place[1]}" if self.place and self.place[1] > 1 else ""
        whole = "" if self.whole_seconds is None else f"about {coarse_seconds(self.whole_seconds)} in all"
        return tuple(filter(None, (left, place, whole)))


class Waiting:
    """Lives as long as the session; ``begin`` for each run, ``note`` for each of its events, ``wait`` at any time."""

    def __init__(self, now: float, warm_up_seconds: float | None = None) -> None:
        """``warm_up_seconds``: how long the engine took to get ready at an earlier start, where that is known."""
        self.warm_up_seconds = warm_up_seconds
        self._seen: dict[Step, float] = {}
        self._request: RunRequest | None = None
        self._variants: list[Variant] = []
        self._at: Variant | None = None
        self._variant_since = now
        self._step: Step = (WARMING,)
        self._pace: Pace | None = Pace(now, warm_up_seconds)
        self._done: list[float] = []

    def begin(self, request: RunRequest, now: float) -> None:
        reference = [request.reference] if request.reference else []
        self._request, self._variants = request, [*reference, *request.candidates]
        self._at, self._done = None, []
        if self._step != (WARMING,) or self._pace is None:
            self._start(WARMING, now)

    def note(self, event: RunEvent, now: float) -> None:
        if isinstance(event, RunStarted) and event.request.plan is Plan.PARALLEL:
            self._step, self._pace = (TOGETHER,), Pace(now, None)
        if self._step == (TOGETHER,) and not isinstance(event, RunStarted | RunFinished | RunFailed):
            return  # steps side by side are no evidence of what one takes alone
        match event:
            case RunStarted(reference=reference, request=request):
                self._variants = [reference, *request.candidates]
            case LoadStarted(variant=variant):
                self._at, self._variant_since = variant, now
                self._start(LOADING, now)
            case LoadProgressed(progress=made):
                self._count(LOADING, made.done, made.total, now)
            case ModelLoaded():
                self._start(READING, now)
            case TokenGenerated(token=token) if self._request is not None:
                self._count(GENERATING, token.index + 1, self._request.generation.max_new_tokens, now)
            case RunFailed() | OutputFinished(output=Output(finish_reason=FinishReason.CANCELLED)):
                self._pace = None  # what was cut short is no evidence
            case OutputFinished():
                self._start(SCORING, now) if self._request and self._request.score else self._end(now)
            case ScoreProgressed(progress=scored):
                self._count(SCORING, scored.done_tokens, scored.total_tokens, now)
            case CandidateScored() | RunFinished():
                self._end(now)
            case ModelUnloaded():
                self._finish_variant(now)
            case _:
                pass

    def over(self, now: float) -> None:
        """The engine is ready."""
        if self._pace is not None and self._step == (WARMING,):
            self.warm_up_seconds = self._pace.elapsed_seconds(now)
        self._end(now)

    def wait(self, now: float) -> Wait:
        """Of what is going on now; empty where nothing is."""
        if self._pace is None:
            return Wait()
        left = self._pace.left_seconds(now)
        at_most = self._step[0] == GENERATING
        place = (self._variants.index(self._at) + 1, len(self._variants)) if self._at in self._variants else None
        return Wait(self._pace.elapsed_seconds(now), left, at_most, place, self._whole(left, now))

    def _whole(self, step_left: float | None, now: float) -> float | None:
        """What is left of the run; None where anything still to come was never seen, or takes longer than it did."""
        if self._at is None or self._at not in self._variants:
            return None
        rest = self._variants[self._variants.index(self._at) + 1 :]
        expected = [self._expected(variant) for variant in [self._at, *rest]]
        known = [seconds for seconds in expected if seconds is not None]
        if not rest or len(known) < len(expected):
            return None
        current = known[0] - (now - self._variant_since)
        return None if current < 0 else max(current, step_left or 0.0) + sum(known[1:])

    def _expected(self, variant: Variant) -> float | None:
        """Seconds for all of ``variant``: as it took before, else as those of this run did."""
        before = self._seen.get(self._key(WHOLE, variant))
        return before if before is not None else fmean(self._done) if self._done else None

    def _start(self, step: str, now: float) -> None:
        self._end(now)
        self._step = self._key(step, self._at)
        self._pace = Pace(now, self._seen.get(self._step))

    def _count(self, step: str, done: int, total: int, now: float) -> None:
        if self._pace is None or self._step[0] != step:
            self._start(step, now)
        assert self._pace is not None
        self._pace.note(done, total, now)

    def _end(self, now: float) -> None:
        if self._pace is not None:
            self._seen[self._step] = self._pace.elapsed_seconds(now)
            self._pace = None

    def _finish_variant(self, now: float) -> None:
        self._end(now)
        if self._at is not None:
            seconds = now - self._variant_since
            self._seen[self._key(WHOLE, self._at)] = seconds
            self._done.append(seconds)

    def _key(self, step: str, variant: Variant | None) -> Step:
        """What makes two steps the same work."""
        if self._request is None or variant is None:
            return (step,)
        request = self._request
        asked = (*request.prompts, str(request.generation.max_new_tokens), str(request.score))
        return (step, request.model.path, variant.spelling, *(() if step == LOADING else asked))
