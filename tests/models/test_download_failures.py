"""Downloads that fail, each in its own words, and go on where they stopped; the hub is one of the tests' own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hub_model import DIGEST, FILES, TOTAL, WEIGHTS
from loopback_hub import TOKEN, Fault, LoopbackHub, running_hub
from model_files import safetensors_bytes

from quanttui.models.catalog import cached_entries, resolve_model
from quanttui.models.download import Download
from quanttui.models.hub_errors import DiskFullError
from quanttui.records.download import DownloadPlan, PlannedFile

Ask = Callable[..., Any]


REFUSALS: dict[str, tuple[dict[str, Any], str | None, str, str, str]] = {
    "gated without a login": ({"is_gated": True}, None, "GatedModelError", "no token was sent", "hf auth login"),
    "gated, not let in": (
        {"is_gated": True, "lets_in_token": False},
        TOKEN,
        "GatedModelError",
        "was not given it yet",
        "Ask for access at",
    ),
    "private": ({"is_private": True}, None, "ModelNotFoundError", "it is private and no token was sent", "HF_TOKEN"),
    "wrong token": ({}, "hf_wrong", "TokenRefusedError", "is wrong, has expired", "hf auth login"),
}


@pytest.mark.parametrize(("options", "token", "error", "why", "hint"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals_are_told_apart(
    ask: Ask, hub: LoopbackHub, options: dict[str, Any], token: str | None, error: str, why: str, hint: str
) -> None:
    hub.add("org/closed", FILES, **options)
    answer = ask("plan", "org/closed", token=token)
    assert answer["error"] == error
    assert all(answer["lines"])
    assert why in answer["lines"][1]
    assert hint in answer["lines"][2]


def test_who_was_let_in_gets_a_gated_model(ask: Ask, hub: LoopbackHub) -> None:
    hub.add("org/gated", FILES, is_gated=True)
    assert ask("download", "org/gated", token=TOKEN)["entry"]["problem"] is None


def test_an_unknown_name_and_an_unknown_revision_are_told_apart(ask: Ask) -> None:
    assert ask("plan", "org/nowhere")["error"] == "ModelNotFoundError"
    assert ask("plan", "org/nowhere", token=TOKEN)["error"] == "ModelNotFoundError"
    answer = ask("plan", "org/model@v9")
    assert (answer["error"], answer["lines"][0]) == ("RevisionNotFoundError", "org/model has no revision 'v9'")


@pytest.mark.parametrize(
    "text", ["", "a b", "../x", "org/model/more", "org/model@", "org/model@../x", "org/-x", "o/a--b"]
)
def test_what_is_no_hub_id_never_reaches_the_network(ask: Ask, hub: LoopbackHub, text: str) -> None:
    assert ask("plan", text)["error"] == "UsageError"
    assert hub.requests == []


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_mode_asks_nobody(ask: Ask, hub: LoopbackHub, variable: str) -> None:
    answer = ask("plan", **{variable: "1"})
    assert (answer["error"], answer["lines"][1]) == ("OfflineError", f"{variable} is set")
    assert hub.requests == []


@pytest.mark.parametrize("endpoint", [":::", "ftp://hub", "http://[bad", "nonsense", "https://", "http://hub:port"])
def test_an_endpoint_that_is_no_address_is_wrong_usage(ask: Ask, endpoint: str) -> None:
    answer = ask("plan", HF_ENDPOINT=endpoint)
    assert (answer["error"], answer["lines"][0]) == ("UsageError", "HF_ENDPOINT is no address of a hub")


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"Retry-After": "7"}, "7.0 s"), ({"ratelimit": '"api";r=0;t=55'}, "55.0 s"), ({}, "a few minutes")],
)
def test_a_hub_that_asks_to_wait_is_quoted(ask: Ask, hub: LoopbackHub, headers: dict[str, str], wait: str) -> None:
    hub.refusal = Fault(status=429, headers=headers)
    answer = ask("plan")
    assert answer["error"] == "RateLimitedError"
    assert f"Try again in {wait}." in answer["lines"][2]


def test_a_limit_in_the_middle_keeps_what_has_come(ask: Ask, hub: LoopbackHub) -> None:
    hub.faults["tokenizer.json"] = Fault(status=429, headers={"Retry-After": "7"}, times=99)
    hub.faults["special_tokens_map.json"] = hub.faults["tokenizer.json"]
    assert ask("download")["error"] == "RateLimitedError"
    hub.faults.clear()
    assert ask("download")["entry"]["problem"] is None


def test_a_hub_that_fails_is_named(ask: Ask, hub: LoopbackHub) -> None:
    hub.faults["config.json"] = Fault(status=503, at_plan=True)
    answer = ask("plan")
    assert (answer["error"], answer["lines"][1]) == ("HubFailedError", "it answered HTTP 503")


def test_a_hub_that_fails_for_a_moment_is_asked_again(ask: Ask, hub: LoopbackHub) -> None:
    hub.faults["model.safetensors"] = Fault(status=503, times=3)
    assert ask("download")["entry"]["problem"] is None


def test_nothing_that_answers_is_told_as_such(cache: Path, hub: LoopbackHub) -> None:
    with running_hub() as gone:
        endpoint = gone.endpoint
    code = (
        "from quanttui.models.download_plan import plan_download\n"
        "from quanttui.models.hub_errors import HubUnreachableError\n"
        "try: plan_download('org/model')\n"
        "except HubUnreachableError as error: print(error)"
    )
    environment = os.environ | {"HF_ENDPOINT": endpoint.replace("//", "//me:secret@"), "HF_HUB_CACHE": str(cache)}
    environment |= {"NO_PROXY": "127.0.0.1", "HF_HUB_OFFLINE": "0"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[:2] == [
        f"the hub at {endpoint} cannot be reached",
        "its name is not known here, or nothing answers there",
    ]
    assert "secret" not in told.stdout + told.stderr


def test_a_cut_connection_goes_on_by_itself(ask: Ask, hub: LoopbackHub) -> None:
    hub.faults["model.safetensors"] = Fault(times=2, cut_after=100_000)
    result = ask("download")
    assert result["done"][-1] == TOTAL
    assert open_ranges(hub) == [None, "bytes=100000-", "bytes=200000-"]
    assert Path(result["entry"]["path"], "model.safetensors").read_bytes() == WEIGHTS


def open_ranges(hub: LoopbackHub) -> list[str | None]:
    """The parts of the weights that were asked for to the end."""
    asked = [request.headers.get("range") for request in hub.asked_of_store() if request.method == "GET"]
    return [part for part in asked if part is None or part.endswith("-")]


def test_a_connection_that_stays_cut_is_told_and_resumed_later(ask: Ask, hub: LoopbackHub, partial: Path) -> None:
    partial.parent.mkdir(parents=True)
    partial.write_bytes(WEIGHTS[:150_000])
    assert ask("plan")["here_bytes"] == 150_000
    hub.faults["model.safetensors"] = Fault(cut_after=0, times=99)
    answer = ask("download")
    assert answer["error"] == "ConnectionCutError"
    assert answer["lines"][1].startswith("150.0 kB of its 256.7 kB are here")
    assert partial.stat().st_size == 150_000
    hub.faults.clear()
    result = ask("download")
    assert result["done"][0] >= 150_000
    assert result["entry"]["problem"] is None
    assert open_ranges(hub)[-1] == "bytes=150000-"


def test_a_store_that_ignores_ranges_begins_anew(ask: Ask, hub: LoopbackHub, partial: Path) -> None:
    partial.parent.mkdir(parents=True)
    partial.write_bytes(WEIGHTS[:150_000])
    hub.faults["model.safetensors"] = Fault(ignores_range=True)
    result = ask("download")
    assert result["done"][-1] == TOTAL
    assert Path(result["entry"]["path"], "model.safetensors").read_bytes() == WEIGHTS


def test_a_stalled_read_ends_when_asked_and_the_rest_comes_later(
    ask: Ask, hub: LoopbackHub, partial: Path, cache: Path
) -> None:
    hub.faults["model.safetensors"] = Fault(cut_after=120_000, stalls=True)
    small = TOTAL - len(WEIGHTS)
    answer = ask("download", cancel_at=small + 120_000)
    assert answer["error"] == "CancelledError"
    assert partial.stat().st_size == 120_000
    (entry,) = cached_entries({"HF_HUB_CACHE": str(cache)})
    assert entry.problem is not None
    assert entry.problem.startswith("its download ")
    assert ask("download")["entry"]["problem"] is None
    assert open_ranges(hub) == [None, "bytes=120000-"]


WRONG_CONTENT = {
    "a byte changed": (WEIGHTS[:-1] + b"\x01", "its digest is not the one that the hub names"),
    "too long": (WEIGHTS + b"more", f"more than its {len(WEIGHTS):,} bytes came"),
    "too short": (WEIGHTS[:-100], f"the hub has no more than {len(WEIGHTS) - 100:,} bytes of it"),
}


@pytest.mark.parametrize(("content", "why"), WRONG_CONTENT.values(), ids=WRONG_CONTENT.keys())
def test_what_came_damaged_is_thrown_away(
    ask: Ask, hub: LoopbackHub, cache: Path, partial: Path, content: bytes, why: str
) -> None:
    hub.faults["model.safetensors"] = Fault(content=content, times=99)
    answer = ask("download")
    assert (answer["error"], answer["lines"][1]) == ("CorruptDownloadError", why)
    assert not partial.exists()
    assert not (partial.parent / DIGEST).exists()
    assert [entry.problem is None for entry in cached_entries({"HF_HUB_CACHE": str(cache)})] == [False]
    hub.faults.clear()
    assert ask("download")["entry"]["problem"] is None


def test_a_damaged_small_file_is_noticed_too(ask: Ask, hub: LoopbackHub) -> None:
    hub.faults["config.json"] = Fault(content=FILES["config.json"].replace(b"64", b"65"))
    assert ask("download")["error"] == "CorruptDownloadError"


def test_a_part_of_other_content_is_not_built_upon(ask: Ask, hub: LoopbackHub, partial: Path) -> None:
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"x" * 1000)
    assert ask("download")["error"] == "CorruptDownloadError"
    assert ask("download")["entry"]["problem"] is None
    partial.write_bytes(b"x" * (len(WEIGHTS) + 1))
    (partial.parent / DIGEST).unlink()
    assert ask("download")["entry"]["problem"] is None


def test_a_full_disk_is_told_with_the_folder(ask: Ask, cache: Path, partial: Path) -> None:
    """The device that is always full stands where the part is written: the kernel itself says that there is no room."""
    partial.parent.mkdir(parents=True)
    partial.symlink_to("/dev/full")
    answer = ask("download")
    assert answer["error"] == "DiskFullError"
    assert answer["lines"][1] == "No space left on device"
    assert str(cache) in answer["lines"][2]
    partial.unlink()
    assert ask("download")["entry"]["problem"] is None


def test_a_disk_without_room_is_told_before_anything_comes(cache: Path) -> None:
    file = PlannedFile("model.safetensors", 1_000_000_000, DIGEST, is_lfs=True, here_bytes=400_000_000)
    plan = DownloadPlan(
        "org/model", None, "c" * 40, str(cache), (file,), free_bytes=800_000_000, margin_bytes=256_000_000
    )
    assert not plan.fits_disk
    assert replace(plan, free_bytes=856_000_000).fits_disk
    with pytest.raises(DiskFullError) as caught:
        next(Download(plan).events())
    assert caught.value.why == (f"600.0 MB are still to come and 256.0 MB stay free, but 800.0 MB are free in {cache}")
    assert list(cache.iterdir()) == []


def test_an_answer_that_is_none_of_a_hub_is_told_as_such(ask: Ask, hub: LoopbackHub) -> None:
    """As behind a portal that answers everything itself."""
    hub.refusal = Fault(status=200)
    answer = ask("plan")
    assert (answer["error"], answer["lines"][1]) == ("HubFailedError", "its answer is not one of a hub")


def test_a_cache_that_cannot_be_written_is_told(ask: Ask, cache: Path) -> None:
    (cache / "models--org--model").write_text("a file where the model's folder should be")
    assert ask("download")["error"] == "CacheNotWritableError"


def test_two_downloads_of_one_file_do_not_write_into_each_other(ask: Ask, partial: Path) -> None:
    partial.parent.mkdir(parents=True)
    with partial.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert ask("download")["error"] == "AlreadyDownloadingError"
    assert ask("download")["entry"]["problem"] is None


def test_an_older_whole_model_stays_until_the_new_one_is_here(ask: Ask, hub: LoopbackHub, cache: Path) -> None:
    ask("download")
    newer = safetensors_bytes({"model.embed_tokens.weight": ("BF16", [2000, 128])})
    hub.add("org/model", FILES | {"model.safetensors": newer}, commit="e" * 40)
    hub.faults["model.safetensors"] = Fault(content=b"wrong", times=99)
    assert ask("download")["error"] == "CorruptDownloadError"
    assert resolve_model("org/model", {"HF_HUB_CACHE": str(cache)}).revision == "c" * 40
    hub.faults.clear()
    assert ask("download")["entry"]["revision"] == "e" * 40


def test_an_error_holds_no_secret_in_any_frame(ask: Ask, hub: LoopbackHub) -> None:
    hub.add("org/private", FILES, is_private=True)
    hub.faults["model.safetensors"] = Fault(content=b"wrong", times=99)
    answer = ask("download", "org/private", token=TOKEN)
    assert "CorruptDownloadError" in answer["trace"]  # and ``ask`` looked through all of it
