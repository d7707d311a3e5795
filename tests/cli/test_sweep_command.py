"""``quanttui sweep`` on the scripted engine: what its options mean, what goes to which stream, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SMALL = ("sweep", "--prompts", "suite:code,facts", "--max-new-tokens", "8")


def document(command: Any, *argv: str) -> dict[str, Any]:
    result = command(*argv, "--json")
    assert (result.code, result.err) == (0, "")
    parsed: dict[str, Any] = json.loads(result.out)
    return parsed


def swept(made: dict[str, Any]) -> list[str]:
    return [row["variant"] for row in made["variants"]]


def test_people_get_tables_and_the_answer_on_stdout(command: Any) -> None:
    result = command(*SMALL, "--variants", "int8,nf4")
    assert (result.code, result.err) == (0, "")
    assert "How far from bf16 on the suite" in result.out
    assert "recommended" in result.out
    assert "\x1b" not in result.out


def test_only_what_is_named_is_swept_and_the_reference_may_be_named_too(command: Any) -> None:
    made = document(command, *SMALL, "--variants", "bf16,nf4,int8+threshold=0")
    assert made["reference"] == "bf16"
    assert swept(made) == ["bf16", "nf4", "int8+threshold=0"]


def test_all_is_the_grid_that_fits(command: Any) -> None:
    made = document(command, *SMALL, "--variants", "all")
    assert swept(made) == ["bf16", "int8", "nf4", "nf4+dq", "fp4", "fp4+dq"]


def test_without_prompts_and_text_the_suite_is_read(command: Any) -> None:
    made = document(command, "sweep", "--variants", "nf4", "--max-new-tokens", "2")
    nf4 = made["variants"][1]
    assert made["divergence_on"] == "suite"
    assert nf4["text"] is None
    assert len(nf4["by_category"]) == 8


def test_with_text_alone_no_prompt_is_read(command: Any, tmp_path: Path) -> None:
    text = tmp_path / "tale.txt"
    text.write_text("once upon a time there lived a king " * 100)
    made = document(command, "sweep", "--variants", "nf4", "--text", str(text), "--context-length", "32")
    nf4 = made["variants"][1]
    assert made["divergence_on"] == "text"
    assert (nf4["suite"], nf4["by_category"]) == (None, [])


def test_limits_choose_the_answer(command: Any) -> None:
    every = document(command, *SMALL, "--variants", "int8,nf4")
    small = next(row for row in every["variants"] if row["variant"] == "nf4")
    limit = str(small["parameter_bytes"] + 1)
    made = document(command, *SMALL, "--variants", "int8,nf4", "--memory", limit)
    assert made["verdict"]["recommended"] == "nf4"


def test_a_limit_that_is_passed_ends_with_3_after_the_result(command: Any) -> None:
    result = command(*SMALL, "--variants", "nf4", "--fail-if", "nf4:kl_divergence.mean>1e-12")
    assert result.code == 3
    assert "limit exceeded: nf4 kl_divergence.mean" in result.err
    assert "recommended" in result.out
    made = json.loads(command(*SMALL, "--variants", "nf4", "--fail-if", "same_top<0.001", "--json").out)
    assert made["gate"][0]["limit"] == "same_top<0.001"


def test_a_limit_that_cannot_be_read_does_not_pass_and_hides_nothing(command: Any, tmp_path: Path) -> None:
    text = tmp_path / "tale.txt"
    text.write_text("once upon a time there lived a king " * 5)
    argv = ("sweep", "--variants", "nf4", "--text", str(text), "--context-length", "16", "--json")
    result = command(*argv, "--fail-if", "kl_divergence.standard_error>1")
    assert result.code == 1
    assert "cannot be read" in result.err
    assert json.loads(result.out)["variants"][1]["divergence"]["kl_divergence"]["standard_error"] is None


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--variants", "nf4,nf4"), "nf4 is named twice"),
        (("--variants", "int3"), "int3"),
        (("--variants", "bf16"), "no variant to compare"),
        (("--prompts", "suite:poems"), "no category 'poems'"),
        (("--text", "/no/such/file"), "/no/such/file"),
        (("--text", "built-in", "--text", "built-in"), "given twice"),
        (("--budget", "soon"), "no duration"),
        (("--least-same-top", "98"), "98 % is 0.98"),
        (("--memory", "lots"), "no size"),
        (("--context-length", "2"), "too short for a window"),
        (("--fail-if", "text:same_top<0.9"), "not swept"),
        (("--resume", "latest", "--variants", "nf4"), "--variants cannot be given"),
        (("--resume", "latest"), "the history is empty"),
    ],
)
def test_what_is_wrong_is_told_before_anything_runs(command: Any, argv: tuple[str, ...], words: str) -> None:
    result = command("sweep", *argv)
    assert (result.code, result.out) == (2, "")
    assert words in result.err
    assert "next:" in result.err


def test_a_sweep_is_kept_and_found_again(command: Any) -> None:
    made = document(command, *SMALL, "--variants", "nf4")
    assert made["run_id"] in command("history").out
    again = command("sweep", "--resume", made["run_id"])
    assert again.code == 2
    assert "next:" in again.err


def test_nothing_is_kept_where_nothing_should_be(command: Any) -> None:
    document(command, *SMALL, "--variants", "nf4", "--no-history")
    assert "no run" in command("history").out


def test_a_second_sweep_reads_what_the_first_kept_of_the_reference(command: Any) -> None:
    first = document(command, *SMALL, "--variants", "nf4")
    kept = json.loads(command("cache", "--json").out)
    assert [(entry["model"], entry["reference"]) for entry in kept["entries"]] == [("demo", "bf16")]
    assert kept["size_bytes"] == kept["entries"][0]["size_bytes"] > 0
    second = document(command, *SMALL, "--variants", "nf4")
    assert second["variants"][1]["suite"] == first["variants"][1]["suite"]


def test_the_cache_is_listed_cleared_and_found(command: Any, home: Path) -> None:
    assert "nothing is kept" in command("cache").out
    document(command, *SMALL, "--variants", "nf4")
    listed = command("cache")
    assert "demo" in listed.out
    assert command("cache", "path").out.strip() == str(home / "quanttui" / "cache" / "sides")
    assert command("cache", "clear", "nothing-like-it").code == 2
    assert "removed 1 entry" in command("cache", "clear").out
    assert "nothing is kept" in command("cache").out


def test_what_nothing_can_be_scored_of_is_not_offered_again(command: Any, tmp_path: Path) -> None:
    text = tmp_path / "word.txt"
    text.write_text("hello there")
    result = command("sweep", "--variants", "nf4", "--text", str(text))
    assert result.code == 2
    assert "too few to score" in result.err
    assert "--resume" not in result.err


def test_what_the_history_could_not_keep_is_not_offered_to_go_on_with(command: Any, home: Path) -> None:
    (home / "quanttui").mkdir()
    for folder in ("cache", "data"):
        (home / "quanttui" / folder).write_text("a file in its place")
    result = command(*SMALL, "--variants", "nf4")
    assert result.code == 1
    assert "this sweep is not kept" in result.err
    assert "--resume" not in result.err
