"""The cache of the reference's sides: what counts as kept, what goes first, and what is never taken from a sweep."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quanttui.cache.shelf import ABOUT, KeptReference, SideGroup
from quanttui.cache.sides import SideCache
from quanttui.errors import CacheError
from quanttui.records import LoadRecord, LoadReport, MeasuredSpeed, ModelIdentity
from quanttui.variants import parse_variant

IDS = (1, 2, 3, 4)
BF16 = parse_variant("bf16")


def group(name: str) -> SideGroup:
    return SideGroup(name * 8, f"model {name}", "bf16")


def put(shelf, unit: str, size: int = 1000) -> None:
    Path(shelf.path(unit)).write_bytes(os.urandom(size))
    shelf.keep(unit, IDS, 2)


def fill(cache: SideCache, name: str, *, used: float, size: int = 1000) -> None:
    """One folder with one side of ``size`` bytes, used last at ``used`` seconds."""
    with SideCache(cache.root, 10**12).opened(group(name)) as shelf:
        put(shelf, "unit", size)
    os.utime(cache.root / group(name).key / ABOUT, (used, used))


def names(cache: SideCache) -> list[str]:
    return [entry.group.model for entry in cache.entries() if entry.group]


@pytest.fixture
def cache(tmp_path: Path) -> SideCache:
    return SideCache(tmp_path / "cache" / "sides", 10_000)


def test_a_side_is_found_again_with_the_text_it_is_of(cache):
    with cache.opened(group("a")) as shelf:
        assert shelf.find("unit") is None
        put(shelf, "unit")
    with cache.opened(group("a")) as shelf:
        side = shelf.find("unit")
        assert (side.token_ids, side.first_scored, side.path) == (IDS, 2, shelf.path("unit"))
        assert shelf.find("other") is None
    with cache.opened(group("b")) as shelf:
        assert shelf.find("unit") is None


def test_a_side_counts_only_once_its_note_is_there(cache):
    with cache.opened(group("a")) as shelf:
        Path(shelf.path("unit")).write_bytes(b"written by an engine that was killed then")
        assert shelf.find("unit") is None


@pytest.mark.parametrize("damage", [b"", b"short", b"other" * 200, None], ids=["empty", "short", "other", "gone"])
def test_a_damaged_side_is_thrown_away(cache, damage):
    with cache.opened(group("a")) as shelf:
        put(shelf, "unit")
        path = Path(shelf.path("unit"))
        path.unlink() if damage is None else path.write_bytes(damage)
        assert shelf.find("unit") is None
        assert not path.exists()
        put(shelf, "unit")
        assert shelf.find("unit") is not None


@pytest.mark.parametrize("words", ["", "{", '{"token_ids": "x"}'])
def test_a_damaged_note_is_no_note(cache, words):
    with cache.opened(group("a")) as shelf:
        put(shelf, "unit")
        next(cache.root.glob("*/unit.json")).write_text(words)
        assert shelf.find("unit") is None


def test_a_side_that_the_engine_did_not_write_is_not_noted(cache):
    with cache.opened(group("a")) as shelf, pytest.raises(CacheError):
        shelf.keep("unit", IDS, 2)


def test_the_references_own_figures_are_kept_too(cache):
    identity = ModelIdentity("demo", "Qwen2", 5, 320, None, None, False, True)
    load = LoadRecord(LoadReport(BF16, identity, "cpu", {}, 1.0, 5))
    kept = KeptReference(load, "cpu", 1e9, MeasuredSpeed(BF16, 40.0, None), 32)
    with cache.opened(group("a")) as shelf:
        assert shelf.reference() is None
        shelf.keep_reference(kept)
        assert shelf.reference() == kept


def test_entries_say_what_is_there_the_last_used_first(cache):
    assert cache.entries() == ()
    fill(cache, "a", used=1000, size=500)
    fill(cache, "b", used=2000)
    newer, older = cache.entries()
    assert (newer.group, newer.texts, newer.last_used_seconds) == (group("b"), 1, 2000)
    assert (older.key, older.in_use) == (group("a").key, False)
    assert 500 < older.size_bytes < 1000 < newer.size_bytes
    assert cache.size_bytes == older.size_bytes + newer.size_bytes


def test_what_was_used_least_recently_goes_first(cache):
    for number, name in enumerate("abcd"):
        fill(cache, name, used=1000 + number, size=3000)
    with cache.opened(group("a")):  # used now
        pass
    assert names(cache) == ["model a", "model d", "model c"]


def test_nothing_goes_while_the_limit_is_kept(cache):
    fill(cache, "a", used=1000, size=4000)
    fill(cache, "b", used=2000, size=4000)
    cache.trim()
    assert names(cache) == ["model b", "model a"]


def test_what_a_sweep_uses_never_goes(cache):
    fill(cache, "a", used=1000, size=20_000)
    with cache.opened(group("a")) as shelf:
        cache.trim()
        assert cache.clear().left_in_use == 1
        assert cache.entries()[0].in_use
        assert shelf.find("unit") is not None
    assert cache.entries() == ()  # once nobody uses it the limit holds


def test_clearing_takes_one_or_all(cache):
    for name in "abc":
        fill(cache, name, used=1000)
    cleared = cache.clear(group("b").key)
    assert (cleared.entries, cleared.left_in_use) == (1, 0)
    assert cleared.size_bytes > 1000
    assert set(names(cache)) == {"model a", "model c"}
    assert cache.clear().entries == 2
    assert cache.clear().entries == 0


def test_a_folder_that_cannot_be_read_is_shown_and_goes(cache):
    fill(cache, "a", used=1000)
    (cache.root / group("a").key / ABOUT).write_text("{")
    (entry,) = cache.entries()
    assert entry.group is None
    assert cache.clear(entry.key).entries == 1


def test_what_was_left_half_removed_goes_with_the_rest(cache):
    fill(cache, "a", used=1000)
    (cache.root / group("a").key).rename(cache.root / ".going-1-a")
    assert cache.clear().entries == 1
    assert not list(cache.root.iterdir())


def test_a_cache_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(CacheError, match="cannot be written"),
        SideCache(tmp_path / "file" / "sides").opened(group("a")),
    ):
        pass


HOLD = """
import sys
from pathlib import Path
from quanttui.cache.shelf import SideGroup
from quanttui.cache.sides import SideCache
with SideCache(Path(sys.argv[1]), 0).opened(SideGroup("a" * 8, "model a", "bf16")):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_that_uses_a_folder_keeps_it(cache):
    fill(cache, "a", used=1000)
    command = [sys.executable, "-c", HOLD, str(cache.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        assert cache.clear().left_in_use == 1
        assert cache.entries()[0].in_use
        other.kill()  # the kernel lets go
        other.wait()
        assert cache.clear().entries == 1
