"""What a folder's headers tell, and a sentence for everything that keeps it from running."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from model_files import SMALL_MODEL, safetensors_bytes

from quanttui.models.checkpoint import inspect_checkpoint
from quanttui.models.demo import MODEL_FOLDER
from quanttui.records import Precision

MakeModel = Callable[..., Path]


def problems_of(folder: Path) -> str:
    return "; ".join(inspect_checkpoint(folder).problems)


def set_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def rewrite_header(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    raw = file.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    change(header)
    written = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(written)) + written + raw[8 + length :])


def shard(folder: Path, **names: str) -> Path:
    """Split the demo's one file in two, as large models come; ``names`` changes what the index calls them."""
    one, two = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    (folder / "model.safetensors").unlink()
    (folder / one).write_bytes(safetensors_bytes({"a.weight": ("BF16", [4, 8])}))
    (folder / two).write_bytes(safetensors_bytes({"b.weight": ("BF16", [8, 8])}))
    weight_map = {"a.weight": names.get("a", one), "b.weight": names.get("b", two)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return folder / two


def test_the_demo_model_is_described_from_its_headers_alone() -> None:
    facts = inspect_checkpoint(MODEL_FOLDER)
    assert facts.problems == ()
    assert (facts.architecture, facts.context_length, facts.dtype) == ("LlamaForCausalLM", 512, Precision.BF16)
    assert facts.size_bytes == (MODEL_FOLDER / "model.safetensors").stat().st_size
    assert facts.parameter_count is not None
    assert 4_000_000 < facts.parameter_count < 8_000_000
    assert facts.size_bytes - 2 * facts.parameter_count < 20_000, "bf16: two bytes a parameter, and a header"


def test_shards_are_added_up(demo_copy: Path) -> None:
    shard(demo_copy)
    facts = inspect_checkpoint(demo_copy)
    assert (facts.problems, facts.parameter_count) == ((), 4 * 8 + 8 * 8)
    assert facts.size_bytes == sum(file.stat().st_size for file in demo_copy.glob("*.safetensors"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "config.json is missing"),
        (b"", "config.json is empty"),
        (b'{"architectures": ', "config.json is not JSON"),
        (b"\xff\xfe\x00", "config.json is not JSON"),
        (b"[" * 100_000, "config.json is not JSON"),
        (b'["LlamaForCausalLM"]', "config.json is not a JSON object"),
        (b"{}", "config.json names neither an architecture nor a model type"),
        (b'{"architectures": "LlamaForCausalLM"}', "config.json names neither an architecture nor a model type"),
        (
            b'{"architectures": ["BertModel"]}',
            "config.json names BertModel, which is not a causal language model (…ForCausalLM)",
        ),
    ],
)
def test_a_config_that_describes_no_causal_model(demo_copy: Path, content: bytes | None, problem: str) -> None:
    if content is None:
        (demo_copy / "config.json").unlink()
    else:
        (demo_copy / "config.json").write_bytes(content)
    assert problems_of(demo_copy) == problem


@pytest.mark.parametrize("name", ["LlamaForCausalLM", "GPT2LMHeadModel"])
def test_both_names_of_causal_models_are_known(demo_copy: Path, name: str) -> None:
    set_config(demo_copy, architectures=[name])
    assert (problems_of(demo_copy), inspect_checkpoint(demo_copy).architecture) == ("", name)


def test_a_config_without_architectures_may_still_run(demo_copy: Path) -> None:
    set_config(demo_copy, architectures=None)
    assert (problems_of(demo_copy), inspect_checkpoint(demo_copy).architecture) == ("", None)


@pytest.mark.parametrize("key", ["max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"])
def test_the_context_length_has_many_names(make_model: MakeModel, tmp_path: Path, key: str) -> None:
    folder = make_model(tmp_path / "m", {"max_position_embeddings": None, key: 321})
    assert inspect_checkpoint(folder).context_length == 321


@pytest.mark.parametrize("value", [None, True, 0, -1, "512", 1e30])
def test_a_context_length_that_is_none_is_not_known(make_model: MakeModel, tmp_path: Path, value: object) -> None:
    assert inspect_checkpoint(make_model(tmp_path / "m", {"max_position_embeddings": value})).context_length is None


@pytest.mark.parametrize("cut", [1, 2, 1000, 14_000_000])
def test_a_truncated_file_is_told_by_its_size(demo_copy: Path, cut: int) -> None:
    weights = demo_copy / "model.safetensors"
    os.truncate(weights, weights.stat().st_size - cut)
    assert problems_of(demo_copy).startswith("model.safetensors is cut off: its tensors take ")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "model.safetensors is empty"),
        (b"\x07\x00\x00", "model.safetensors is cut off: it has 3 bytes, not even a header"),
        (
            struct.pack("<Q", 5_000) + b"{}",
            "model.safetensors is cut off: its header alone takes 5,000 bytes, the file has 10",
        ),
        (
            b"\xff" * 64,
            "model.safetensors is not a safetensors file: no header can be 18,446,744,073,709,551,615 bytes long",
        ),
        (struct.pack("<Q", 4) + b"{}}}", "model.safetensors is damaged: its header is not a table of tensors"),
        (struct.pack("<Q", 2) + b"[]", "model.safetensors is damaged: its header is not a table of tensors"),
        (struct.pack("<Q", 7) + b'{"a":1}', "model.safetensors is damaged: its header is not a table of tensors"),
        (b"<!DOCTYPE html><html>" * 9, "model.safetensors is not a safetensors file: no header can be "),
    ],
)
def test_what_is_no_safetensors_file_is_told(demo_copy: Path, content: bytes, problem: str) -> None:
    (demo_copy / "model.safetensors").write_bytes(content)
    assert problems_of(demo_copy).startswith(problem)
    assert "\n" not in problems_of(demo_copy)


def shrink_offsets(header: dict[str, Any]) -> None:
    header["model.norm.weight"]["data_offsets"][1] -= 2


def overlap(header: dict[str, Any]) -> None:
    first, second = sorted((v for k, v in header.items() if k != "__metadata__"), key=lambda v: v["data_offsets"])[:2]
    first["data_offsets"] = second["data_offsets"]
    first["shape"], first["dtype"] = second["shape"], second["dtype"]


def forget_last(header: dict[str, Any]) -> None:
    tensors = {name: value for name, value in header.items() if name != "__metadata__"}
    del header[max(tensors, key=lambda name: tensors[name]["data_offsets"][1])]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (shrink_offsets, "its header is not a table of tensors"),
        (overlap, "its tensors overlap or leave gaps"),
        (forget_last, "in it belong to no tensor"),
        (lambda header: header["model.norm.weight"].update(shape=[-1, 8]), "its header is not a table of tensors"),
        (lambda header: header["model.norm.weight"].update(dtype=["BF16"]), "its header is not a table of tensors"),
        (lambda header: header["model.norm.weight"].update(shape="xy"), "its header is not a table of tensors"),
        (lambda header: header["model.norm.weight"].pop("shape"), "its header is not a table of tensors"),
        (lambda header: header["model.norm.weight"].update(shape=[True]), "its header is not a table of tensors"),
    ],
)
def test_a_header_that_contradicts_itself_is_damage(
    demo_copy: Path, change: Callable[[dict[str, Any]], object], problem: str
) -> None:
    rewrite_header(demo_copy / "model.safetensors", change)
    found = problems_of(demo_copy)
    assert found.startswith("model.safetensors is damaged: ")
    assert found.endswith(problem)


def test_a_pipe_in_place_of_a_file_is_not_opened(demo_copy: Path) -> None:
    for name in ("model.safetensors", "config.json"):
        (demo_copy / name).unlink()
        os.mkfifo(demo_copy / name)
    assert problems_of(demo_copy) == "config.json is not a file; model.safetensors is not a file"


def test_a_missing_shard_is_named(demo_copy: Path) -> None:
    shard(demo_copy).unlink()
    assert problems_of(demo_copy) == "model-00002-of-00002.safetensors is missing"


def test_several_missing_shards_are_one_sentence(demo_copy: Path) -> None:
    shard(demo_copy, a="x.safetensors", b="y.safetensors")
    assert problems_of(demo_copy) == "x.safetensors is missing (and 1 more of its 2 shards are damaged)"


def test_a_shard_that_lacks_a_promised_tensor_is_named(demo_copy: Path) -> None:
    shard(demo_copy).write_bytes(safetensors_bytes({"c.weight": ("BF16", [8, 8])}))
    expected = "model-00002-of-00002.safetensors lacks b.weight, which model.safetensors.index.json promises"
    assert problems_of(demo_copy) == expected


@pytest.mark.parametrize(
    "name", ["../x.safetensors", "/tmp/x.safetensors", "a/../../x.safetensors", "..\\x.safetensors"]
)
def test_an_index_that_leaves_the_folder_is_refused(demo_copy: Path, name: str) -> None:
    shard(demo_copy, b=name)
    (demo_copy.parent / "x.safetensors").write_bytes(safetensors_bytes({"b.weight": ("BF16", [8, 8])}))
    expected = f"model.safetensors.index.json names {name!r}, which lies outside the model's folder"
    assert problems_of(demo_copy) == expected


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "x\0.safetensors", "x" * 300 + ".safetensors", "\ud800.safetensors"]
)
def test_an_index_with_impossible_names_is_a_problem_not_a_crash(demo_copy: Path, name: str) -> None:
    shard(demo_copy, b=name)
    assert problems_of(demo_copy)


@pytest.mark.parametrize("weight_map", [None, {}, [], {"a.weight": 7}, {"a.weight": None}])
def test_an_index_without_shards_is_a_problem(demo_copy: Path, weight_map: object) -> None:
    shard(demo_copy)
    (demo_copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    assert problems_of(demo_copy).startswith("model.safetensors.index.json names ")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("pytorch_model.bin", "pickle weights"),
        ("model-q4.gguf", "GGUF weights"),
        ("adapter_model.safetensors", "an adapter"),
        ("consolidated.safetensors", "weights under a name that transformers does not look for"),
    ],
)
def test_weights_of_another_kind_are_named(demo_copy: Path, name: str, what: str) -> None:
    (demo_copy / "model.safetensors").rename(demo_copy / name)
    found = problems_of(demo_copy)
    assert found.startswith(f"{name} holds {what}")
    assert found.endswith("only model.safetensors can be used")


def test_no_weights_and_no_tokenizer_are_two_problems(demo_copy: Path) -> None:
    (demo_copy / "model.safetensors").unlink()
    (demo_copy / "tokenizer.json").unlink()
    assert inspect_checkpoint(demo_copy).problems == (
        "there are no weights: model.safetensors is missing",
        "there is no tokenizer file (tokenizer.json or tokenizer.model)",
    )


def test_links_out_of_the_folder_are_followed_and_broken_ones_told(demo_copy: Path, tmp_path: Path) -> None:
    shutil.move(demo_copy / "model.safetensors", tmp_path / "blob")
    (demo_copy / "model.safetensors").symlink_to("../blob")
    assert problems_of(demo_copy) == ""
    (tmp_path / "blob").unlink()
    assert problems_of(demo_copy) == "model.safetensors is a link to a file that is gone"


def test_a_folder_that_is_none_is_a_problem_not_a_crash(demo_copy: Path, tmp_path: Path) -> None:
    assert problems_of(tmp_path / "nowhere") == "the folder nowhere cannot be read: No such file or directory"
    assert problems_of(demo_copy / "config.json") == "the folder config.json cannot be read: Not a directory"
    (tmp_path / "loop").symlink_to("loop")
    assert problems_of(tmp_path / "loop").startswith("the folder loop cannot be read: ")


def test_the_dominant_type_is_by_parameters_not_by_tensors(make_model: MakeModel, tmp_path: Path) -> None:
    tensors = {"big": ("F16", [64, 64]), **{f"norm.{i}": ("F32", [8]) for i in range(9)}}
    assert inspect_checkpoint(make_model(tmp_path / "m", tensors=tensors)).dtype is Precision.FP16


def test_a_type_that_is_no_precision_is_not_guessed(make_model: MakeModel, tmp_path: Path) -> None:
    assert inspect_checkpoint(make_model(tmp_path / "m", tensors={"a": ("F64", [8])})).dtype is None


def test_a_tied_head_counts_once_and_buffers_do_not_count(make_model: MakeModel, tmp_path: Path) -> None:
    more = {
        "lm_head.weight": ("BF16", [32, 8]),
        "h.0.attn.bias": ("F32", [1, 1, 16, 16]),
        "h.0.attn.masked_bias": ("F32", []),
        "h.0.rotary_emb.inv_freq": ("F32", [4]),
    }
    bare = 32 * 8 + 8 * 8 + 8
    tied = make_model(tmp_path / "t", {"tie_word_embeddings": True}, {**SMALL_MODEL, **more})
    untied = make_model(tmp_path / "u", {"tie_word_embeddings": False}, {**SMALL_MODEL, **more})
    assert inspect_checkpoint(tied).parameter_count == bare
    assert inspect_checkpoint(untied).parameter_count == bare + 32 * 8


NF4_SETTINGS = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
NF4_TENSORS = {
    "model.embed_tokens.weight": ("BF16", [32, 64]),
    "model.l.weight": ("U8", [2048, 1]),
    "model.l.weight.absmax": ("F32", [64]),
    "model.l.weight.quant_map": ("F32", [16]),
    "model.l.weight.quant_state.bitsandbytes__nf4": ("U8", [80]),
}


def test_four_bit_checkpoints_are_counted_unpacked(make_model: MakeModel, tmp_path: Path) -> None:
    facts = inspect_checkpoint(make_model(tmp_path / "m", {"quantization_config": NF4_SETTINGS}, NF4_TENSORS))
    assert (facts.prequantized, facts.dtype, facts.parameter_count) == (
        "nf4+compute=fp32",
        Precision.BF16,
        32 * 64 + 64 * 64,
    )


def test_int8_checkpoints_are_counted_without_their_state(make_model: MakeModel, tmp_path: Path) -> None:
    tensors = {"e.weight": ("F16", [32, 8]), "l.weight": ("I8", [8, 8]), "l.SCB": ("F32", [8])}
    facts = inspect_checkpoint(make_model(tmp_path / "m", {"quantization_config": {"load_in_8bit": True}}, tensors))
    assert (facts.prequantized, facts.dtype, facts.parameter_count) == ("int8", Precision.FP16, 32 * 8 + 8 * 8)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"load_in_4bit": True, "bnb_4bit_quant_type": "fp4"}, "fp4+compute=fp32"),
        ({"load_in_4bit": True}, "fp4+compute=fp32"),
        ({"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": "bfloat16"}, "nf4"),
        (
            {"load_in_4bit": True, "bnb_4bit_use_double_quant": True, "bnb_4bit_compute_dtype": "float16"},
            "fp4+dq+compute=fp16",
        ),
        ({"load_in_8bit": True, "llm_int8_threshold": 0.0}, "int8+threshold=0"),
        ({"quant_method": "gptq", "bits": 4}, "gptq"),
        ({"bits": 4}, "unknown"),
        ("nonsense", None),
    ],
)
def test_the_quantization_a_checkpoint_was_saved_with_is_named(
    make_model: MakeModel, tmp_path: Path, settings: object, name: str | None
) -> None:
    assert inspect_checkpoint(make_model(tmp_path / "m", {"quantization_config": settings})).prequantized == name


def test_packing_that_only_its_library_knows_gives_no_count(make_model: MakeModel, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m", {"quantization_config": {"quant_method": "gptq"}}, {"q": ("I32", [8, 8])})
    assert inspect_checkpoint(folder).parameter_count is None
