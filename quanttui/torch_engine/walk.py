"""A forward pass over a text, walked through on the meta device: what its cache and its activations would take.

Nothing is computed: only shapes flow, so a model of any size is walked through in a fraction of a second. Attention
that torch computes in one fused kernel is taken as that: its scores are never in memory as a whole.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from quanttui.torch_engine.decoder import decoding_inputs
from quanttui.torch_engine.spared_imports import compiler_put_off

# Recurrent layers are walked through token by token: longer texts than this would take seconds.
MOST_RECURRENT_TOKENS = 32
# What a model may raise that looks at values, which the meta device does not have.
_WALK_ERRORS = (RuntimeError, NotImplementedError, AttributeError, TypeError, ValueError, KeyError, IndexError)


@dataclass(frozen=True)
class Walked:
    """Bytes of a prefill of all tokens but the last and one decode step. ``activation_bytes``: the highest use beside
    weights and cache."""

    kv_cache_bytes: int
    activation_bytes: int


def walk(model: Any, tokens: int) -> Walked | None:
    """``model`` lies on the meta device. None where it cannot be walked through."""
    inputs = decoding_inputs(model.eval())
    recurrent = _is_recurrent(inputs)
    walked_tokens = min(tokens, MOST_RECURRENT_TOKENS) if recurrent else tokens
    meter = _LiveBytes(model)
    try:
        with compiler_put_off(), torch.no_grad(), _FusedAttention(), meter:
            for count in (walked_tokens - 1, 1):
                outputs = model(input_ids=torch.zeros(1, max(count, 1), dtype=torch.long, device="meta"), **inputs)
                cache = _cache(outputs)
                del outputs
    except _WALK_ERRORS:
        return None
    cache_bytes, grown_bytes = _cache_bytes(cache), _cache_bytes(cache, tokens, walked_tokens)
    activations = max(0, meter.peak_bytes - cache_bytes)
    return Walked(grown_bytes, activations * tokens // walked_tokens)


def kept_tensors(cache: Any) -> Iterator[tuple[Any, torch.Tensor]]:
    """Every tensor that ``cache`` keeps, with the layer it belongs to."""
    for layer in getattr(cache, "layers", ()):
        for name, value in vars(layer).items():
            if not name.startswith("_"):
                yield from ((layer, leaf) for leaf in tree_leaves(value) if isinstance(leaf, torch.Tensor))


def _cache_bytes(cache: Any, tokens: int = 1, walked_tokens: int = 1) -> int:
    """Whole storages: a sliding layer keeps a view of one more token than it uses.

    Where fewer tokens were walked than asked for, what grows with the text is scaled up; a recurrent state does not.
    """
    total, seen = 0, set()
    for layer, tensor in kept_tensors(cache):
        storage = tensor.untyped_storage()
        if storage._cdata not in seen:
            seen.add(storage._cdata)
            total += storage.nbytes() * tokens // walked_tokens if _grows(layer, tensor) else storage.nbytes()
    return total


def _grows(layer: Any, tensor: torch.Tensor) -> bool:
    return tensor is getattr(layer, "keys", None) or tensor is getattr(layer, "values", None)


def _is_recurrent(inputs: dict[str, Any]) -> bool:
    cache = inputs.get("past_key_values", inputs.get("cache_params"))
    return cache is None or any(not hasattr(layer, "keys") for layer in cache.layers)


def _cache(outputs: Any) -> Any:
    return getattr(outputs, "past_key_values", None) or getattr(outputs, "cache_params", None)


class _LiveBytes(TorchDispatchMode):
    """The highest sum of bytes of all storages that came up within and were still alive."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.peak_bytes = 0
        self._live_bytes = 0
        tensors = (*model.parameters(), *model.buffers())
        self._known = {tensor.untyped_storage()._cdata for tensor in tensors}

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._take(leaf.untyped_storage())
        self.peak_bytes = max(self.peak_bytes, self._live_bytes)
        return result

    def _take(self, storage: torch.UntypedStorage) -> None:
        place, size = storage._cdata, storage.nbytes()
        if place not in self._known:
            self._known.add(place)
            self._live_bytes += size
            weakref.finalize(storage, self._let_go, place, size)

    def _let_go(self, place: int, size: int) -> None:
        self._known.discard(place)
        self._live_bytes -= size


class _FusedAttention(TorchFunctionMode):
    """torch's attention as its fused kernels do it. On the meta device it would make the scores, tokens × tokens."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is nn.functional.scaled_dot_product_attention:
            query, _, value = args[:3]
            return query.new_empty(*query.shape[:-1], value.shape[-1])
        return func(*args, **(kwargs or {}))
