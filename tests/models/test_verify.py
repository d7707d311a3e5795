"""Files of the cache against the hub's names for them, in caches laid out by hand and by git's own hash."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from quanttui.models.verify import verify_files
from quanttui.records.verification import FileChecked, FileState, HashProgress

CacheModel = Callable[..., Path]


def checked(folder: Path) -> dict[str, FileChecked]:
    return {event.name: event for event in verify_files(folder) if isinstance(event, FileChecked)}


def states(folder: Path) -> dict[str, FileState]:
    return {name: file.state for name, file in checked(folder).items()}


def link_as_git(snapshot: Path, name: str, content: bytes) -> Path:
    """Put a file as the client puts a small one: its blob under git's hash, which git itself computes."""
    git = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True)
    blob = snapshot.parents[1] / "blobs" / git.stdout.decode().strip()
    blob.write_bytes(content)
    (snapshot / name).parent.mkdir(exist_ok=True)
    (snapshot / name).symlink_to(os.path.relpath(blob, (snapshot / name).parent))
    return blob


def test_whole_files_are_ok_by_both_kinds_of_hash(cache_model: CacheModel) -> None:
    snapshot = cache_model("me/model")
    link_as_git(snapshot, "more/notes.txt", b"small\n")
    assert states(snapshot) == dict.fromkeys(
        ["config.json", "model.safetensors", "more/notes.txt", "tokenizer.json"], FileState.OK
    )


@pytest.mark.parametrize("position", [0, 100, -1])
def test_one_flipped_bit_in_a_shard_is_found(cache_model: CacheModel, position: int) -> None:
    snapshot = cache_model("me/model")
    blob = (snapshot / "model.safetensors").resolve()
    content = bytearray(blob.read_bytes())
    content[position] ^= 1
    blob.write_bytes(content)
    assert [name for name, state in states(snapshot).items() if state is not FileState.OK] == ["model.safetensors"]
    file = checked(snapshot)["model.safetensors"]
    assert file.state is FileState.DAMAGED
    assert hashlib.sha256(content).hexdigest()[:12] in file.reason


def test_a_changed_small_file_is_found(cache_model: CacheModel) -> None:
    snapshot = cache_model("me/model")
    link_as_git(snapshot, "notes.txt", b"small\n").write_bytes(b"smell\n")
    assert states(snapshot)["notes.txt"] is FileState.DAMAGED


def test_a_link_to_nothing_is_damage(cache_model: CacheModel) -> None:
    snapshot = cache_model("me/model")
    (snapshot / "config.json").resolve().unlink()
    assert checked(snapshot)["config.json"].reason == "config.json is a link to a file that is gone"


def test_what_nothing_names_cannot_be_checked(cache_model: CacheModel, tmp_path: Path) -> None:
    snapshot = cache_model("me/model")
    (snapshot / "added.txt").write_text("by hand")
    elsewhere = tmp_path / ("0" * 64)
    elsewhere.write_text("not in the cache")
    (snapshot / "linked.txt").symlink_to(elsewhere)
    found = states(snapshot)
    assert (found["added.txt"], found["linked.txt"]) == (FileState.UNKNOWN, FileState.UNKNOWN)
    assert found["config.json"] is FileState.OK


def test_a_pipe_is_not_read(cache_model: CacheModel) -> None:
    snapshot = cache_model("me/model")
    os.mkfifo(snapshot / "pipe")
    assert states(snapshot)["pipe"] is FileState.DAMAGED


def test_progress_ends_at_the_total_of_what_is_read(cache_model: CacheModel) -> None:
    snapshot = cache_model("me/model")
    (snapshot / "added.txt").write_text("by hand")
    steps = [event for event in verify_files(snapshot) if isinstance(event, HashProgress)]
    sizes = sum(path.stat().st_size for path in snapshot.iterdir() if path.is_symlink())
    assert steps[-1].done_bytes == steps[-1].total_bytes == sizes
    assert [step.done_bytes for step in steps] == sorted(step.done_bytes for step in steps)
