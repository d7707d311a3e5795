"""Final hidden states (what goes into the output head) of a model that reads given tokens. Knows no second model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from quanttui.errors import MeasurementError
from quanttui.torch_engine.decoder import Cancelled, Decoder, left_when, raise_if_cancelled, states_kept
from quanttui.torch_engine.head import find_head, not_finite

PROBES = 4


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens read in one forward pass, and how many of the last ones are scored there."""

    token_ids: tuple[int, ...]
    scored: int


@dataclass(frozen=True, slots=True)
class Reading:
    """``states`` [scored, hidden]: row i predicts the i-th scored token. ``own_logits``: the model's, at ``probes``."""

    states: Tensor
    probes: Tensor
    own_logits: Tensor


def plan_windows(
    token_ids: Sequence[int], first_scored: int, context_length: int | None, bos_token_id: int | None
) -> list[Window]:
    """One window where the text fits the context. A longer one goes by the corpus protocol, so that every token from
    ``first_scored`` on is scored once: the first window scores what it can; each later one starts with BOS (where the
    text does) and scores its second half only, the first half being its context.

    The last token of a window is predicted and not read, so a window holds ``context_length`` + 1 tokens.
    """
    size = (context_length or len(token_ids)) + 1
    windows = [Window(tuple(token_ids[:size]), min(size, len(token_ids)) - first_scored)]
    if first_scored >= size:
        windows = []
    start_token = (bos_token_id,) if bos_token_id is not None and token_ids[0] == bos_token_id else ()
    done = max(first_scored, size) if windows else first_scored
    while done < len(token_ids):
        scored = min((size - 1) // 2 or 1, len(token_ids) - done)
        context = size - len(start_token) - scored
        windows.append(Window((*start_token, *token_ids[done - context : done + scored]), scored))
        done += scored
    return windows


def read_window(model: Any, window: Window, cancelled: Cancelled) -> Reading:
    """One teacher-forced pass, batch 1. The head itself is applied to at most ``PROBES`` of the positions."""
    ids = torch.tensor([window.token_ids[:-1]], device=model.device)
    kept: list[Tensor] = []
    count = min(PROBES, window.scored)
    probes = torch.linspace(0, window.scored - 1, count, device=model.device).round().long()

    def keep_and_thin(_: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        states = args[0][:, -window.scored :]  # [1, scored, hidden]
        kept.append(states[0].clone())
        return (states[:, probes.to(states.device)], *args[1:])

    with torch.no_grad(), _head_hook(model, keep_and_thin), left_when(cancelled, model):
        own_logits = model(input_ids=ids, use_cache=False).logits[0]
    states = _the_only(kept, window.scored)
    if not bool(torch.isfinite(states).all()):
        raise not_finite()
    return Reading(states, probes.to(states.device), own_logits.to(states.device))


def decode_states(model: Any, prompt: Sequence[int], continuation: Sequence[int], cancelled: Cancelled) -> Tensor:
    """[continuation, hidden]: the states by which ``continuation`` would be generated, one token at a time."""
    decoder = Decoder(model)
    with states_kept(model) as states:
        with left_when(cancelled, model):
            decoder.feed(prompt)
        for token_id in continuation[:-1]:
            raise_if_cancelled(cancelled)
            decoder.feed([token_id])
    return torch.stack(states)


@contextmanager
def cast_on_the_fly(model: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    """While entered, ``model`` computes as if it had been loaded in ``dtype``; its weights are as before afterwards.

    Each block is cast when it begins and put back when it ends, so that one block's copy is the extra memory.
    Embeddings are looked up first and cast then, which gives the same numbers.
    """
    with ExitStack() as stack:
        for module in _blocks(model):
            for undo in _cast_hooks(module, dtype):
                stack.callback(undo)
        yield


def _blocks(model: nn.Module) -> list[nn.Module]:
    """Repeated layers whole, and around them every module that has parameters of its own."""
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    nested = {id(inner) for outer in lists for inner in outer.modules() if inner is not outer}
    layers = [layer for outer in lists if id(outer) not in nested for layer in outer]
    inside = {id(module) for layer in layers for module in layer.modules()}
    around = [
        module
        for module in model.modules()
        if id(module) not in inside and next(module.parameters(recurse=False), None) is not None
    ]
    return [*layers, *around]


def _cast_hooks(module: nn.Module, dtype: torch.dtype) -> list[Callable[[], None]]:
    if type(module) is nn.Embedding:
        return [module.register_forward_hook(lambda _m, _a, output: output.to(dtype)).remove]
    originals: list[tuple[nn.Parameter, Tensor]] = []

    def cast(*_: Any) -> None:
        for parameter in module.parameters():
            if parameter.is_floating_point():
                originals.append((parameter, parameter.data))
                parameter.data = parameter.data.to(dtype)

    def restore(*_: Any) -> None:
        while originals:
            parameter, data = originals.pop()
            parameter.data = data

    handles = (module.register_forward_pre_hook(cast), module.register_forward_hook(restore, always_call=True))
    return [restore, *(handle.remove for handle in handles)]


@contextmanager
def _head_hook(model: Any, hook: Callable[[nn.Module, tuple[Any, ...]], tuple[Any, ...]]) -> Iterator[None]:
    handle = find_head(model).register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _the_only(kept: list[Tensor], expected: int) -> Tensor:
    if len(kept) != 1 or len(kept[0]) != expected:
        raise MeasurementError(
            "the model does not put its final hidden states through its output head once, position by position",
            "Compare its outputs without measuring divergence.",
        )
    return kept[0]
