"""What a variant is. How one is read from text stands in ``quanttui.variants``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Precision(StrEnum):
    """How the weights of the Linear layers are held."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    INT8 = "int8"
    NF4 = "nf4"
    FP4 = "fp4"

    @property
    def is_quantized(self) -> bool:
        return self in (Precision.INT8, Precision.NF4, Precision.FP4)

    @property
    def is_4bit(self) -> bool:
        return self in (Precision.NF4, Precision.FP4)


DEFAULT_INT8_THRESHOLD = 6.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of holding a model: a precision and its options.

    ``compute_dtype``: what 4-bit layers multiply in; None = the reference's dtype. ``threshold``: int8's outlier
    threshold; None = 6.0. ``skip``: full module names that stay unquantized besides those that stay so anyway.
    ``head``: quantize the output head too.
    """

    precision: Precision
    double_quant: bool = False
    compute_dtype: Precision | None = None
    threshold: float | None = None
    skip: tuple[str, ...] = ()
    head: bool = False

    @property
    def spelling(self) -> str:
        """The shortest text that means this variant: ``nf4+dq+compute=fp16``."""
        parts = [self.precision.value]
        if self.double_quant:
            parts.append("dq")
        if self.compute_dtype is not None:
            parts.append(f"compute={self.compute_dtype}")
        if self.threshold is not None and self.threshold != DEFAULT_INT8_THRESHOLD:
            parts.append(f"threshold={self.threshold:g}")
        if self.skip:
            parts.append("skip=" + ":".join(self.skip))
        if self.head:
            parts.append("head")
        return "+".join(parts)

    def __str__(self) -> str:
        return self.spelling
