"""One sweep as an iterator of events: the reference over all units, then each candidate over them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from quanttui.cache.shelf import SideShelf
from quanttui.cache.sides import SideCache
from quanttui.engine.base import Engine
from quanttui.errors import QuantTuiError, UsageError, VariantUnsupportedError
from quanttui.pipeline.driving import kept_dtype, stopped
from quanttui.pipeline.sweep.budget import budget_notes
from quanttui.pipeline.sweep.course import Course
from quanttui.pipeline.sweep.keys import group_of
from quanttui.pipeline.sweep.ledger import Ledger
from quanttui.pipeline.sweep.lookup import readings_of
from quanttui.pipeline.sweep.outlook import Outlook
from quanttui.pipeline.sweep.reading import read_units
from quanttui.pipeline.sweep.scoring import score_candidates
from quanttui.pipeline.sweep.speed import most_speed_seconds, speed_prompts
from quanttui.pipeline.sweep.teller import Teller
from quanttui.pipeline.sweep.units import Plan, plan_units
from quanttui.records import EncodeRequest, EngineDescription, Precision, Sweep, SweepRequest, Variant
from quanttui.records.sweep_events import SweepEvent, SweepFailed, SweepFinished, SweepStarted, SweepTallied
from quanttui.variants import default_reference


def run_sweep(
    engine: Engine,
    request: SweepRequest,
    sides: SideCache,
    cancelled: Callable[[], bool] = lambda: False,
    resumed: Sweep | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[SweepEvent]:
    """Drive ``engine`` through ``request``. Always ends with one ``SweepFinished`` or ``SweepFailed``, never raises.

    ``sides``: where the reference's sides are kept. ``resumed``: what an earlier process has of this very request;
    only what it has not is done. ``cancelled`` is asked at every step: once it is true no new work begins.
    """
    running = _Running(engine, request, sides, cancelled, resumed, clock)
    try:
        with closing(running.events()) as events:
            for event in events:
                running.take(event)
                yield event
        yield from running.finished()
    except Exception as error:  # any fault of an engine becomes a failed sweep, and the app goes on
        yield from running.failed(error)


class _Running:
    """The steps of one sweep, and its ledger from its start on."""

    def __init__(
        self,
        engine: Engine,
        request: SweepRequest,
        sides: SideCache,
        cancelled: Callable[[], bool],
        resumed: Sweep | None,
        clock: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._request = request
        self._sides = sides
        self._cancelled = cancelled
        self._resumed = resumed
        self._clock = clock
        self._began = 0.0
        self._teller: Teller | None = None

    def events(self) -> Generator[SweepEvent, None, None]:
        self._began = self._clock()
        _check_request(self._request, self._resumed)
        environment = self._engine.describe()
        if self._cancelled():
            raise stopped()
        reference = self._request.reference or default_reference(self._request.model.dtype, environment.device)
        _check_reference(reference, self._request, environment)
        yield SweepStarted(self._request, environment, reference, self._resumed)
        assert self._teller is not None
        plan = self._plan()
        for note in (*plan.notes, *_change_notes(environment, self._resumed)):
            self._teller.ledger.note(note)
        with self._sides.opened(group_of(self._request.model, reference, environment, self._request.run_id)) as shelf:
            yield from self._swept(self._teller, plan, shelf)

    def _swept(self, teller: Teller, plan: Plan, shelf: SideShelf) -> Iterator[SweepEvent]:
        ledger, model = teller.ledger, self._request.model
        keep_head = needs_head(self._request.candidates, ledger.reference.precision)
        readings = readings_of(plan, ledger, shelf, with_head=keep_head)
        teller.outlook = Outlook(
            ledger,
            coming=[reading.planned for reading in readings],
            on_disk=[not reading.needs_model for reading in readings],
            most_speed_seconds=most_speed_seconds(self._request) if speed_prompts(self._request) else None,
        )
        course = Course(
            engine=self._engine,
            ledger=ledger,
            shelf=shelf,
            dtype=kept_dtype(ledger.reference, model.dtype, ledger.environment.device),
            keep_head=keep_head,
            teller=teller,
            outlook=teller.outlook,
            cancelled=self._cancelled,
            clock=self._clock,
        )
        yield from read_units(course, readings)
        _check_units(course)
        yield from score_candidates(course)

    def take(self, event: SweepEvent) -> None:
        if isinstance(event, SweepStarted):
            self._teller = Teller(Ledger(event), self._clock, self._began - spent_seconds(event.resumed))
        elif self._teller is not None:
            self._teller.ledger.take(event)

    def finished(self) -> Iterator[SweepEvent]:
        assert self._teller is not None
        self._teller.now("")
        for note in budget_notes(self._teller):
            self._teller.ledger.note(note)
        snapshot = self._teller.snapshot()
        yield SweepTallied(snapshot)
        yield SweepFinished(self._teller.ledger.sweep(), snapshot)

    def failed(self, error: Exception) -> Iterator[SweepEvent]:
        message, hint, exit_code = _words(error)
        if self._teller is None:
            yield SweepFailed(None, None, message, hint, exit_code)
            return
        self._teller.now("")
        snapshot = self._teller.snapshot(message)
        yield SweepTallied(snapshot)
        yield SweepFailed(self._teller.ledger.sweep(message), snapshot, message, hint, exit_code)

    def _plan(self) -> Plan:
        model = self._request.model
        encoded = [self._engine.encode(EncodeRequest(model.path, text.text)) for text in self._request.texts]
        texts = list(zip(self._request.texts, encoded, strict=True))
        return plan_units(self._request.prompts, texts, self._request.protocol, self._request.budget)


def needs_head(candidates: tuple[Variant, ...], reference: Precision) -> bool:
    """Whether a candidate's output head may be another than the reference's: quantized, or of another float type."""
    return any(
        variant.head or (not variant.precision.is_quantized and variant.precision is not reference)
        for variant in candidates
    )


def _words(error: Exception) -> tuple[str, str, int]:
    if isinstance(error, QuantTuiError):
        return error.message, error.hint, error.exit_code
    return f"{type(error).__name__}: {error}", "This is a defect of quanttui; please report it.", 1


def spent_seconds(resumed: Sweep | None) -> float:
    """What an earlier process is known to have taken, which counts for the time a sweep may take."""
    if resumed is None:
        return 0.0
    return sum(load.report.load_seconds for load in resumed.loads) + sum(cell.seconds for cell in resumed.cells)


def _change_notes(environment: EngineDescription, resumed: Sweep | None) -> Iterator[str]:
    """What has changed since an earlier process of this sweep, where figures depend on it."""
    if resumed is not None and (resumed.environment.device_name, resumed.environment.versions) != (
        environment.device_name,
        environment.versions,
    ):
        yield "a part of this sweep was measured on another device or with other versions of the libraries"


def _check_request(request: SweepRequest, resumed: Sweep | None) -> None:
    if not request.prompts and not request.texts:
        raise UsageError("there is nothing to sweep over", "Name prompts or text: --prompts suite, --text FILE")
    if not request.candidates:
        raise UsageError("there is no variant to sweep", "Choose at least one: --variants int8,nf4")
    for variant in request.candidates:
        if request.candidates.count(variant) > 1:
            raise UsageError(f"the variant {variant} is chosen twice", "Name each variant once.")
    if request.generation.do_sample:
        raise UsageError("a sweep continues its prompts greedily", "Leave sampling out.")
    if request.model.problem:
        raise UsageError(f"{request.model.id} cannot be run: {request.model.problem}", "Choose another model.")
    if resumed is not None and resumed.request != request:
        raise UsageError("what is taken up again is another sweep", "Start it as a new one.")


def _check_reference(reference: Variant, request: SweepRequest, environment: EngineDescription) -> None:
    if reference in request.candidates:
        raise UsageError(f"{reference} is the reference already", "Leave it out of the variants.")
    if reason := environment.unsupported.get(reference.precision):
        raise VariantUnsupportedError(
            f"{reference} cannot run on {environment.device}: {reason}", "Choose another reference."
        )


def _check_units(course: Course) -> None:
    if not course.ledger.units:
        left_out = "; ".join(note for note in course.ledger.notes if " is left out: " in note)
        raise UsageError(f"there is nothing that could be scored: {left_out}", "Name longer text or other prompts.")
