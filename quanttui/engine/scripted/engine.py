"""An engine that does what its script says. Keeps the contract of ``engine.base``; knows no model and no clock."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace

from quanttui.engine.scripted.model import ScriptedModel
from quanttui.engine.scripted.script import Script, split_pieces
from quanttui.engine.scripted.stories import default_script
from quanttui.engine.scripted.vocabulary import BOS_ID, Vocabulary
from quanttui.errors import CancelledError, EngineDiedError, UsageError, VariantUnsupportedError
from quanttui.records import (
    EncodedText,
    EncodeRequest,
    EngineDescription,
    EngineMemory,
    EstimateRequest,
    LoadProgress,
    LoadReport,
    LoadRequest,
    MemoryEstimate,
    Precision,
    Variant,
)

Hold = Callable[[str, Variant, int], None]
"""Called before every step with its stage ("load", "generate", "score", "unload"), its variant and its index."""

_DTYPES = {Precision.FP32: "float32", Precision.BF16: "bfloat16", Precision.FP16: "float16"}


class Gate:
    """A ``Hold`` that stops the engine at one step until it is released: for pictures of running states, no sleeps."""

    def __init__(self, stage: str, spelling: str, index: int = 0) -> None:
        self._place = (stage, spelling, index)
        self.reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, stage: str, variant: Variant, index: int) -> None:
        if (stage, variant.spelling, index) == self._place:
            self.reached.set()
            self._open.wait()

    def release(self) -> None:
        self._open.set()


class ScriptedEngine:
    """Keeps ``Engine``. One operation at a time; ``hold`` may block a step, ``cancel`` may come from another thread."""

    def __init__(self, script: Script | None = None, hold: Hold | None = None) -> None:
        self.script = script or default_script()
        self.vocabulary = Vocabulary(self.script)
        self.reference_sides: dict[str, tuple[int, ...]] = {}
        self.resident: ScriptedModel | None = None
        self._hold = hold
        self._faults_met: Counter[int] = Counter()
        self._cancel = threading.Event()
        self._busy = False

    def describe(self) -> EngineDescription:
        script = self.script
        return EngineDescription(
            device=script.device,
            device_name=script.device_name,
            process_id=script.process_id or os.getpid(),
            versions=dict(script.versions),
            threads=1,
            unsupported=dict(script.unsupported),
            cautions=dict(script.cautions),
        )

    def estimate(self, request: EstimateRequest) -> MemoryEstimate:
        variant, tokens = request.load.variant, min(request.tokens, self.script.model.context_length or request.tokens)
        self._check_supported(variant)
        part = self.script.variant(variant)
        running = max(0, (part.peak_bytes or part.parameter_bytes) - part.parameter_bytes)
        return MemoryEstimate(
            variant=variant,
            device=self.script.device,
            tokens=tokens,
            weights_bytes=part.parameter_bytes,
            kv_cache_bytes=self.script.kv_cache_bytes_per_token * tokens,
            activation_bytes=max(0, running - self.script.kv_cache_bytes_per_token * tokens),
            scoring_bytes=0,
            kept_bytes=0,
            load_peak_bytes=part.parameter_bytes,
            context_bytes=self.script.context_bytes,
        )

    def encode(self, request: EncodeRequest) -> EncodedText:
        token_ids = self.vocabulary.ids(split_pieces(request.text))
        return EncodedText(token_ids, BOS_ID, self.script.model.context_length)

    def load(self, request: LoadRequest) -> Generator[LoadProgress, None, ScriptedModel]:
        variant, steps = request.variant, self.script.load_steps
        with self.operation():
            if request.save_to is not None:
                raise UsageError("the scripted engine has no weights to save", "Take the torch engine.")
            self._check_load(variant)
            for done in range(steps):
                self.step("load", variant, done)
                if self.cancelled:
                    raise CancelledError("the load was stopped on request", "Nothing stays loaded.")
                yield LoadProgress("loading weights", done + 1, steps)
            self.resident = ScriptedModel(self, self._report(request))
            return self.resident

    def cancel(self) -> None:
        if self._busy:
            self._cancel.set()

    def memory(self) -> EngineMemory:
        return self.script.memory

    def close(self) -> None:
        self.cancel()
        self.forget()

    def forget(self) -> None:
        """Drop what an engine that died would have lost."""
        self.resident = None
        self.reference_sides.clear()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    @contextmanager
    def operation(self) -> Iterator[None]:
        """An operation is under way within; a cancellation from before it does not count."""
        self._cancel.clear()
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def step(self, stage: str, variant: Variant, index: int) -> None:
        """What happens before each step: being held, waiting, failing."""
        if self._hold is not None:
            self._hold(stage, variant, index)
        if stage == "generate" and self.script.token_delay_seconds:
            time.sleep(self.script.token_delay_seconds)
        for number, fault in enumerate(self.script.faults):
            place = (fault.stage, fault.spelling, fault.index)
            if place == (stage, variant.spelling, index) and self._faults_met[number] < fault.times:
                self._faults_met[number] += 1
                if fault.error is None:
                    self.die()
                else:
                    raise type(fault.error)(fault.error.message, fault.error.hint)

    def die(self) -> None:
        """Be gone, as far as one can be within the caller's own process."""
        self.forget()
        raise EngineDiedError("the engine process was killed (SIGKILL)", "Run again: a fresh one starts.")

    def _check_supported(self, variant: Variant) -> None:
        reason = self.script.unsupported.get(variant.precision)
        if reason:
            raise VariantUnsupportedError(f"{variant} cannot run here: {reason}", "Choose another variant.")

    def _check_load(self, variant: Variant) -> None:
        self._check_supported(variant)
        if self.resident is not None:
            raise UsageError("a model is loaded already", "Unload it first.")

    def _report(self, request: LoadRequest) -> LoadReport:
        part = self.script.variant(request.variant)
        return LoadReport(
            variant=request.variant,
            model=replace(self.script.model, id=request.model_id),
            device=self.script.device,
            options=_options(request),
            load_seconds=part.load_seconds,
            parameter_bytes=part.parameter_bytes,
            notes=self.script.notes,
        )


def _options(request: LoadRequest) -> dict[str, str | int | float | bool | list[str] | None]:
    variant, dtype = request.variant, _DTYPES.get(request.reference_dtype, "float32")
    if variant.precision.is_4bit:
        return {
            "dtype": dtype,
            "load_in_4bit": True,
            "bnb_4bit_quant_type": variant.precision.value,
            "bnb_4bit_use_double_quant": variant.double_quant,
            "bnb_4bit_compute_dtype": _DTYPES.get(variant.compute_dtype or request.reference_dtype, dtype),
        }
    if variant.precision is Precision.INT8:
        threshold = 6.0 if variant.threshold is None else variant.threshold
        return {"dtype": dtype, "load_in_8bit": True, "llm_int8_threshold": threshold}
    return {"dtype": _DTYPES[variant.precision]}
