"""What the steps of a sweep share: its engine, its ledger, its clock, and how a model comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from quanttui.cache.shelf import SideShelf
from quanttui.engine.base import Engine, LoadedModel
from quanttui.errors import LoadError, UsageError, VariantUnsupportedError
from quanttui.pipeline.driving import stopped, watched
from quanttui.pipeline.sweep.ledger import Ledger
from quanttui.pipeline.sweep.outlook import Outlook
from quanttui.pipeline.sweep.pace import Work
from quanttui.pipeline.sweep.teller import Teller
from quanttui.pipeline.sweep.units import longest_unit
from quanttui.records import EstimateRequest, LoadRequest, MemoryEstimate, Precision, SweepUnit, Variant
from quanttui.records.events import LoadProgressed, LoadStarted, ModelLoaded, ModelUnloaded
from quanttui.records.sweep_events import SweepEvent

Body = Callable[["Course", LoadedModel, Variant], Iterator[SweepEvent]]


@dataclass
class Course:
    """One sweep under way. ``side_keys``: by unit, what its side is kept under. ``dtype``: in which all stays that a
    candidate does not quantize. ``keep_head``: some candidate's output head may be another than the reference's."""

    engine: Engine
    ledger: Ledger
    shelf: SideShelf
    dtype: Precision
    keep_head: bool
    teller: Teller
    outlook: Outlook
    cancelled: Callable[[], bool]
    clock: Callable[[], float]
    side_keys: dict[int, str] = field(default_factory=dict)

    @property
    def units(self) -> list[SweepUnit]:
        """Those that count, as far as the reference has read them."""
        return self.ledger.units[: self.ledger.kept_units]

    def missing_cells(self, variant: Variant) -> list[SweepUnit]:
        return [unit for unit in self.units if (variant, unit.index) not in self.ledger.cells]

    def has_given_back(self, variant: Variant) -> bool:
        """Whether a load of it was seen to its end, and so what it took at most."""
        return any(load.report.variant == variant and load.unload is not None for load in self.ledger.loads)

    @property
    def running_candidates(self) -> list[Variant]:
        return [variant for variant in self.ledger.request.candidates if variant not in self.ledger.failures]

    def with_model(self, variant: Variant, body: Body) -> Iterator[SweepEvent]:
        """Load ``variant``, do ``body`` with it and give it back, however that ends."""
        entry = self.ledger.request.model
        load = LoadRequest(entry.id, entry.path, variant, self.dtype)
        self.teller.now("loading", variant)
        predicted = self._predict(load)
        yield LoadStarted(variant, variant == self.ledger.reference, predicted)
        with self.timed(variant, Work.LOAD):
            loading = self.engine.load(load)
            model = yield from watched(self.engine, loading, lambda made: LoadProgressed(variant, made), self.cancelled)
        self.outlook.loaded.add(variant)
        try:
            yield ModelLoaded(variant, replace(model.report, predicted=predicted))
            try:
                yield from body(self, model, variant)
            except Exception:
                yield ModelUnloaded(variant, model.unload())
                raise
            yield ModelUnloaded(variant, model.unload())
        finally:
            model.unload()  # does nothing more than once

    @contextmanager
    def timed(self, variant: Variant, work: Work) -> Iterator[None]:
        """What goes on within is one such piece of work, once it has ended well."""
        began = self.clock()
        yield
        self.outlook.pace.note(variant, work, self.clock() - began)

    def _predict(self, load: LoadRequest) -> MemoryEstimate | None:
        """None where the engine cannot tell: the load itself says why, in better words."""
        if self.cancelled():
            raise stopped()
        try:
            return self.engine.estimate(EstimateRequest(load, longest_unit(self.ledger.request)))
        except (LoadError, UsageError, VariantUnsupportedError):
            return None
