"""Cancelling: within one token, between two weights, and without effect where nothing is under way."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from driving import finish, generate, load, load_request

from quanttui.errors import CancelledError, UsageError
from quanttui.records import FinishReason, GenerateRequest, GenerationSettings, Token
from quanttui.torch_engine.engine import TorchEngine

LONG = GenerationSettings(max_new_tokens=80)


def test_a_cancelled_generation_ends_within_one_token_and_keeps_what_was_made(
    torch_engine: TorchEngine, small_llama: Path
) -> None:
    work = load(torch_engine, small_llama, "bf16").generate(GenerateRequest("once upon", LONG))
    tokens = []
    output = None
    while output is None:
        try:
            event = next(work)
        except StopIteration as stop:
            output = stop.value
            break
        if isinstance(event, Token):
            tokens.append(event)
        if len(tokens) == 5:
            torch_engine.cancel()
    assert output.finish_reason is FinishReason.CANCELLED
    assert 5 <= len(tokens) <= 6
    assert output.token_ids == tuple(token.token_id for token in tokens)
    assert output.text == "".join(token.text for token in tokens)


def test_a_generation_cancelled_before_its_first_token_is_empty(torch_engine: TorchEngine, small_llama: Path) -> None:
    work = load(torch_engine, small_llama, "bf16").generate(GenerateRequest("once upon", LONG))
    next(work)
    torch_engine.cancel()
    output = finish(work)
    assert (output.finish_reason, output.token_ids) == (FinishReason.CANCELLED, ())


@pytest.mark.parametrize("variant", ["bf16", "nf4", "int8"])
def test_a_cancelled_load_stops_between_weights_and_the_next_load_works(
    torch_engine: TorchEngine, small_llama: Path, variant: str
) -> None:
    work = torch_engine.load(load_request(small_llama, variant))
    progress = next(event for event in work if event.stage == "loading weights")
    assert progress.total > 10
    torch_engine.cancel()
    with pytest.raises(CancelledError):
        finish(work)
    assert generate(load(torch_engine, small_llama, variant), "once").token_ids


def test_progress_counts_every_weight(torch_engine: TorchEngine, small_llama: Path) -> None:
    work = torch_engine.load(load_request(small_llama, "nf4"))
    counted = [event for event in work if event.stage == "loading weights"]
    assert [event.done for event in counted] == list(range(counted[0].total + 1))


def test_a_load_that_is_dropped_midway_leaves_the_engine_free(torch_engine: TorchEngine, small_llama: Path) -> None:
    work = torch_engine.load(load_request(small_llama, "bf16"))
    next(work)
    next(work)
    work.close()
    assert generate(load(torch_engine, small_llama, "bf16"), "once").token_ids


def test_a_generation_that_is_dropped_midway_leaves_the_engine_free(
    torch_engine: TorchEngine, small_llama: Path
) -> None:
    model = load(torch_engine, small_llama, "bf16")
    work = model.generate(GenerateRequest("once upon", LONG))
    next(work)
    next(work)
    del work
    assert generate(model, "once").token_ids


def test_cancelling_with_nothing_under_way_does_not_reach_the_next_operation(
    torch_engine: TorchEngine, small_llama: Path
) -> None:
    torch_engine.cancel()
    model = load(torch_engine, small_llama, "bf16")
    torch_engine.cancel()
    assert generate(model, "once", max_new_tokens=4).finish_reason is FinishReason.LENGTH


def test_a_thread_never_waits_for_itself(torch_engine: TorchEngine, small_llama: Path) -> None:
    model = load(torch_engine, small_llama, "bf16")
    work = model.generate(GenerateRequest("once upon", LONG))
    next(work)
    with pytest.raises(UsageError, match="another operation"):
        generate(model, "once")
    work.close()


def test_another_thread_waits_for_its_turn(torch_engine: TorchEngine, small_llama: Path) -> None:
    model = load(torch_engine, small_llama, "bf16")
    work = model.generate(GenerateRequest("once upon", LONG))
    next(work)
    outputs = []
    thread = threading.Thread(target=lambda: outputs.append(generate(model, "once", max_new_tokens=3)))
    thread.start()
    first = finish(work)
    thread.join(60)
    assert len(first.token_ids) == 80
    assert len(outputs[0].token_ids) == 3


def test_closing_cancels_and_unloads(torch_engine: TorchEngine, small_llama: Path) -> None:
    model = load(torch_engine, small_llama, "bf16")
    torch_engine.close()
    torch_engine.close()
    with pytest.raises(UsageError, match="unloaded"):
        generate(model, "once")


def test_a_prefill_is_left_between_two_layers(torch_engine: TorchEngine, small_llama: Path) -> None:
    """A long prompt takes seconds: the stop does not wait for its end, and the model is whole afterwards."""
    model = load(torch_engine, small_llama, "bf16")
    first, second = model.model.model.layers
    passed: list[str] = []
    handles = [
        first.register_forward_hook(lambda *_: (passed.append("first"), torch_engine.cancel())[0]),
        second.register_forward_hook(lambda *_: passed.append("second")),
    ]
    output = generate(model, "once upon")
    for handle in handles:
        handle.remove()
    assert (output.finish_reason, output.token_ids, passed) == (FinishReason.CANCELLED, (), ["first"])
    assert generate(model, "once upon").finish_reason is not FinishReason.CANCELLED
