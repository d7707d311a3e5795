"""Where modules go, and how that is told; the maps are of accelerate's form. The real spreading needs GPUs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from small_models import llama
from transformers import AutoModelForCausalLM

from quanttui.torch_engine.placement import choose_device_map, compact_map, spread_notes, spread_of

CPU, CUDA = torch.device("cpu"), torch.device("cuda:1")
GIB = 2**30


@pytest.mark.parametrize(
    ("device", "free_bytes", "expected"),
    [(CPU, None, {"": "cpu"}), (CUDA, 20 * GIB, {"": "cuda:1"}), (CUDA, 17 * GIB, "auto"), (CUDA, GIB, "auto")],
)
def test_a_model_goes_to_one_device_while_it_has_room(device: torch.device, free_bytes: int, expected: object) -> None:
    assert choose_device_map(device, 16 * GIB, free_bytes) == expected


def test_a_map_is_told_by_device_with_neighbours_as_one() -> None:
    names = ["model.embed_tokens", *(f"model.layers.{index}" for index in range(6)), "model.norm", "lm_head"]
    devices = ["cuda:0"] * 4 + ["cuda:1"] * 3 + ["cpu"] * 2
    assert compact_map(dict(zip(names, devices, strict=True))) == {
        "cuda:0": "model.embed_tokens, model.layers.0–2",
        "cuda:1": "model.layers.3–5",
        "cpu": "model.norm, lm_head",
    }


def test_gaps_and_split_layers_stay_visible() -> None:
    names = ["h.0", "h.2", "h.3", "h.4.mlp", "h.5"]
    assert compact_map(dict.fromkeys(names, "cuda:0")) == {"cuda:0": "h.0, h.2–3, h.4.mlp, h.5"}


def test_a_model_on_one_device_has_nothing_to_tell() -> None:
    assert spread_of(SimpleNamespace()) == {}
    assert spread_of(SimpleNamespace(hf_device_map={"": 0})) == {}
    assert spread_notes(SimpleNamespace(hf_device_map={"": "cpu"}), None, torch.bfloat16) == []


def test_what_lies_in_the_hosts_memory_is_named_with_what_each_token_waits_for() -> None:
    with torch.device("meta"):
        blueprint = AutoModelForCausalLM.from_config(llama())
    placed = {"model.embed_tokens": 0, "model.layers.0": 0, "model.layers.1": "cpu", "model.norm": 1, "lm_head": 1}
    spread, offloaded = spread_notes(SimpleNamespace(hf_device_map=placed), blueprint, torch.bfloat16)
    assert "cuda:0: model.embed_tokens, model.layers.0" in spread
    layer = sum(parameter.numel() for parameter in blueprint.model.layers[1].parameters())
    assert offloaded.startswith("model.layers.1 had no room on the GPU")
    assert f"{2 * layer / 1000:.1f} kB" in offloaded
