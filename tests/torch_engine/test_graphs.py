"""The fixed cache of CUDA graphs gives the growing one's text in fp32; the graph itself where there is a GPU."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from driving import DEMO, LoadModel, generate, load
from small_models import llama, qwen3, save_model

from quanttui.torch_engine import decoder as decoding
from quanttui.torch_engine.decoder import Decoder
from quanttui.torch_engine.engine import TorchEngine
from quanttui.torch_engine.graphs import GraphStep, StaticStep, bears_graphs, graphs_agree
from quanttui.torch_engine.straight import StraightStep

PROMPT = [5, 9, 200, 31]


def prefilled(model: Any) -> tuple[StraightStep, Any, int]:
    decoder = Decoder(model)
    first = int(decoder.feed(PROMPT).argmax())
    return decoding._PROVEN_STEPS[model], decoder._inputs["past_key_values"], first


@torch.no_grad()
def text_of(feed: Callable[[int, int], torch.Tensor], token_id: int, count: int) -> list[int]:
    ids = [token_id]
    for position in range(len(PROMPT), len(PROMPT) + count):
        ids.append(int(feed(ids[-1], position).argmax()))
    return ids


@pytest.mark.parametrize("config", [None, llama(num_key_value_heads=1, head_dim=32), qwen3()], ids=str)
def test_a_fixed_cache_gives_the_text_of_a_growing_one_in_fp32(
    load_model: LoadModel, tmp_path: Path, config: Any
) -> None:
    folder = DEMO if config is None else save_model(tmp_path, config)
    step, cache, first = prefilled(load_model(folder, "fp32", "fp32").model)
    fixed = StaticStep(step, cache, 70)
    assert fixed.length == 70
    text = text_of(fixed, first, 60)
    assert text == text_of(lambda token_id, position: step(token_id, position, cache), first, 60)


def test_a_step_that_chooses_otherwise_is_found_out(load_model: LoadModel) -> None:
    step, cache, first = prefilled(load_model(DEMO, "fp32", "fp32").model)

    class Shifted(StaticStep):
        def __call__(self, token_id: int, position: int, _cache: Any = None) -> torch.Tensor:
            return super().__call__(token_id, position + 1)

    assert graphs_agree(step, cache, first, StaticStep)
    assert cache.get_seq_length() == len(PROMPT)
    assert not graphs_agree(step, cache, first, Shifted)


def test_a_model_that_cannot_be_captured_decodes_without_graphs(
    load_model: LoadModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(DEMO, "fp32", "fp32").model

    def refuse(*_: Any) -> bool:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(decoding, "bears_graphs", lambda model: True)
    monkeypatch.setattr(decoding, "graphs_agree", refuse)
    (note,) = decoding.warm_up(model, graphs=True)
    assert "without CUDA graphs" in note
    assert model not in decoding._GRAPHED


def test_nothing_is_captured_on_a_cpu_and_the_report_says_so() -> None:
    engine = TorchEngine("cpu", graphs=True)
    model = load(engine, DEMO, "bf16")
    assert not bears_graphs(model.model)
    assert [note for note in model.report.notes if "without CUDA graphs" in note]
    engine.close()


def test_an_engine_that_was_asked_for_graphs_replays_them_from_the_prompt_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the fixed cache in place of the graph: all but the capture."""
    made: list[StaticStep] = []

    class Noted(StaticStep):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    engine = TorchEngine("cpu", graphs=False)
    expected = generate(load(engine, DEMO, "fp32", "fp32"), "Once upon a time")
    engine.close()
    monkeypatch.setattr(decoding, "bears_graphs", lambda _: True)
    monkeypatch.setattr(decoding, "graphs_agree", partial(graphs_agree, kind=Noted))
    monkeypatch.setattr(decoding, "GraphStep", Noted)
    engine = TorchEngine("cpu", graphs=True)
    model = load(engine, DEMO, "fp32", "fp32")
    assert [note for note in model.report.notes if "decodes with CUDA graphs" in note]
    output = generate(model, "Once upon a time")
    engine.close()
    assert output.token_ids == expected.token_ids
    assert made[-1].length == len(output.prompt_token_ids) + 40


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
@pytest.mark.parametrize("variant", ["bf16", "fp16", "nf4", "fp4", "nf4+dq"])
def test_a_graph_gives_the_text_of_the_fixed_cache_it_was_captured_from(load_model: LoadModel, variant: str) -> None:
    model = load_model(DEMO, variant)
    assert bears_graphs(model.model)
    step, cache, first = prefilled(model.model)
    with torch.no_grad():
        steps = [kind(step, cache, 70) for kind in (StaticStep, GraphStep)]
    assert text_of(steps[0], first, 60) == text_of(steps[1], first, 60)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_int8_with_outliers_stays_eager(load_model: LoadModel) -> None:
    model = load_model(DEMO, "int8")
    assert not bears_graphs(model.model)
    assert generate(model, "Once upon a time").token_ids
