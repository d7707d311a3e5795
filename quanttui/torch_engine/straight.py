"""One decoding step of the Llama family without the calls around it: the same operations in the same order on tensors
of the same shapes, so the same bits. Says where that can hold; whether it does is for the caller to try.

On a small model most of a token's time goes into modules, hooks and wrappers that call each other: 110 modules a token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from quanttui.torch_engine.straight_linear import Call, straight_call

Attend = Callable[[Tensor, Tensor, Tensor, float], Tensor]
"""Query, key and value of one token, each [1, heads, 1, head], and the scaling, to what is attended to, shaped as the
query. It keeps key and value."""

_FAMILY = {
    f"transformers.models.{package}.modeling_{package}.{name}ForCausalLM"
    for package, name in (("llama", "Llama"), ("mistral", "Mistral"), ("qwen2", "Qwen2"), ("qwen3", "Qwen3"))
}
_LARGEST_HEAD = 256  # a larger one goes to scaled_dot_product_attention in another shape


class StraightStep:
    """Reads one token: its logits [vocabulary] as the head gives them, and the cache one position longer.

    The head is called as a module, so that hooks on it see their states; no other module's hooks are.
    """

    def __init__(self, model: Any) -> None:
        body = model.model
        self._embed: Call = body.embed_tokens.forward
        self._rotary = body.rotary_emb.forward
        self._layers = [_Layer(layer) for layer in body.layers]
        self._norm: Call = body.norm.forward
        self._head = model.lm_head
        self.device: torch.device = model.device

    def __call__(self, token_id: int, position: int, cache: DynamicCache) -> Tensor:
        token, place = (torch.tensor([[number]], device=self.device) for number in (token_id, position))
        return self.logits(self.hidden(token, place, [partial(_attend, layer) for layer in cache.layers]))

    def hidden(self, token: Tensor, position: Tensor, attends: Sequence[Attend]) -> Tensor:
        """What goes into the head, [1, 1, hidden]; ``token`` and ``position`` [1, 1], an ``Attend`` for each layer."""
        hidden = self._embed(token)
        cosine, sine = self._rotary(hidden, position_ids=position)
        cosine, sine = cosine.unsqueeze(1), sine.unsqueeze(1)  # [1, 1, 1, head]
        for layer, attend in zip(self._layers, attends, strict=True):
            hidden = layer.read(hidden, cosine, sine, attend)
        return self._norm(hidden)

    def logits(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self._head(hidden)
        return logits[0, -1]


class _Layer:
    """A layer's modules by their ``forward``: what they compute, without what ``__call__`` adds."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self._input_norm: Call = layer.input_layernorm.forward
        self._query = straight_call(attention.q_proj)
        self._key = straight_call(attention.k_proj)
        self._value = straight_call(attention.v_proj)
        self._output = straight_call(attention.o_proj)
        self._query_norm: Call | None = attention.q_norm.forward if hasattr(attention, "q_norm") else None
        self._key_norm: Call | None = attention.k_norm.forward if hasattr(attention, "k_norm") else None
        self._norm: Call = layer.post_attention_layernorm.forward
        self._gate = straight_call(mlp.gate_proj)
        self._up = straight_call(mlp.up_proj)
        self._down = straight_call(mlp.down_proj)
        self._activation: Call = mlp.act_fn.forward
        self._shape = (1, 1, -1, attention.head_dim)
        self._half = attention.head_dim // 2
        self._scaling: float = attention.scaling

    def read(self, hidden: Tensor, cosine: Tensor, sine: Tensor, attend: Attend) -> Tensor:
        """``hidden`` [1, 1, hidden] in and out."""
        query, key, value = self._projected(self._input_norm(hidden))
        query, key = self._turned(query, cosine, sine), self._turned(key, cosine, sine)
        attended = attend(query, key, value, self._scaling)
        hidden = hidden + self._output(attended.transpose(1, 2).reshape(1, 1, -1).contiguous())
        normed = self._norm(hidden)
        return hidden + self._down(self._activation(self._gate(normed)) * self._up(normed))

    def _projected(self, normed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value, each [1, heads, 1, head]."""
        query = self._query(normed).view(self._shape)
        key = self._key(normed).view(self._shape)
        if self._query_norm is not None and self._key_norm is not None:
            query, key = self._query_norm(query), self._key_norm(key)
        value = self._value(normed).view(self._shape)
        return query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)

    def _turned(self, states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """By the rotary embedding."""
        turned = torch.cat((-states[..., self._half :], states[..., : self._half]), dim=-1)
        return (states * cosine) + (turned * sine)


def _attend(kept: Any, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
    """``kept``: a layer's part of a cache that grows."""
    kept.keys = torch.cat([kept.keys, key], dim=-2)
    kept.values = torch.cat([kept.values, value], dim=-2)
    is_grouped = query.shape[1] != key.shape[1]
    return scaled_dot_product_attention(query, kept.keys, kept.values, scale=scaling, enable_gqa=is_grouped)


def straight_step(model: Any) -> StraightStep | None:
    """For a model of the family that attends by ``scaled_dot_product_attention`` and lies on one device whole; None
    too where another version of a library has built its modules otherwise."""
    kind = type(model)
    if f"{kind.__module__}.{kind.__qualname__}" not in _FAMILY or model.training:
        return None
    devices = {tensor.device for tensor in (*model.parameters(), *model.buffers())}
    if len(devices) != 1 or getattr(model.config, "_attn_implementation", None) != "sdpa":
        return None
    try:
        is_small = model.model.layers[0].self_attn.head_dim <= _LARGEST_HEAD
        return StraightStep(model) if is_small else None
    except (AttributeError, IndexError):
        return None


def bears_straight_steps(model: Any, cache: Any) -> bool:
    """Whether nothing stands in a step's way: a cache that keeps every position, and no hooks but the head's."""
    if type(cache) is not DynamicCache or any(type(layer) is not DynamicLayer for layer in cache.layers):
        return False
    return not any(_is_hooked(module) for module in model.modules() if module is not model.lm_head)


def _is_hooked(module: nn.Module) -> bool:
    return bool(module._forward_pre_hooks or module._forward_hooks)
