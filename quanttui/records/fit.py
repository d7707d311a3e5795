"""What a variant will take before it is loaded, and whether that is there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quanttui.records.variant import Variant


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes on ``device``, foretold without reading a weight. ``tokens``: those asked for, or the context if shorter.

    ``weights_bytes``: as ``LoadReport.parameter_bytes``, exactly. ``load_peak_bytes``: the weights and what loading
    needs beside them at its worst moment. ``kv_cache_bytes`` and ``activation_bytes`` (the forward pass over the
    whole text): None where the model cannot be walked through without weights. ``scoring_bytes``: the buffers in
    which distributions are compared. ``kept_bytes``: what scoring keeps of the reference beside this model.
    ``context_bytes``: what the process takes on the device before any model. ``mapped_bytes``: on a CPU, pages of the
    files that show up as resident though they are no allocation and go when memory is short.
    """

    variant: Variant
    device: str
    tokens: int
    weights_bytes: int
    kv_cache_bytes: int | None
    activation_bytes: int | None
    scoring_bytes: int
    kept_bytes: int
    load_peak_bytes: int
    context_bytes: int
    mapped_bytes: int = 0

    @property
    def running_bytes(self) -> int:
        """Beside the weights, while it generates or scores."""
        return max((self.kv_cache_bytes or 0) + (self.activation_bytes or 0), self.scoring_bytes)

    @property
    def peak_bytes(self) -> int:
        """Highest use above the idle level, as ``UnloadReport.peak_bytes`` will measure it."""
        return self.mapped_bytes + max(self.load_peak_bytes, self.weights_bytes + self.running_bytes)

    @property
    def needed_bytes(self) -> int:
        """All that has to be there: the process, what is kept beside the model, and the model at its highest."""
        return self.peak_bytes - self.mapped_bytes + self.kept_bytes + self.context_bytes


class FitVerdict(StrEnum):
    FITS = "fits"
    TIGHT = "tight"
    DOES_NOT_FIT = "does not fit"
    UNSUPPORTED = "cannot run"
    UNKNOWN = "unknown"


class Placement(StrEnum):
    """Where a model would have room. ``SPREAD``: over several GPUs; ``OFFLOADED``: partly in the host's memory."""

    DEVICE = "device"
    OTHER_DEVICE = "another device"
    SPREAD = "spread"
    OFFLOADED = "offloaded"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Fit:
    """One variant on one device. ``room_bytes``: what it can have there: free now, and what the engine holds itself.

    ``reason`` says why, ``advice`` what would fit instead ("" where nothing needs to be done); each one sentence or
    more. ``estimate`` None: the engine could not tell.
    """

    variant: Variant
    device: str
    verdict: FitVerdict
    reason: str
    advice: str = ""
    estimate: MemoryEstimate | None = None
    room_bytes: int | None = None
    placement: Placement = Placement.DEVICE
