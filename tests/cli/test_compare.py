"""``quanttui compare`` on the scripted engine: what goes to which stream, and what the options mean."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ONCE = ("compare", "--prompt", "Once upon a time")


def document(command: Any, *argv: str, **options: Any) -> dict[str, Any]:
    result = command("compare", "--json", *argv, **options)
    assert (result.code, result.err) == (0, "")
    parsed: dict[str, Any] = json.loads(result.out)
    return parsed


def test_people_get_texts_costs_and_differences_on_stdout(command: Any) -> None:
    result = command(*ONCE, "--max-new-tokens", "12")
    assert result.code == 0
    assert "there lived a king who had three daughters" in result.out
    assert "three [sons]" in result.out
    assert "parts from the reference at token 8" in result.out
    assert "14.7 MB" in result.out
    assert "0.48×" in result.out


def test_how_each_variant_was_loaded_is_told_where_asked(command: Any) -> None:
    assert "bnb_4bit_quant_type" not in command(*ONCE).out
    assert "bnb_4bit_quant_type" in command(*ONCE, "-v").out


def test_stderr_is_silent_and_stdout_is_plain_where_neither_is_a_terminal(command: Any) -> None:
    result = command(*ONCE)
    assert result.err == ""
    assert "\x1b" not in result.out
    assert "\r" not in result.out


def test_asks_int8_and_nf4_of_the_demo_unless_told_otherwise(command: Any) -> None:
    made = document(command, "--prompt", "x")
    assert made["model"]["id"] == "demo"
    assert [load["variant"] for load in made["loads"]] == ["bf16", "int8", "nf4"]


def test_reference_and_candidates_are_those_that_were_named(command: Any) -> None:
    made = document(command, "--prompt", "x", "--reference", "fp32", "--candidate", "fp4+dq", "--candidate", "bf16")
    assert [load["variant"] for load in made["loads"]] == ["fp32", "fp4+dq", "bf16"]
    assert made["prompts"][0]["reference"]["variant"] == "fp32"


def test_a_variant_may_be_its_own_candidate(command: Any) -> None:
    made = document(command, "--prompt", "x", "--reference", "bf16", "--candidate", "bf16")
    assert made["prompts"][0]["candidates"][0]["first_divergence"] is None


def test_prompts_come_one_by_one_and_then_from_a_file(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes("\ufeffthird\r\n\n  \nvierter\u2028– ü\n".encode())
    made = document(command, "--prompt", "first", "--prompt", "second", "--prompts-file", str(file))
    assert [prompt["text"] for prompt in made["prompts"]] == ["first", "second", "third", "vierter\u2028– ü"]


def test_prompts_come_from_standard_input(command: Any) -> None:
    made = document(command, "--prompts-file", "-", stdin=b"one\ntwo\n")
    assert [prompt["text"] for prompt in made["prompts"]] == ["one", "two"]


def test_prompts_come_from_rows_of_json(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text('{"prompt": "one\\ntwo", "category": "verse"}\n{"text": "three"}\n')
    for source, stdin in ((str(file), b""), ("-", file.read_bytes())):
        made = document(command, "--prompts", source, stdin=stdin)
        assert [prompt["text"] for prompt in made["prompts"]] == ["one\ntwo", "three"]


def test_prompts_come_from_the_suite(command: Any) -> None:
    made = document(command, "--prompts", "suite:arithmetic", "--max-new-tokens", "2")
    assert len(made["prompts"]) >= 8
    assert made["prompts"][0]["text"] == "347 + 586 ="


def test_where_many_texts_part_is_told_by_their_median(command: Any) -> None:
    """One row for every candidate, however many prompts there are."""
    result = command("compare", "--prompts", "suite:facts", "--candidate", "bf16", "--candidate", "nf4")
    assert re.search(r"^bf16 .* 10 =$", result.out, re.MULTILINE)
    assert re.search(r"^nf4 .* median \d+, \d =$", result.out, re.MULTILINE)


def test_a_prompt_that_is_too_long_is_named_among_several(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("short\nlong" + " and long" * 40_000 + "\n")
    result = command("compare", "--prompts", str(file))
    assert result.code == 2
    assert "prompt 2 of 2 ('long and long" in result.err
    assert "the model's context" in result.err


def test_sampling_options_reach_the_generation(command: Any) -> None:
    options = ("--do-sample", "--temperature", "0.7", "--top-p", "0.9", "--top-k", "40", "--seed", "7")
    made = document(command, "--prompt", "x", "--max-new-tokens", "5", *options)["generation"]
    assert made == {
        "max_new_tokens": 5,
        "do_sample": True,
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 40,
        "seed": 7,
        "chat_template": True,
        "system_prompt": None,
    }


def test_the_chat_template_can_be_switched_off(command: Any) -> None:
    assert document(command, "--prompt", "x", "--no-chat-template")["generation"]["chat_template"] is False


def test_every_scored_token_is_told_where_asked(command: Any) -> None:
    made = document(command, "--prompt", "x", "--max-new-tokens", "9", "--per-token")
    assert [len(candidate["per_token"]) for candidate in made["prompts"][0]["candidates"]] == [9, 9]


def test_nothing_is_scored_where_only_texts_are_wanted(command: Any) -> None:
    made = document(command, "--prompt", "x", "--no-score")
    assert made["prompts"][0]["candidates"][0]["divergence"] is None
    assert made["summary"] == []


def test_two_runs_have_two_names(command: Any) -> None:
    assert document(command, "--prompt", "x")["run_id"] != document(command, "--prompt", "x")["run_id"]


@pytest.mark.parametrize("shown", [("--json",), ()])
def test_an_escape_sequence_in_a_prompt_never_acts(command: Any, shown: tuple[str, ...]) -> None:
    prompt = "a\x1b]52;c;aGk=\x07b\x9b31m\u202e[/red][@click=app.quit]x\x7f"
    result = command("compare", "--prompt", prompt, *shown)
    assert result.code == 0
    assert not {"\x1b", "\x07", "\x9b", "\x7f", "\u202e"} & set(result.out + result.err)
    assert "[@click=app.quit]" in result.out
    if shown:
        assert json.loads(result.out)["prompts"][0]["text"] == prompt
