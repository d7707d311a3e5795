"""A model's output head, from final hidden states to logits in fp32. Knows no text, no other model and no measure.

Half-precision logits are spaced 0.06 to 0.12 apart where they matter, so a model's own output is too coarse to compare
two models by. Here the head's weight is upcast slice by slice: products of bf16 or fp16 values are exact in fp32, and
what is accumulated and returned is fp32.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from quanttui.errors import MeasurementError

SLICE_ELEMENTS = 2**19
"""Of the weight, upcast at once: 2 MiB in fp32, so that a slice is still in cache when it is multiplied."""


@dataclass(frozen=True, slots=True)
class LogitTransform:
    """What a model does to its head's output: times ``scale``, then ``softcap``·tanh(x / ``softcap``)."""

    scale: float = 1.0
    softcap: float | None = None

    def apply_(self, logits: Tensor) -> Tensor:
        if self.scale != 1.0:
            logits.mul_(self.scale)
        if self.softcap is not None:
            logits.div_(self.softcap).tanh_().mul_(self.softcap)
        return logits


def possible_transforms(config: Any) -> list[LogitTransform]:
    """The transforms that ``config`` may stand for, most likely first; which one it is, the model's own logits tell.

    ``logits_scaling`` divides in Granite and multiplies in HyperCLOVA X; some configs hold a key that nothing reads.
    """
    text = config.get_text_config()
    softcap = getattr(text, "final_logit_softcapping", None) or getattr(text, "logits_soft_cap", None)
    factor = 1.0
    for name in ("logit_scale", "lm_head_multiplier", "output_multiplier"):
        factor *= _number(getattr(text, name, None))
    scaling = _number(getattr(text, "logits_scaling", None))
    named = [LogitTransform(factor / scaling, softcap), LogitTransform(factor * scaling, softcap)]
    return list(dict.fromkeys([*named, LogitTransform(1.0, softcap), LogitTransform()]))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and value else 1.0


class OutputHead:
    """The head of one model. It keeps the weight alive after the model is gone, and nothing else of it.

    A head that is quantized, or no plain ``nn.Linear``, gives its own output, in the precision it has: that is the
    model which is measured.
    """

    def __init__(self, module: nn.Module, transform: LogitTransform | None = None) -> None:
        self.transform = transform or LogitTransform()
        self.module: nn.Module | None = module
        self.weight: Tensor | None = None
        self.bias: Tensor | None = None
        if type(module) is nn.Linear and module.weight.is_floating_point():
            self.module = None
            self.weight = module.weight.detach()
            self.bias = module.bias.detach() if module.bias is not None else None

    @classmethod
    def of_weight(cls, weight: Tensor, bias: Tensor | None, transform: LogitTransform) -> OutputHead:
        """A plain head that no model holds; ``bias`` goes where ``weight`` lies."""
        linear = nn.Linear(weight.shape[1], len(weight), bias=bias is not None, device="meta")
        head = cls(linear, transform)
        head.weight = weight
        head.bias = None if bias is None else bias.to(weight.device)
        return head

    @property
    def vocab_size(self) -> int:
        return len(self.weight) if self.weight is not None else int(getattr(self.module, "out_features", 0))

    @property
    def device(self) -> torch.device:
        held = self.weight if self.weight is not None else next(self.module.parameters(), None) if self.module else None
        return held.device if held is not None else torch.device("cpu")

    def with_transform(self, transform: LogitTransform) -> OutputHead:
        changed = copy.copy(self)
        changed.transform = transform
        return changed

    def logits(self, states: Tensor, rounded_to: torch.dtype | None = None, out: Tensor | None = None) -> Tensor:
        """``states`` [tokens, hidden] → logits [tokens, vocabulary], fp32, after the model's own transforms.

        ``rounded_to``: as if weight and bias had been cast to that type first (a plain head only). ``out``: where to.
        """
        return self.logits_of_each([states], [out], rounded_to)[0]

    def logits_of_each(
        self, parts: Sequence[Tensor], outs: Sequence[Tensor | None], rounded_to: torch.dtype | None = None
    ) -> list[Tensor]:
        """As ``logits`` of each of ``parts``, bit for bit, with the weight upcast once for all of them."""
        if self.weight is None:
            return [self._module_logits(states) for states in parts]
        if parts[0].device != self.weight.device:  # a model over several GPUs
            there = self.logits_of_each([states.to(self.weight.device) for states in parts], [None] * len(parts))
            return [logits.to(parts[0].device) for logits in there]
        logits = [
            states.new_empty(len(states), len(self.weight), dtype=torch.float32) if out is None else out
            for states, out in zip(parts, outs, strict=True)
        ]
        _project(parts, self.weight, rounded_to, logits)
        return [self.transform.apply_(self._with_bias(part, rounded_to)) for part in logits]

    def _module_logits(self, states: Tensor) -> Tensor:
        assert self.module is not None
        return self.transform.apply_(self.module(states[None])[0].to(torch.float32, copy=True))

    def _with_bias(self, logits: Tensor, rounded_to: torch.dtype | None) -> Tensor:
        return logits if self.bias is None else logits.add_(self.bias.to(rounded_to or self.bias.dtype).float())

    def shares_weight_with(self, other: OutputHead) -> bool:
        """Whether both give the same logits for the same states, bit for bit: then one copy can serve both."""
        if self.weight is None or other.weight is None or self.transform != other.transform:
            return False
        return _equal(self.weight, other.weight) and _equal(self.bias, other.bias)


def find_head(model: Any) -> nn.Module:
    head = model.get_output_embeddings()
    if not isinstance(head, nn.Module):
        raise MeasurementError(
            f"{type(model).__name__} names no output head, so its distributions cannot be measured exactly",
            "Compare its outputs without measuring divergence.",
        )
    if any(parameter.is_meta for parameter in head.parameters()):
        raise MeasurementError(
            "the output head had no room on the GPU and lies in the host's memory: divergence cannot be measured there",
            "Choose a smaller variant or model, or compare the texts without measuring divergence.",
        )
    return head


def settle_transform(head: OutputHead, config: Any, states: Tensor, own_logits: Tensor) -> OutputHead:
    """``head`` with the transform that gives ``own_logits`` [k, vocabulary] from ``states`` [k, hidden].

    To the precision of the model's own logits, that is: each step of theirs rounds by half an epsilon, and there are
    at most four of them; fp32 sums of ``hidden`` terms differ by their order. Raises MeasurementError where nothing
    gives them: then the model does something to its logits that is not known here.
    """
    if not bool(torch.isfinite(own_logits).all()):
        raise not_finite()
    own = own_logits.float()
    own_epsilon = max(torch.finfo(own_logits.dtype).eps, torch.finfo(states.dtype).eps)
    tolerance = (2 * own_epsilon + 2**-23 * states.shape[1] ** 0.5) * own.abs().amax(-1, keepdim=True)
    for transform in possible_transforms(config):
        candidate = head.with_transform(transform)
        ours = candidate.logits(states)
        if ours.shape == own.shape and bool(((ours - own).abs() <= tolerance).all()):
            return candidate
    raise MeasurementError(
        "the model's own logits do not follow from its final hidden states and its output head",
        "It transforms its logits in a way that is not known here; no divergence is given for it.",
    )


def not_finite() -> MeasurementError:
    return MeasurementError(
        "the model's logits hold NaN or infinite values, so no distribution can be measured",
        "Its weights or this precision are broken: try another variant, or download the model again.",
    )


def _project(parts: Sequence[Tensor], weight: Tensor, rounded_to: torch.dtype | None, outs: Sequence[Tensor]) -> None:
    """Each of ``outs`` [tokens, vocabulary] = its states · weightᵀ, by slices of the vocabulary.

    A product a part, so that its bits do not depend on what else is multiplied here.
    """
    rows = max(1, SLICE_ELEMENTS // weight.shape[1])
    upcast = torch.empty(min(rows, len(weight)), weight.shape[1], dtype=torch.float32, device=weight.device)
    wide = [states.float() for states in parts]
    with _lossless_matmul({*(states.dtype for states in parts), rounded_to or weight.dtype}, weight.device):
        for start in range(0, len(weight), rows):
            part = weight[start : start + rows]
            part = upcast[: len(part)].copy_(part.to(rounded_to) if rounded_to else part)
            for states, out in zip(wide, outs, strict=True):
                torch.mm(states, part.T, out=out[:, start : start + rows])


def _equal(ours: Tensor | None, theirs: Tensor | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    if ours.data_ptr() == theirs.data_ptr() and ours.shape == theirs.shape and ours.dtype == theirs.dtype:
        return True
    same_kind = ours.dtype == theirs.dtype and ours.device == theirs.device
    return same_kind and torch.equal(ours, theirs)


@contextmanager
def _lossless_matmul(operands: set[torch.dtype], device: torch.device) -> Iterator[None]:
    """The fastest fp32 product that rounds no operand; sums are fp32 in all of them.

    On a CPU "medium" lets oneDNN multiply in bf16, which loses nothing where both operands came from bf16. On CUDA
    "high" is TF32, whose 11 significant bits hold bf16 and fp16. Process-wide, so it is put back.
    """
    half = operands <= {torch.bfloat16, torch.float16}
    precision = "highest"
    if device.type == "cpu" and operands == {torch.bfloat16}:
        precision = "medium"
    elif device.type == "cuda" and half:
        precision = "high"
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
