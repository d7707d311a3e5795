"""What is chosen for the next run: the model, its reference, the ticked candidates. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from quanttui.records import EngineDescription, LoadReport, ModelEntry, Precision, Variant
from quanttui.variants import default_candidates, default_reference

DESCRIPTIONS = {
    Precision.FP32: "32-bit float, nothing lost",
    Precision.BF16: "16-bit float, wide range",
    Precision.FP16: "16-bit float, fine steps",
    Precision.INT8: "8-bit, outliers in 16-bit",
    Precision.NF4: "4-bit, normal-curve steps",
    Precision.FP4: "4-bit float",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """``chosen_reference`` None: the checkpoint's own half-precision type. The reference is never a candidate, but
    keeps its tick for when it is the reference no more. ``has_chat_template`` None: no load has told yet."""

    model: ModelEntry | None = None
    chosen_reference: Variant | None = None
    ticked: frozenset[Variant] = frozenset()
    offered: tuple[Variant, ...] = tuple(Variant(precision) for precision in Precision)
    engine: EngineDescription | None = None
    measured_bytes: dict[Variant, int] = field(default_factory=dict)
    has_chat_template: bool | None = None

    @property
    def reference(self) -> Variant:
        if self.chosen_reference is not None:
            return self.chosen_reference
        dtype = self.model.dtype if self.model else Precision.BF16
        return default_reference(dtype, self.engine.device if self.engine else "cpu")

    @property
    def candidates(self) -> tuple[Variant, ...]:
        """The ticked ones that the model can be, in the order of the list."""
        ticked = (variant for variant in self.offered if variant in self.ticked and variant != self.reference)
        return tuple(variant for variant in ticked if not self._is_stored_otherwise(variant))

    @property
    def possible(self) -> tuple[Variant, ...]:
        """Those offered that the model and the hardware allow."""
        return tuple(variant for variant in self.offered if self.why_not(variant) is None)

    def with_model(self, entry: ModelEntry) -> Selection:
        if self.model is not None and entry.path == self.model.path:
            return replace(self, model=entry)
        chosen = replace(self, model=entry, measured_bytes={}, has_chat_template=None)
        if entry.prequantized is None or entry.problem is not None:
            return chosen
        for variant in default_candidates(entry.prequantized):
            chosen = chosen.with_offer(variant)
        return chosen

    def with_load(self, report: LoadReport) -> Selection:
        """What a load of the chosen model has told of it."""
        measured = {**self.measured_bytes, report.variant: report.parameter_bytes}
        return replace(self, measured_bytes=measured, has_chat_template=report.model.has_chat_template)

    def with_tick(self, variant: Variant) -> Selection:
        """The tick of ``variant`` turned over."""
        return replace(self, ticked=self.ticked ^ {variant})

    def with_reference(self, variant: Variant) -> Selection:
        return replace(self, chosen_reference=variant)

    def with_offer(self, variant: Variant) -> Selection:
        """``variant`` offered after its own kind, and ticked."""
        if variant in self.offered:
            return replace(self, ticked=self.ticked | {variant})
        kin = [i for i, other in enumerate(self.offered) if other.precision == variant.precision]
        place = kin[-1] + 1
        return replace(
            self,
            offered=(*self.offered[:place], variant, *self.offered[place:]),
            ticked=self.ticked | {variant},
        )

    def why_not(self, variant: Variant) -> str | None:
        """The reason why ``variant`` cannot run here, as far as the model's entry and the engine have told."""
        if self._is_stored_otherwise(variant) and self.model is not None:
            return f"the model was saved as {self.model.prequantized}"
        return self.engine.unsupported.get(variant.precision) if self.engine else None

    def _is_stored_otherwise(self, variant: Variant) -> bool:
        """Whether the chosen model was saved quantized, and not as ``variant``."""
        stored = self.model.prequantized if self.model else None
        return stored is not None and variant.precision.is_quantized and variant.spelling != stored
