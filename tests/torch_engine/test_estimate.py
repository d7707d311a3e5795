"""Estimates against real loads: weights to the byte, the cache to the byte, the peak within what is said here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import name2qmap
from driving import DEMO, LoadModel, load, load_request
from small_models import gemma2, gpt2, gpt_neox, granite, llama, qwen2, save_model
from test_stored_quantized import save_quantized

from quanttui.errors import LoadError, UsageError, VariantUnsupportedError
from quanttui.records import EstimateRequest, MemoryEstimate
from quanttui.torch_engine.decoder import Decoder
from quanttui.torch_engine.engine import TorchEngine
from quanttui.torch_engine.walk import kept_tensors

ODD = {"hidden_size": 51, "intermediate_size": 77, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 10}
MODELS: dict[str, Any] = {
    "llama, odd sizes": llama(vocab_size=333, **ODD),
    "llama, tied, odd sizes": llama(tie_word_embeddings=True, vocab_size=333, **ODD),
    "llama, biases": llama(attention_bias=True, mlp_bias=True),
    "qwen2, biases": qwen2(),
    "qwen2, tied": qwen2(tie_word_embeddings=True),
    "gpt2": gpt2(),
    "gpt2, untied": gpt2(tie_word_embeddings=False),
    "gpt_neox": gpt_neox(),
    "gemma2, tied": gemma2(),
    "granite, scaled logits": granite(),
}
VARIANTS = ("bf16", "int8", "nf4+dq")
MORE_VARIANTS = ("nf4", "fp32", "fp4", "int8+head", "nf4+dq+head", "nf4+skip=model.layers.0")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: save_model(tmp_path_factory.mktemp("model"), config) for name, config in MODELS.items()}


def estimate(engine: TorchEngine, folder: Path, variant: str, tokens: int = 40, **changes: Any) -> MemoryEstimate:
    return engine.estimate(EstimateRequest(load_request(folder, variant, **changes), tokens))


@pytest.mark.parametrize("name", MODELS)
def test_weights_are_foretold_to_the_byte(torch_engine: TorchEngine, folders: dict[str, Path], name: str) -> None:
    for variant in VARIANTS:
        foretold = estimate(torch_engine, folders[name], variant).weights_bytes
        report = load(torch_engine, folders[name], variant).report
        torch_engine.close()
        assert foretold == report.parameter_bytes, variant


@pytest.mark.parametrize("variant", MORE_VARIANTS)
def test_every_option_is_foretold_to_the_byte(
    torch_engine: TorchEngine, folders: dict[str, Path], variant: str
) -> None:
    for name in ("llama, odd sizes", "llama, tied, odd sizes") if "head" in variant else ("llama, odd sizes",):
        foretold = estimate(torch_engine, folders[name], variant, reference="fp16").weights_bytes
        report = load(torch_engine, folders[name], variant, "fp16").report
        torch_engine.close()
        assert foretold == report.parameter_bytes, name


@pytest.mark.parametrize("name", [name for name in MODELS if "tied" not in name or "gemma2" in name])
def test_the_cache_is_foretold_to_the_byte(
    torch_engine: TorchEngine, load_model: LoadModel, folders: dict[str, Path], name: str
) -> None:
    """Over gemma2's window of 16 too."""
    model = load_model(folders[name])
    for tokens in (9, 40):
        decoder = Decoder(model.model)
        for token_ids in ([5] * (tokens - 1), [6]):
            decoder.feed(token_ids)
        storages = {
            tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
            for _, tensor in kept_tensors(decoder._inputs["past_key_values"])
        }
        assert estimate(torch_engine, folders[name], "bf16", tokens).kv_cache_bytes == sum(storages.values())


@pytest.mark.parametrize("stored", ["int8", "nf4+dq", "fp4+compute=fp32"])
def test_what_was_saved_quantized_is_foretold_to_the_byte(
    torch_engine: TorchEngine, folders: dict[str, Path], tmp_path: Path, stored: str
) -> None:
    save_quantized(folders["qwen2, biases"], tmp_path, stored)
    for variant in (stored, "bf16"):
        foretold = estimate(torch_engine, tmp_path, variant).weights_bytes
        report = load(torch_engine, tmp_path, variant).report
        torch_engine.close()
        assert foretold == report.parameter_bytes, variant
    with pytest.raises(VariantUnsupportedError, match="was saved as"):
        estimate(torch_engine, tmp_path, "nf4")


def test_a_config_alone_gives_the_same_estimate(torch_engine: TorchEngine, tmp_path: Path) -> None:
    shutil.copy(DEMO / "config.json", tmp_path)
    for variant in ("bf16", "int8", "nf4+dq+head"):
        alone, whole = (estimate(torch_engine, folder, variant) for folder in (tmp_path, DEMO))
        assert (alone.weights_bytes, alone.kv_cache_bytes) == (whole.weights_bytes, whole.kv_cache_bytes)
        assert alone.needed_bytes == whole.needed_bytes


def test_weights_of_a_large_model_are_those_that_were_published(torch_engine: TorchEngine, tmp_path: Path) -> None:
    """Llama 3.1 8B: 16.06 GB in bf16; the others as computed for it by hand."""
    config = llama(
        hidden_size=4096,
        intermediate_size=14336,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=8,
        vocab_size=128256,
        max_position_embeddings=131072,
    )
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(tmp_path)
    expected = {"bf16": 16.06e9, "int8": 9.09e9, "nf4": 6.03e9, "nf4+dq": 5.70e9}
    for variant, weights_bytes in expected.items():
        found = estimate(torch_engine, tmp_path, variant, 8192)
        assert found.weights_bytes == pytest.approx(weights_bytes, abs=0.005e9)
        assert found.kv_cache_bytes == 2 * 32 * 8 * 128 * 8192 * 2  # keys and values, layers, heads, head_dim, bf16


def test_what_cannot_be_made_is_refused_as_a_load_refuses_it(torch_engine: TorchEngine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no module"):
        estimate(torch_engine, DEMO, "nf4+skip=nowhere")
    with pytest.raises(UsageError, match="no model"):
        estimate(torch_engine, tmp_path, "nf4")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nothing known"}))
    with pytest.raises(LoadError):
        estimate(torch_engine, tmp_path, "nf4")
    endless = {**json.loads((DEMO / "config.json").read_text()), "num_hidden_layers": 10**9}
    (tmp_path / "config.json").write_text(json.dumps(endless))
    with pytest.raises(LoadError, match="layers"):
        estimate(torch_engine, tmp_path, "nf4")
    with pytest.raises((UsageError, VariantUnsupportedError)):
        estimate(torch_engine, DEMO, "int8+head+skip=lm_head")


def test_an_estimate_spoils_no_later_load(torch_engine: TorchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """bitsandbytes keeps the first code book that it makes: one on the meta device would break every load after."""
    monkeypatch.delitem(name2qmap, "dynamic", raising=False)
    estimate(torch_engine, DEMO, "nf4+dq")
    assert not name2qmap["dynamic"].is_meta


@pytest.mark.slow
def test_peaks_are_foretold_to_a_tenth_and_32_mebibytes(tmp_path: Path) -> None:
    """In a process of its own, so that nothing but the model comes and goes. The 32 MiB are what the libraries take
    at their first forward pass, whatever the model."""
    sizes = {"hidden_size": 1024, "intermediate_size": 2816, "num_hidden_layers": 6, "vocab_size": 8000}
    save_model(tmp_path, llama(num_attention_heads=16, num_key_value_heads=8, **sizes))
    variants = ["bf16", "int8", "nf4", "nf4+dq", "fp32", "nf4+head"]
    finished = subprocess.run(
        [sys.executable, Path(__file__).with_name("peak_loads.py"), tmp_path, *variants],
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert finished.returncode == 0, finished.stderr
    for row in json.loads(finished.stdout):
        predicted, measured = row["peak_bytes"]
        assert row["weights_bytes"][0] == row["weights_bytes"][1]
        assert abs(measured - predicted) < 0.1 * predicted + 32 * 2**20, row


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_weights_of_every_model_as_every_variant(
    torch_engine: TorchEngine, folders: dict[str, Path], name: str
) -> None:
    for variant in ("fp32", "fp16", "nf4", "fp4", "fp4+dq", "int8+head", "nf4+head"):
        foretold = estimate(torch_engine, folders[name], variant).weights_bytes
        report = load(torch_engine, folders[name], variant).report
        torch_engine.close()
        assert foretold == report.parameter_bytes, variant


def test_tied_weights_and_quantization_make_a_model_smaller(
    torch_engine: TorchEngine, folders: dict[str, Path]
) -> None:
    tied, untied = (estimate(torch_engine, folders[name], "bf16") for name in ("gpt2", "gpt2, untied"))
    assert untied.weights_bytes - tied.weights_bytes == 320 * 64 * torch.bfloat16.itemsize
