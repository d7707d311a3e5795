"""A model driven token by token with its cache, as ``generate`` drives it. Knows no text and chooses no token."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import torch
from torch import nn
from transformers import DynamicCache

from quanttui.errors import CancelledError
from quanttui.torch_engine.graphs import GraphStep, bears_graphs, graphs_agree
from quanttui.torch_engine.straight import StraightStep, bears_straight_steps, straight_step

Cancelled = Callable[[], bool]

_PROVEN_STEPS: WeakKeyDictionary[nn.Module, StraightStep] = WeakKeyDictionary()
_GRAPHED: WeakSet[nn.Module] = WeakSet()

_NO_GRAPHS = "decodes without CUDA graphs: this model or variant cannot be captured"


class Decoder:
    """One sequence's decoding. ``feed`` gives the raw logits [vocabulary], fp32, of the token that comes next.

    The inputs are prepared by the model's own methods that ``generate`` calls too, so the numbers are the same:
    a prefill of the whole prompt, then one token at a time. Tokens go by the straight step where ``warm_up`` found
    that it gives the same bits. ``room``: the most tokens there will be, prompt included; with it, and where graphs
    were asked for and found to agree, a GPU replays the step.
    """

    def __init__(self, model: Any, room: int | None = None) -> None:
        self._model = model
        self._room = room if model in _GRAPHED else None
        self._token_ids: torch.Tensor | None = None
        self._inputs = decoding_inputs(model)
        self._length = 0
        step = _PROVEN_STEPS.get(model)
        self._graph: GraphStep | None = None
        self._step = step if step and bears_straight_steps(model, self._inputs["past_key_values"]) else None

    @torch.no_grad()
    def feed(self, token_ids: Sequence[int]) -> torch.Tensor:
        """The prompt at first, then one token. ``token_ids`` must lie inside the embedding."""
        if self._token_ids is not None and self._step is not None:
            (token_id,) = token_ids
            logits = (self._graph or self._step)(token_id, self._length, self._inputs["past_key_values"])
        else:
            logits = self._feed_generally(token_ids)
            self._use_graph()
        self._length += len(token_ids)
        return logits.float()

    def _use_graph(self) -> None:
        """After the prompt: its cache is what the graph's begins with."""
        if self._step is not None and self._room is not None:
            self._graph = GraphStep(self._step, self._inputs["past_key_values"], self._room)

    def _feed_generally(self, token_ids: Sequence[int]) -> torch.Tensor:
        new = torch.tensor([list(token_ids)], device=self._model.device)  # [1, new tokens]
        is_first = self._token_ids is None
        self._token_ids = new if self._token_ids is None else torch.cat([self._token_ids, new], dim=1)
        if is_first:
            self._inputs["attention_mask"] = torch.ones_like(new)
        inputs = self._model.prepare_inputs_for_generation(
            self._token_ids,
            next_sequence_length=None if is_first else len(token_ids),
            is_first_iteration=is_first,
            **self._inputs,
        )
        outputs = self._model(**inputs, return_dict=True)
        self._inputs = self._model._update_model_kwargs_for_generation(outputs, self._inputs)
        logits: torch.Tensor = outputs.logits[0, -1]
        return logits


def warm_up(model: Any, *, graphs: bool = False) -> tuple[str, ...]:
    """A prefill and a decoding step, so that the first figures are no worse than the later ones; and where the
    architecture has a straight step, the same step by it: equal in every bit, or it is not used.

    ``graphs``: try CUDA graphs too; returns what came of it, in words.
    """
    prompt, token_id = _unlike_tokens(model)
    decoder = Decoder(model)
    decoder.feed(prompt)
    step, cache = straight_step(model), decoder._inputs.get("past_key_values")
    if step is None or not bears_straight_steps(model, cache):
        decoder.feed([token_id])
        return (_NO_GRAPHS,) if graphs else ()
    again = copy.deepcopy(cache)
    expected = decoder.feed([token_id])
    if _gives(step, token_id, len(prompt), again, expected, decoder._inputs["past_key_values"]):
        _PROVEN_STEPS[model] = step
    return _try_graphs(model, again, token_id) if graphs else ()


def _try_graphs(model: Any, cache: Any, token_id: int) -> tuple[str, ...]:
    step = _PROVEN_STEPS.get(model)
    if step is None or not bears_graphs(model):
        return (_NO_GRAPHS,)
    try:
        agree = graphs_agree(step, cache, token_id)
    except RuntimeError:  # CUDA refuses to capture what waits for the device
        return (_NO_GRAPHS,)
    if not agree:
        return ("decodes without CUDA graphs: with them it chose other tokens",)
    _GRAPHED.add(model)
    return ("decodes with CUDA graphs: its text may part from the eager one where two tokens are nearly as likely",)


def steps_straight(model: Any) -> bool:
    """Whether ``warm_up`` found this model's straight step to give its own numbers."""
    return model in _PROVEN_STEPS


@torch.no_grad()
def _gives(
    step: StraightStep, token_id: int, position: int, cache: Any, expected: torch.Tensor, expected_cache: Any
) -> bool:
    """A step that fails does not give it: another version of the library may have built its modules otherwise."""
    try:
        logits = step(token_id, position, cache).float()
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
        return False
    pairs = zip(cache.layers, expected_cache.layers, strict=True)
    return torch.equal(logits, expected) and all(
        torch.equal(ours.keys, theirs.keys) and torch.equal(ours.values, theirs.values) for ours, theirs in pairs
    )


def _unlike_tokens(model: Any) -> tuple[list[int], int]:
    """Three that differ: equal ones give equal values, and any weighting of them the same mean."""
    rows = model.get_input_embeddings().weight.shape[0]
    return [0, 1 % rows], 2 % rows


def decoding_inputs(model: Any) -> dict[str, Any]:
    """What goes into every forward pass of a generation beside the tokens: an empty cache, and no logits but the last.

    Mamba has another name for its cache; some models bring one of their own and get none here.
    """
    inputs: dict[str, Any] = {"use_cache": True}
    parameters = inspect.signature(model.forward).parameters
    if model._supports_default_dynamic_cache():
        cache_name = "cache_params" if "cache_params" in parameters else "past_key_values"
        inputs[cache_name] = DynamicCache(config=model.config.get_text_config(decoder=True))
    if "logits_to_keep" in parameters:
        inputs["logits_to_keep"] = 1
    return inputs


@contextmanager
def states_kept(model: Any) -> Iterator[list[torch.Tensor]]:
    """While it is entered, the last position's input of the output head, [hidden], is kept at each forward pass."""
    states: list[torch.Tensor] = []

    def keep(_module: Any, args: tuple[torch.Tensor, ...]) -> None:
        states.append(args[0][0, -1].detach().clone())

    handle = model.get_output_embeddings().register_forward_pre_hook(keep)
    try:
        yield states
    finally:
        handle.remove()


@contextmanager
def left_when(cancelled: Cancelled, model: nn.Module) -> Iterator[None]:
    """Asks ``cancelled`` at every layer, so that a long pass can be left in the middle. Raises CancelledError then."""

    def ask(*_: Any) -> None:
        raise_if_cancelled(cancelled)

    layers = [layer for module in model.modules() if isinstance(module, nn.ModuleList) for layer in module]
    with ExitStack() as stack:
        for layer in layers:
            stack.callback(layer.register_forward_pre_hook(ask).remove)
        yield


def raise_if_cancelled(cancelled: Cancelled) -> None:
    if cancelled():
        raise CancelledError("stopped on request", "What was made until then is kept.")
