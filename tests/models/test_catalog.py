"""Which models are offered, and what a name resolves to, over caches in the hub's own layout."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import scan_cache_dir

from quanttui.errors import UsageError
from quanttui.models.catalog import cached_entries, demo_entry, folder_entry, iter_models, list_models, resolve_model
from quanttui.models.demo import PROMPTS
from quanttui.models.hub_cache import cache_folder
from quanttui.records import ModelSource, Precision

CacheModel = Callable[..., Path]
OLD, NEW = "0ld" + "0" * 37, "ff" * 20


@pytest.fixture
def environment(cache: Path) -> dict[str, str]:
    return {"HF_HUB_CACHE": str(cache)}


def test_the_demo_comes_first_and_can_run(cache_model: CacheModel, environment: dict[str, str]) -> None:
    cache_model("Aaa/first-by-name")
    models = list_models(environment=environment)
    assert [model.id for model in models] == ["demo", "Aaa/first-by-name"]
    assert (models[0].source, models[0].problem, models[0].dtype) == (ModelSource.DEMO, None, Precision.BF16)


def test_folders_stand_between_the_demo_and_the_cache(
    cache_model: CacheModel, environment: dict[str, str], demo_copy: Path
) -> None:
    cache_model("org/model")
    models = list_models([demo_copy], environment)
    assert [model.source for model in models] == [ModelSource.DEMO, ModelSource.FOLDER, ModelSource.CACHE]
    assert models[1].id == str(demo_copy)


def test_a_cached_model_is_described_whole(cache_model: CacheModel, environment: dict[str, str]) -> None:
    snapshot = cache_model("Qwen/Qwen3-0.6B", commit=NEW)
    (entry,) = cached_entries(environment)
    assert (entry.id, entry.path, entry.revision) == ("Qwen/Qwen3-0.6B", str(snapshot), NEW)
    assert (entry.source, entry.architecture, entry.context_length) == (ModelSource.CACHE, "LlamaForCausalLM", 64)
    assert (entry.parameter_count, entry.problem) == (32 * 8 + 8 * 8 + 8, None)
    assert entry.size_bytes == (snapshot / "model.safetensors").stat().st_size


def test_the_cache_built_here_is_one_that_the_hub_itself_reads(cache_model: CacheModel, cache: Path) -> None:
    cache_model("org/model", commit=NEW)
    cache_model("gpt2", commit=OLD, ref="refs/pr/1")
    seen = {(repo.repo_id, next(iter(repo.revisions)).commit_hash) for repo in scan_cache_dir(cache).repos}
    entries = cached_entries({"HF_HUB_CACHE": str(cache)})
    assert {(entry.id, entry.revision) for entry in entries} == seen == {("org/model", NEW), ("gpt2", OLD)}


def test_each_snapshot_is_an_entry_and_main_has_the_bare_id(
    cache_model: CacheModel, environment: dict[str, str]
) -> None:
    cache_model("org/model", commit=NEW, ref="main")
    cache_model("org/model", commit=OLD, ref="v1")
    cache_model("org/model", commit="c" * 40, ref=None)
    entries = {entry.id: entry.revision for entry in cached_entries(environment)}
    assert entries == {"org/model": NEW, "org/model@v1": OLD, "org/model@cccccccc": "c" * 40}
    assert {resolve_model(name, environment).revision for name in entries} == set(entries.values())


def test_without_main_the_newest_snapshot_has_the_bare_id(cache_model: CacheModel, environment: dict[str, str]) -> None:
    os.utime(cache_model("org/model", commit=NEW, ref=None), (2_000, 2_000))
    os.utime(cache_model("org/model", commit=OLD, ref=None), (1_000, 1_000))
    assert resolve_model("org/model", environment).revision == NEW


@pytest.mark.parametrize("revision", ["main", "refs/pr/1", NEW, NEW[:7]])
def test_a_revision_is_a_branch_a_hash_or_its_beginning(
    cache_model: CacheModel, environment: dict[str, str], revision: str
) -> None:
    cache_model("org/model", commit=OLD, ref="old")
    cache_model("org/model", commit=NEW, ref="main")
    cache_model("org/model", commit=NEW, ref="refs/pr/1")
    entry = resolve_model(f"org/model@{revision}", environment)
    assert (entry.revision, entry.id) == (NEW, f"org/model@{revision}")


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HUGGINGFACE_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HF_HUB_CACHE": "", "HF_HOME": ""}, "~/.cache/huggingface/hub"),
        ({"HF_HOME": "~/hf"}, "~/hf/hub"),
    ],
)
def test_the_cache_lies_where_the_hubs_own_client_puts_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    expected = os.path.expanduser(folder)
    assert str(cache_folder(variables)) == expected
    code = "from huggingface_hub.constants import HF_HUB_CACHE; print(HF_HUB_CACHE)"
    environment = dict(os.environ) | {name: value for name, value in variables.items() if value}
    upstream = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert upstream.stdout.strip() == expected


def test_broken_downloads_are_listed_with_their_reason(
    cache_model: CacheModel, cache: Path, environment: dict[str, str]
) -> None:
    cache_model("good/model")
    (cache / "models--no--snapshots").mkdir()
    (cache / "models--empty--snapshots" / "snapshots").mkdir(parents=True)
    (cache / "models--a--file").write_text("")
    (cache / "models--odd--layout").mkdir()
    (cache / "models--odd--layout" / "snapshots").write_text("")
    (cache / "models--").mkdir()
    shutil.rmtree(cache_model("lost/blobs").parents[1] / "blobs")
    problems = {entry.id: entry.problem for entry in cached_entries(environment)}
    assert problems == {
        "good/model": None,
        "no/snapshots": "its download never ended: models--no--snapshots holds no snapshot",
        "empty/snapshots": "its download never ended: models--empty--snapshots holds no snapshot",
        "a/file": "models--a--file cannot be read: Not a directory",
        "odd/layout": "models--odd--layout cannot be read: Not a directory",
        "models--": "its download never ended: models-- holds no snapshot",
        "lost/blobs": "config.json is a link to a file that is gone; "
        "model.safetensors is a link to a file that is gone; "
        "there is no tokenizer file (tokenizer.json or tokenizer.model)",
    }


def test_damaged_refs_do_not_hide_the_model(cache_model: CacheModel, environment: dict[str, str]) -> None:
    refs = cache_model("org/model", commit=NEW).parents[1] / "refs"
    (refs / "binary").write_bytes(b"\xff\xfe")
    (refs / "long").write_text("f" * 100_000)
    (refs / "gone").symlink_to("nowhere")
    os.mkfifo(refs / "pipe")
    (entry,) = cached_entries(environment)
    assert (entry.id, entry.revision) == ("org/model", NEW)


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07evil", "[red]x[/red]", "a\u202eb", "two words", "@@"])
def test_names_that_try_something_stay_raw_and_do_no_harm(
    cache_model: CacheModel, environment: dict[str, str], name: str
) -> None:
    cache_model(f"org/{name}")
    assert [(entry.id, entry.problem) for entry in cached_entries(environment)] == [(f"org/{name}", None)]


def test_a_name_that_is_no_text_at_all_is_listed(cache: Path, environment: dict[str, str]) -> None:
    os.mkdir(os.fsencode(cache) + b"/models--org--\xff\xfe")
    assert [entry.id for entry in cached_entries(environment)] == ["org/\udcff\udcfe"]


def test_other_things_in_the_cache_are_no_models(cache: Path, environment: dict[str, str]) -> None:
    for name in (".locks", "datasets--org--data", "spaces--org--app", "CACHEDIR.TAG"):
        (cache / name).mkdir()
    assert cached_entries(environment) == ()


def test_no_cache_is_no_model(tmp_path: Path) -> None:
    assert cached_entries({"HF_HOME": str(tmp_path / "nowhere")}) == ()


def test_five_hundred_cached_models_cost_their_headers_only(
    cache_model: CacheModel, cache: Path, environment: dict[str, str]
) -> None:
    """Bytes and calls of reading, as the kernel counts them: how long it takes is for the benchmark."""
    first = cache_model("org/model-000").parents[1]
    weights = (first / "snapshots" / ("a" * 40) / "model.safetensors").resolve()
    read_once = sum(file.stat().st_size for file in (first / "blobs").iterdir()) + 40
    for number in range(1, 500):
        shutil.copytree(first, cache / f"models--org--model-{number:03}", symlinks=True)
    before = reads_so_far()
    assert len(cached_entries(environment)) == 500
    calls, size_bytes = (after - earlier for after, earlier in zip(reads_so_far(), before, strict=True))
    assert weights.stat().st_size < read_once
    assert size_bytes < 500 * read_once
    assert calls < 500 * 10


def reads_so_far() -> tuple[int, int]:
    """The calls that read, and the bytes that they brought, of this process."""
    counted = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counted["syscr"]), int(counted["rchar"])


def test_weights_are_not_read_however_large(make_model: CacheModel, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "large", tensors={"model.embed_tokens.weight": ("BF16", [32, 8])})
    raw = json.dumps({"w": {"dtype": "BF16", "shape": [2**20, 512], "data_offsets": [0, 2**30]}}).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        file.truncate(8 + len(raw) + 2**30)  # a hole: no byte of it takes room
    _, before = reads_so_far()
    entry = folder_entry(folder)
    _, after = reads_so_far()
    assert (entry.parameter_count, entry.problem) == (2**29, None)
    assert after - before < 100_000


def test_looking_at_a_model_is_no_use_of_it(cache_model: CacheModel, environment: dict[str, str]) -> None:
    snapshot = cache_model("org/model")
    for file in snapshot.iterdir():
        os.utime(file, (1_000, 2_000))
    os.utime(snapshot / "config.json", (3_000, 2_000))
    assert [cached_entries(environment)[0].last_used_seconds for _ in range(3)] == [3_000] * 3


def test_reading_a_model_is_a_use_of_it(cache_model: CacheModel, environment: dict[str, str]) -> None:
    snapshot = cache_model("org/model")
    (before,) = cached_entries(environment)
    os.utime(snapshot / "model.safetensors", (4_000_000_000, 2_000))
    (after,) = cached_entries(environment)
    assert after.last_used_seconds == 4_000_000_000
    assert after == before  # still the same model: its mark on the screen stays


def test_models_come_one_by_one(cache_model: CacheModel, environment: dict[str, str]) -> None:
    damaged = cache_model("zzz/last")
    models = iter_models(environment=environment)
    assert next(models).id == "demo"
    (damaged / "config.json").unlink()  # not looked at before its turn
    problem = next(models).problem
    assert problem is not None
    assert "config.json is missing" in problem


def test_a_download_that_stopped_is_named(cache_model: CacheModel, environment: dict[str, str]) -> None:
    snapshot = cache_model("org/model")
    (snapshot / "model.safetensors").unlink()
    (snapshot.parents[1] / "blobs" / "abc.incomplete").write_bytes(b"half")
    (entry,) = cached_entries(environment)
    assert entry.problem == "its download is not finished: there are no weights: model.safetensors is missing"


def test_demo_is_the_demo_and_a_folder_of_that_name_is_reached_by_its_path(
    demo_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo_copy.parent)
    demo_copy.rename("demo")
    assert resolve_model(" demo ") == demo_entry()
    assert resolve_model("./demo").path == str(Path("demo").absolute())


def test_a_folder_goes_before_a_hub_id(
    cache_model: CacheModel, environment: dict[str, str], demo_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache_model("org/model")
    monkeypatch.chdir(demo_copy.parent)
    Path("org").mkdir()
    demo_copy.rename("org/model")
    assert resolve_model("org/model", environment).source is ModelSource.FOLDER


def test_a_home_folder_is_found(demo_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(demo_copy.parent))
    entry = resolve_model(f"~/{demo_copy.name}")
    assert (entry.path, entry.problem) == (str(demo_copy), None)


def test_a_folder_that_is_no_model_says_so_in_its_entry(tmp_path: Path) -> None:
    entry = resolve_model(str(tmp_path))
    assert entry == folder_entry(str(tmp_path))
    assert entry.problem is not None
    assert entry.problem.startswith("config.json is missing; ")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "no model is named", "Write demo, a folder or a hub id."),
        ("  ", "no model is named", "Write demo, a folder or a hub id."),
        ("dmo", "no model is called 'dmo' here", "Did you mean demo?"),
        ("qwen/qwen3-0.6b", "no model is called 'qwen/qwen3-0.6b' here", "Did you mean Qwen/Qwen3-0.6B?"),
        ("Qwen3-0.6B", "no model is called 'Qwen3-0.6B' here", "Did you mean Qwen/Qwen3-0.6B?"),
        ("zzz/yyy", "no model is called 'zzz/yyy' here", "`quanttui models download zzz/yyy` puts it into the cache."),
        ("zzz/yyy@v2", "no model is called 'zzz/yyy@v2' here", "`quanttui models download zzz/yyy@v2` puts it"),
        ("Qwen/Qwen3-0.6B@v2", "Qwen/Qwen3-0.6B has no revision 'v2' in the cache", "In the cache: main."),
        ("./nowhere", "there is no folder './nowhere'", "`quanttui models` lists"),
        ("/nowhere/at/all", "there is no folder '/nowhere/at/all'", "`quanttui models` lists"),
        ("~nobody-has-this-name/x", "there is no folder '~nobody-has-this-name/x'", "`quanttui models` lists"),
        (__file__, "is a file, not a model's folder", "Name the folder that it lies in."),
    ],
)
def test_a_name_that_leads_nowhere_is_answered_with_what_to_do(
    cache_model: CacheModel, environment: dict[str, str], text: str, message: str, hint: str
) -> None:
    cache_model("Qwen/Qwen3-0.6B")
    with pytest.raises(UsageError) as caught:
        resolve_model(text, environment)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["a b; rm -rf ~", "\x1b[2J", "a\0b", "x" * 97, "org/model/more", "@", "@main", "org/model@$(reboot)"],
)
def test_what_cannot_be_a_hub_id_gets_no_command_to_paste(environment: dict[str, str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_model(text, environment)
    assert "quanttui models download" not in caught.value.hint


def test_the_beginning_of_two_hashes_is_not_guessed(cache_model: CacheModel, environment: dict[str, str]) -> None:
    cache_model("org/model", commit="ab1" + "0" * 37)
    cache_model("org/model", commit="ab2" + "0" * 37, ref="other")
    with pytest.raises(UsageError, match="'ab' begins 2 revisions of org/model"):
        resolve_model("org/model@ab", environment)


def test_the_prompts_suit_a_teller_of_tales() -> None:
    assert len(set(PROMPTS)) == len(PROMPTS) >= 6
    assert all(prompt == prompt.strip() and prompt for prompt in PROMPTS)


def test_the_catalogue_loads_nothing_heavy() -> None:
    code = (
        "import sys, quanttui.models.catalog as c; c.list_models(environment={'HF_HOME': '/nowhere'});"
        "print([m for m in ('torch', 'transformers', 'safetensors', 'huggingface_hub', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
