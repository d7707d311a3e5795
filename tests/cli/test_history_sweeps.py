"""Sweeps in ``quanttui history``: what is listed, shown, compared and deleted of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sweeps_at_home import PROMPTS, TEXT, keep_sweep, sweep_request

from quanttui.records import SweepLimits
from quanttui.runs.export.formats import sweep_schema

MEMORY = SweepLimits(memory_bytes=14_000_000)


@pytest.fixture
def swept(home: Path) -> str:
    keep_sweep(home, sweep_request("sweep-one", limits=MEMORY))
    return "sweep-one"


def test_a_sweep_is_listed_with_what_it_read_and_recommends(command: Any, swept: str) -> None:
    command("compare", "--prompt", "Once", "--candidate", "nf4", "--max-new-tokens", "4")
    (row,) = json.loads(command("history", "list", "--json", "kind:sweep").out)["runs"]
    assert (row["run_id"], row["kind"], row["state"]) == (swept, "sweep", "done")
    assert row["sweep"]["recommended"] == "int8"
    assert row["sweep"]["cells_done"] == row["sweep"]["cells_total"] > 0
    (run,) = json.loads(command("history", "list", "--json", "kind:compare").out)["runs"]
    assert (run["kind"], run["sweep"]) == ("compare", None)
    shown = command("history").out
    assert "sweep · int8" in shown
    assert command("history", "list", "kind:sweeps").code == 2


def test_show_tells_the_figures_the_answer_and_what_was_read(command: Any, swept: str) -> None:
    shown = command("history", "show", "latest").out
    for words in (
        "4 prompts in 2 categories, 1.4 kB of text", "windows of 32 tokens", "How far from bf16 on the text",
        "How far from bf16 on the suite", "KL by category", "int8 is recommended", "Frontier", "at most 14.0 MB",
        f"quanttui history rerun {swept}"
    ):  # fmt: skip
        assert words in " ".join(shown.split()), words
    assert "--resume" not in shown
    assert max(map(len, shown.splitlines())) <= 100


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_no_line_is_wider_than_the_page(
    command: Any, swept: str, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = command("history", "show", swept).out
    assert max(map(len, shown.splitlines())) <= max(80, int(columns))
    assert "…" not in shown.split("How this run was made")[0]


def test_the_document_is_that_of_the_sweep_and_its_history(command: Any, swept: str) -> None:
    document = json.loads(command("history", "show", swept, "--json").out)
    jsonschema.Draft202012Validator(json.loads(sweep_schema())).validate(document)
    assert document["history"]["state"] == "done"
    assert document["verdict"]["recommended"] == "int8"
    assert [row["variant"] for row in document["variants"]] == ["bf16", "int8", "nf4"]
    assert document["variants"][1]["divergence"]["tokens"] > 0


def test_one_that_was_cut_off_shows_what_it_had_and_how_to_go_on(command: Any, home: Path) -> None:
    keep_sweep(home, sweep_request("cut"), events=70)
    shown = command("history", "show", "cut").out
    assert "cells were done: figures so far" in shown
    assert "quanttui sweep --resume cut" in shown
    assert "cut off" in shown
    assert "cut off" in command("history", "list").out


def test_hostile_names_are_shown_as_data(command: Any, home: Path) -> None:
    prompts = (replace(PROMPTS[0], category="\x1b]52;c;aGk=\x07[/bold]"), PROMPTS[1])
    texts = (replace(TEXT, name="\x1b[31m=cmd\n.txt"),)
    keep_sweep(home, sweep_request("hostile", model_id="[red]m\x1b[2J", prompts=prompts, texts=texts))
    for argv in (("show", "hostile"), ("list",), ("compare", "hostile", "other")):
        if argv[0] == "compare":
            keep_sweep(home, sweep_request("other"))
        shown = command("history", *argv).out
        assert "\x1b" not in shown
        assert "\x07" not in shown
    assert "[/bold]" in command("history", "show", "hostile").out


def test_two_sweeps_are_compared_by_figures_settings_and_answers(command: Any, home: Path, swept: str) -> None:
    keep_sweep(home, sweep_request("two", "nf4", "nf4+dq", prompts=PROMPTS[:3]))
    shown = " ".join(command("history", "compare", swept, "two").out.split())
    for words in ("What was asked: what differs", "int8 nf4 nf4 nf4+dq", "Where it ran: the same",
                  "The answers: what differs", "The answers: what differs A B", "KL mean, text", "same top, suite",
                  "figures on the suite are of different tokens"):  # fmt: skip
        assert words in shown, words
    assert "figures on the text are of different tokens" not in shown
    document = json.loads(command("history", "compare", swept, "two", "--json").out)
    found = {(pair["variant"], pair["name"]): pair["outcome"] for pair in document["figures"]}
    assert found["nf4", "KL mean, text"] == "equal"
    assert found["int8", "KL mean, text"] == "not in both"
    assert {each["name"] for each in document["answers"]} >= {"recommended", "frontier"}


def test_texts_that_differ_are_told_by_their_hash(command: Any, home: Path, swept: str) -> None:
    keep_sweep(home, sweep_request("two", texts=(replace(TEXT, text=TEXT.text + "The end."),)))
    shown = command("history", "compare", swept, "two").out
    assert "sha256" in shown
    assert "figures on the text are of different tokens" in " ".join(shown.split())


def test_few_prompts_that_differ_are_told_with_their_text_and_many_are_counted(
    command: Any, home: Path, swept: str
) -> None:
    keep_sweep(home, sweep_request("fewer", prompts=PROMPTS[:2]))
    assert "prompt p3 Prompt number 3" in " ".join(command("history", "compare", swept, "fewer").out.split())
    others = tuple(replace(prompt, id=f"q{number}") for number, prompt in enumerate((*PROMPTS, *PROMPTS)))
    keep_sweep(home, sweep_request("others", prompts=others))
    shown = " ".join(command("history", "compare", swept, "others").out.split())
    assert "Prompt number" not in shown
    assert "4: p0, p1, p2, p3" in shown
    assert "8: q0, q1, … q7" in shown


def test_a_sweep_and_a_comparison_are_not_compared(command: Any, swept: str) -> None:
    command("compare", "--prompt", "Once", "--candidate", "nf4", "--max-new-tokens", "4")
    told = command("history", "compare", swept, "latest")
    assert (told.code, told.out) == (2, "")
    assert "is a sweep" in told.err


def test_a_sweep_is_deleted_like_any_run(command: Any, swept: str) -> None:
    assert command("history", "delete", swept, "--yes").code == 0
    assert json.loads(command("history", "list", "--json").out)["total"] == 0


def test_a_sweep_is_exported_in_every_form_beside_a_run(command: Any, swept: str, tmp_path: Path) -> None:
    command("compare", "--prompt", "Once", "--candidate", "nf4", "--max-new-tokens", "4")
    (run,) = json.loads(command("history", "list", "--json", "kind:compare").out)["runs"]
    forms = [part for name in ("json", "csv", "markdown", "card", "script", "svg") for part in ("--format", name)]
    told = command("export", swept, run["run_id"], *forms, "-o", str(tmp_path / "out"), "--json")
    assert told.code == 0, told.err
    files = [Path(row["path"]) for row in json.loads(told.out)["files"]]
    endings = sorted(file.name.partition(".")[2] for file in files if "sweep-one" in file.name)
    assert endings == ["card.md", "categories.svg", "csv", "json", "md", "plot.svg", "py"]
    assert all(file.stat().st_size > 200 and file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert len(files) == len(endings) + 6


def test_the_schema_of_a_sweep_is_printed(command: Any) -> None:
    assert json.loads(command("export", "--schema", "sweep").out)["title"] == "A quanttui sweep"
    assert json.loads(command("export", "--schema").out)["title"] == "A quanttui comparison"
    assert command("export", "--schema", "swoop").code == 2


def test_tokens_of_a_sweep_are_refused_in_words(command: Any, swept: str) -> None:
    told = command("export", swept, "--format", "tokens", "-o", "-")
    assert (told.code, told.out) == (2, "")
    assert "Formats of a sweep: json, csv, markdown, card, script, svg" in told.err


def test_a_sweep_is_run_again_and_kept_as_a_repetition(command: Any, home: Path) -> None:
    keep_sweep(home, sweep_request("first"))
    told = command("history", "rerun", "first", "--json")
    assert told.code == 0, told.err
    again = json.loads(told.out)
    jsonschema.Draft202012Validator(json.loads(sweep_schema())).validate(again)
    first = json.loads(command("history", "show", "first", "--json").out)
    assert again["run_id"] != "first"
    assert again["protocol"] == first["protocol"]
    assert [row["divergence"] for row in again["variants"]] == [row["divergence"] for row in first["variants"]]
    kept = json.loads(command("history", "show", again["run_id"], "--json").out)
    assert kept["history"]["rerun_of"] == "first"
    assert command("history", "rerun", "first", "--per-token").code == 2
