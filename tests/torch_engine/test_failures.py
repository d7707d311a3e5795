"""What torch raises, as a user reads it; and that a kept error keeps no tensors."""

from __future__ import annotations

import weakref
from pathlib import Path

import pytest
import torch
from driving import LoadModel, generate

from quanttui.errors import EngineDiedError, OutOfMemoryError
from quanttui.torch_engine.failures import reason_of, release_frames, translated


def ask_for_too_much(*_: object) -> None:
    torch.empty(2**58, dtype=torch.uint8)


def test_a_host_without_room_is_told_as_such() -> None:
    with pytest.raises(OutOfMemoryError, match="while loading nf4") as caught, translated("loading nf4"):
        ask_for_too_much()
    assert caught.value.hint


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no such shape\nmore of it"), "no such shape"),
        (KeyError("added_tokens"), "KeyError: 'added_tokens'"),
        (
            ValueError("Validation error for field 'hidden_size':\n    TypeError: not a number\n"),
            "Validation error for field 'hidden_size': TypeError: not a number",
        ),
        (ValueError(""), ""),
    ],
)
def test_a_librarys_complaint_is_one_line_that_says_something(error: Exception, words: str) -> None:
    assert reason_of(error) == words


def test_running_out_of_memory_in_a_generation_leaves_the_model_usable(
    load_model: LoadModel, small_llama: Path
) -> None:
    model = load_model(small_llama)
    hook = model.model.lm_head.register_forward_pre_hook(ask_for_too_much)
    with pytest.raises(OutOfMemoryError, match="generating with bf16"):
        generate(model, "once upon")
    hook.remove()
    assert generate(model, "once upon").token_ids


@pytest.mark.parametrize("variant", ["bf16", "nf4"])
def test_a_model_can_be_unloaded_while_the_error_of_its_generation_is_kept(
    load_model: LoadModel, small_llama: Path, variant: str
) -> None:
    model = load_model(small_llama, variant)
    watched = weakref.ref(model.model.model.layers[0].mlp.up_proj)
    model.model.lm_head.register_forward_pre_hook(ask_for_too_much)
    with pytest.raises(OutOfMemoryError) as kept:
        generate(model, "once upon")
    model.unload()
    assert kept.value.message
    assert watched() is None


def test_a_broken_gpu_context_ends_the_engine() -> None:
    with pytest.raises(EngineDiedError), translated("generating"):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")


def test_defects_pass_as_they_are() -> None:
    with pytest.raises(RuntimeError, match="a defect"), translated("generating"):
        raise RuntimeError("a defect")


def test_released_frames_let_their_tensors_go_while_the_error_is_kept() -> None:
    class Held:
        """Stands for a model."""

    watched: list[weakref.ref[Held]] = []

    def failing() -> None:
        held = Held()
        watched.append(weakref.ref(held))
        raise ValueError("kept")

    kept: ValueError | None = None
    try:
        failing()
    except ValueError as error:
        kept = error
        assert watched[0]() is not None
        release_frames(error)
    assert kept is not None
    assert watched[0]() is None
