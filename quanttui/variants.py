"""Variants as people write them: ``nf4+dq+compute=fp16``. The one place that reads them."""

from __future__ import annotations

import math
from typing import Any

from quanttui.errors import UsageError, did_you_mean
from quanttui.records import Precision, Variant
from quanttui.records.variant import DEFAULT_INT8_THRESHOLD

_OPTIONS = ("dq", "compute=", "threshold=", "skip=", "head")
_FLOATS = (Precision.FP32, Precision.BF16, Precision.FP16)
_HELP = "Variants: fp32 bf16 fp16 int8 nf4 fp4, options after a plus: nf4+dq, nf4+compute=fp16, int8+threshold=0"


def parse_variant(text: str) -> Variant:
    """The variant that ``text`` names. Raises UsageError, naming the nearest right spelling."""
    name, *options = text.strip().lower().split("+") if "skip=" not in text else _split_keeping_names(text)
    try:
        precision = Precision(name.strip())
    except ValueError:
        raise UsageError(f"no variant is called {text!r}", _nearest(name, [p.value for p in Precision])) from None
    chosen: dict[str, Any] = {}  # _read_option gives each key its type
    for option in options:
        key, _, value = option.strip().partition("=")
        if key in chosen:
            raise UsageError(f"{text!r} gives {key} twice", _HELP)
        chosen[key] = _read_option(text, precision, key, value, has_value="=" in option)
    return Variant(
        precision=precision,
        double_quant=bool(chosen.get("dq", False)),
        compute_dtype=chosen.get("compute"),
        threshold=chosen.get("threshold"),
        skip=chosen.get("skip", ()),
        head=bool(chosen.get("head", False)),
    )


def default_reference(checkpoint_dtype: Precision | None, device: str) -> Variant:
    """The reference unless one is chosen: the checkpoint's half-precision type, else fp16 on a GPU, bf16 on a CPU."""
    if checkpoint_dtype in (Precision.BF16, Precision.FP16):
        return Variant(checkpoint_dtype)
    return Variant(Precision.BF16 if device == "cpu" else Precision.FP16)


def default_candidates(prequantized: str | None) -> tuple[Variant, ...]:
    """The candidates unless some are chosen; a model that was saved quantized (``ModelEntry.prequantized``) has one."""
    if prequantized is None:
        return (Variant(Precision.INT8), Variant(Precision.NF4))
    try:
        return (parse_variant(prequantized),)
    except UsageError:  # another library's name: the entry's problem says that it cannot be run
        return ()


def _split_keeping_names(text: str) -> list[str]:
    """Options are case-blind, module names are not."""
    parts = text.strip().split("+")
    return [part if part.lower().startswith("skip=") else part.lower() for part in parts]


def _read_option(text: str, precision: Precision, key: str, value: str, *, has_value: bool) -> object:
    match key.lower():
        case "dq" | "head" if has_value:
            raise UsageError(f"in {text!r}, {key} takes no value", f"Write {key} alone. {_HELP}")
        case "dq":
            _require(precision.is_4bit, text, "dq (double quantization) is for nf4 and fp4")
            return True
        case "head":
            _require(precision.is_quantized, text, "head (quantize the output head) is for int8, nf4 and fp4")
            return True
        case "compute":
            _require(precision.is_4bit, text, "compute= is for nf4 and fp4; int8 always multiplies in int8 and fp16")
            return _read_dtype(text, value)
        case "threshold":
            _require(precision is Precision.INT8, text, "threshold= is for int8")
            return _read_threshold(text, value)
        case "skip":
            _require(precision.is_quantized, text, "skip= is for int8, nf4 and fp4")
            names = tuple(name for name in value.split(":") if name)
            if not names:
                raise UsageError(f"in {text!r}, skip= names no module", "Write skip=model.layers.0:model.layers.1")
            return names
        case _:
            raise UsageError(f"in {text!r}, {key!r} is no option", _nearest(key, [o.rstrip("=") for o in _OPTIONS]))


def _read_dtype(text: str, value: str) -> Precision:
    names = [precision.value for precision in _FLOATS]
    if value not in names:
        raise UsageError(f"in {text!r}, compute={value} is no dtype", _nearest(value, names))
    return Precision(value)


def _read_threshold(text: str, value: str) -> float | None:
    try:
        threshold = float(value)
    except ValueError:
        threshold = math.nan
    if not math.isfinite(threshold) or threshold < 0:
        raise UsageError(
            f"in {text!r}, threshold={value} is no number from 0 up", "Write int8+threshold=6 or 0 for off"
        )
    return None if threshold == DEFAULT_INT8_THRESHOLD else threshold


def _require(fits: bool, text: str, reason: str) -> None:
    if not fits:
        raise UsageError(f"{text!r} does not exist: {reason}", _HELP)


def _nearest(name: str, known: list[str]) -> str:
    return did_you_mean(name.lower(), known, cutoff=0.4) + _HELP
