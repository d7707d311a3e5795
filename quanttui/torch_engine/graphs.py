"""Decoding steps over a cache of fixed size, replayed as one CUDA graph: a launch a token instead of one a kernel.

Only on request (``QUANTTUI_CUDA_GRAPHS=1``), and only where ``graphs_agree`` found the same greedy tokens as eagerly. A
fixed cache is masked where it is empty, which sums in another order: in half precision the last bits differ. The cache
and its mask are tried on the CPU; the graph itself has not been run on a CUDA device yet.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import torch
from bitsandbytes.nn.modules import Linear8bitLt
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from quanttui.torch_engine.straight import StraightStep

TRIED_TOKENS = 8
_WARM_UPS = 3
_SYNCHRONISING_ROPES = ("dynamic", "longrope")  # they look at the position from Python


class StaticStep:
    """A straight step over ``length`` positions of which ``cache`` (one that grows, left as it is) fills the first.

    ``token`` and ``position`` [1, 1] are read from the same memory at every step, as a graph needs it.
    """

    def __init__(self, step: StraightStep, cache: Any, length: int) -> None:
        self._step = step
        self._token = torch.zeros((1, 1), dtype=torch.long, device=step.device)
        self._position = torch.full((1, 1), cache.get_seq_length(), device=step.device)
        self._places = torch.arange(length, device=step.device)
        self._kept = [(_widened(layer.keys, length), _widened(layer.values, length)) for layer in cache.layers]

    @property
    def length(self) -> int:
        return len(self._places)

    def __call__(self, token_id: int, position: int, _cache: Any = None) -> Tensor:
        """The head is called outside of what is replayed, so that hooks on it see their states."""
        self._token.fill_(token_id)
        self._position.fill_(position)
        return self._step.logits(self._hidden())

    def _hidden(self) -> Tensor:
        mask = (self._places <= self._position)[None, None]  # [1, 1, 1, length]
        attends = [partial(_attend, keys, values, self._position[0], mask) for keys, values in self._kept]
        return self._step.hidden(self._token, self._position, attends)


class GraphStep(StaticStep):
    """Captured when it is made; a replay writes into the memory of the first."""

    def __init__(self, step: StraightStep, cache: Any, length: int) -> None:
        super().__init__(step, cache, length)
        with torch.cuda.device(step.device):  # what is captured is the current device's
            self._capture(step.device)

    def _capture(self, device: torch.device) -> None:
        stream = torch.cuda.Stream(device)
        stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UPS):  # what they write stands where the first token will
                super()._hidden()
        torch.cuda.current_stream(device).wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._captured = super()._hidden()

    def _hidden(self) -> Tensor:
        self._graph.replay()
        return self._captured


def bears_graphs(model: Any) -> bool:
    """No step may wait for the device: int8 does where it looks for outliers, some rotary embeddings do."""
    rope = getattr(model.config, "rope_parameters", None) or {}
    if model.device.type != "cuda" or rope.get("rope_type") in _SYNCHRONISING_ROPES:
        return False
    return not any(isinstance(module, Linear8bitLt) and module.state.threshold > 0 for module in model.modules())


@torch.no_grad()
def graphs_agree(step: StraightStep, cache: Any, token_id: int, kind: type[StaticStep] = GraphStep) -> bool:
    """Whether the next tokens after ``cache`` are the same by both, greedily. ``cache`` is left as it is."""
    start = cache.get_seq_length()
    growing = copy.deepcopy(cache)
    fixed = kind(step, cache, start + TRIED_TOKENS)
    for position in range(start, start + TRIED_TOKENS):
        eager = int(step(token_id, position, growing).argmax())
        if int(fixed(token_id, position).argmax()) != eager:
            return False
        token_id = eager
    return True


def _widened(kept: Tensor, length: int) -> Tensor:
    """[1, heads, positions, head] with room for ``length`` positions; zeros where nothing stands yet."""
    wide = kept.new_zeros((*kept.shape[:2], length, kept.shape[3]))
    wide[:, :, : kept.shape[2]] = kept
    return wide


def _attend(
    keys: Tensor, values: Tensor, place: Tensor, mask: Tensor, query: Tensor, key: Tensor, value: Tensor, scaling: float
) -> Tensor:
    """Query heads that share a key head go as rows of it: with a mask, grouped attention has no fast kernel."""
    keys.index_copy_(2, place, key)
    values.index_copy_(2, place, value)
    rows = query.reshape(1, key.shape[1], -1, key.shape[3])
    return scaled_dot_product_attention(rows, keys, values, attn_mask=mask, scale=scaling).reshape(query.shape)
