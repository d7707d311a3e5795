"""Downloads by the real hub client from a hub of the tests' own: plans, headers, and what lies in the cache then."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hub_model import FILES, TOTAL, WANTED, WEIGHTS
from huggingface_hub import scan_cache_dir
from loopback_hub import TOKEN, LoopbackHub
from model_files import safetensors_bytes

from quanttui.models.catalog import cached_entries, resolve_model
from quanttui.models.partial_file import PARTIAL_ENDING

Ask = Callable[..., Any]


def test_a_plan_tells_what_comes_and_writes_nothing(ask: Ask, cache: Path) -> None:
    plan = ask("plan")
    assert [file["name"] for file in plan["files"]] == WANTED
    assert (plan["total_bytes"], plan["here_bytes"], plan["commit"]) == (TOTAL, 0, "c" * 40)
    assert plan["free_bytes"] > 0
    assert list(cache.iterdir()) == []


def test_a_download_ends_in_a_model_that_can_be_chosen(ask: Ask, cache: Path) -> None:
    result = ask("download")
    assert (result["entry"]["id"], result["entry"]["problem"], result["total"]) == ("org/model", None, TOTAL)
    assert result["done"] == sorted(result["done"])
    assert result["done"][-1] == TOTAL
    snapshot = Path(result["entry"]["path"])
    assert {file.name: file.read_bytes() for file in snapshot.iterdir()} == {name: FILES[name] for name in WANTED}
    assert resolve_model("org/model", {"HF_HUB_CACHE": str(cache)}).path == str(snapshot)
    assert not list(cache.rglob(f"*{PARTIAL_ENDING}"))


def test_what_was_downloaded_is_what_the_hubs_own_tools_expect(
    ask: Ask, hub: LoopbackHub, cache: Path, tmp_path: Path
) -> None:
    ask("download")
    hub.speaks_xet = False
    seen = scan_cache_dir(cache)
    (repo,) = seen.repos
    (revision,) = repo.revisions
    assert not seen.warnings
    assert (repo.repo_id, revision.commit_hash, revision.refs) == ("org/model", "c" * 40, {"main"})
    theirs = Path(ask("snapshot", cache=str(tmp_path / "theirs")))  # an empty place: nothing of ours is reused
    blobs = {path.name: path.resolve().name for path in theirs.iterdir() if path.name in WANTED}
    assert blobs == {file.file_name: file.blob_path.name for file in revision.files}


def test_a_cache_that_the_hubs_client_built_is_listed_and_needs_no_byte_more(
    ask: Ask, hub: LoopbackHub, cache: Path
) -> None:
    hub.speaks_xet = False
    ask("snapshot")
    (entry,) = cached_entries({"HF_HUB_CACHE": str(cache)})
    (repo,) = scan_cache_dir(cache).repos
    assert (entry.id, entry.revision, entry.problem) == ("org/model", "c" * 40, None)
    assert (entry.parameter_count, entry.size_bytes) == (128_128, len(WEIGHTS))
    assert entry.last_used_seconds == pytest.approx(max(repo.last_accessed, repo.last_modified))
    plan = ask("plan")
    assert (plan["here_bytes"], plan["remaining_bytes"]) == (TOTAL, 0)


def test_a_second_download_fetches_nothing(ask: Ask, hub: LoopbackHub) -> None:
    ask("download")
    before = len(hub.asked_of_store())
    result = ask("download")
    assert result["done"][-1] == TOTAL
    assert [request for request in hub.asked_of_store()[before:] if "range" not in request.headers] == []


def test_a_revision_has_its_own_name(ask: Ask, hub: LoopbackHub, cache: Path) -> None:
    hub.add("org/model", FILES, commit="d" * 40, branches=("main", "refs/pr/1", "v2"))
    assert ask("download", "org/model@v2")["entry"]["id"] == "org/model@v2"
    assert ask("download", f"org/model@{'d' * 40}")["entry"]["revision"] == "d" * 40
    refs = cache / "models--org--model" / "refs"
    assert [path.name for path in refs.iterdir()] == ["v2"]


def test_shards_come_with_their_index_and_no_other_weights(ask: Ask, hub: LoopbackHub) -> None:
    parts = {
        "model-1-of-2.safetensors": safetensors_bytes({"model.embed_tokens.weight": ("BF16", [32, 8])}),
        "model-2-of-2.safetensors": safetensors_bytes({"model.norm.weight": ("F32", [8])}),
    }
    index = {"model.embed_tokens.weight": "model-1-of-2.safetensors", "model.norm.weight": "model-2-of-2.safetensors"}
    small = {name: FILES[name] for name in ("config.json", "tokenizer.json")}
    names = {"model.safetensors.index.json": json.dumps({"weight_map": index}).encode(), "extra.safetensors": WEIGHTS}
    hub.add("org/shards", {**small, **names, **parts})
    result = ask("download", "org/shards")
    assert result["entry"]["problem"] is None
    held = {path.name for path in Path(result["entry"]["path"]).iterdir()}
    assert held == {*small, *parts, "model.safetensors.index.json"}


def test_the_store_sees_no_login(ask: Ask, hub: LoopbackHub) -> None:
    hub.add("org/private", FILES, is_private=True)
    assert ask("download", "org/private", token=TOKEN)["entry"]["problem"] is None
    assert hub.asked_of_store()
    assert not [request for request in hub.asked_of_store() if "authorization" in request.headers]


def test_headers_tell_all_of_a_model_without_its_weights(ask: Ask, hub: LoopbackHub, tmp_path: Path) -> None:
    entry = ask("headers", folder=str(tmp_path / "remote"))
    assert (entry["source"], entry["parameter_count"], entry["dtype"]) == ("hub", 128_128, "bf16")
    assert (entry["size_bytes"], entry["problem"]) == (len(WEIGHTS), None)
    assert [path.name for path in (tmp_path / "remote").iterdir()] == ["config.json"]
    assert [request.headers["range"] for request in hub.asked_of_store()] == ["bytes=0-127999"]


def test_a_long_header_takes_a_second_request(ask: Ask, hub: LoopbackHub, tmp_path: Path) -> None:
    many = safetensors_bytes({f"model.layers.{layer}.some.long.name.weight": ("BF16", [4]) for layer in range(1500)})
    hub.add("org/many", FILES | {"model.safetensors": many})
    entry = ask("headers", "org/many", folder=str(tmp_path / "remote"))
    assert (entry["parameter_count"], entry["problem"]) == (6000, None)
    assert len(hub.asked_of_store()) == 2


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"config.json": b'{"architectures": ["BertModel"]}'}, "not a causal language model"),
        ({"model.safetensors": None}, "pytorch_model.bin holds pickle weights"),
        ({"tokenizer.json": None}, "there is no tokenizer file"),
        ({"model.safetensors": b"\x00" * 99}, "model.safetensors"),
    ],
)
def test_what_could_not_be_compared_is_not_downloaded(
    ask: Ask, hub: LoopbackHub, cache: Path, files: dict[str, bytes | None], why: str
) -> None:
    hub.add("org/other", {name: content for name, content in (FILES | files).items() if content is not None})
    answer = ask("plan", "org/other")
    assert answer["error"] == "UnusableModelError"
    assert why in answer["lines"][1]
    assert list(cache.iterdir()) == []


def test_names_that_leave_the_folder_are_refused(ask: Ask, hub: LoopbackHub) -> None:
    index = json.dumps({"weight_map": {"w": "../outside.safetensors"}}).encode()
    files = {name: FILES[name] for name in ("config.json", "tokenizer.json")}
    hub.add("org/evil", {**files, "model.safetensors.index.json": index, "../outside.safetensors": WEIGHTS})
    answer = ask("plan", "org/evil")
    assert "outside the model's folder" in answer["lines"][1]
