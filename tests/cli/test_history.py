"""``quanttui history``: what is listed, shown, run again, compared and deleted."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pexpect
import pytest

from quanttui.engine.scripted import Fault, ScriptedEngine, default_script
from quanttui.errors import OutOfMemoryError
from quanttui.pipeline import run_comparison
from quanttui.pipeline.recorded import recorded, recording
from quanttui.records import GenerationSettings, ModelEntry, ModelSource, RunRequest
from quanttui.records.events import RunFailed
from quanttui.runs.export.formats import run_schema
from quanttui.variants import parse_variant

COMPARE = ("compare", "--prompt", "Once upon a time", "--max-new-tokens", "12")


def run_ids(command: Any, *argv: str) -> list[str]:
    return [row["run_id"] for row in json.loads(command("history", "list", "--json", *argv).out)["runs"]]


def test_an_empty_history_is_no_error(command: Any, home: Path) -> None:
    assert command("history").out == "no run\n"
    assert run_ids(command) == []
    assert command("history", "show", "latest").code == 2
    assert not (home / "quanttui").exists()


def test_runs_are_listed_newest_first_and_found_by_a_filter(command: Any) -> None:
    command(*COMPARE, "--candidate", "nf4")
    command("compare", "--prompt", "A king", "--candidate", "int8")
    newest, oldest = run_ids(command)
    assert run_ids(command, "--filter", "variant:nf4") == [oldest]
    assert run_ids(command, "king", "state:done") == [newest]
    assert run_ids(command, "--limit", "1") == [newest]
    shown = command("history").out
    assert shown.index(newest) < shown.index(oldest)
    wrong = command("history", "list", "--filter", "modle:x")
    assert (wrong.code, wrong.out) == (2, "")
    assert "model:NAME" in wrong.err


def test_a_row_says_what_the_run_was(command: Any) -> None:
    command(*COMPARE, "--candidate", "nf4")
    (row,) = json.loads(command("history", "list", "--json").out)["runs"]
    assert row["state"] == "done"
    assert row["started"].endswith("Z")
    assert row["model"] == "demo"
    assert row["candidates"] == ["nf4"]
    assert row["summary"][0]["variant"] == "nf4"
    assert row["prompt"] == "Once upon a time"


def test_a_run_is_shown_as_it_was(command: Any) -> None:
    told = command(*COMPARE, "-v").out
    shown = command("history", "show", "latest", "-v").out
    assert shown.startswith(told)
    assert "How this run was made" in shown
    assert "again: quanttui compare" in shown


def test_a_prompt_that_cannot_be_typed_is_repeated_by_its_run(command: Any) -> None:
    made = json.loads(command("compare", "--prompt", "two\nlines", "--candidate", "nf4", "--json").out)
    assert f"again: quanttui history rerun {made['run_id']}\n" in command("history", "show", "latest").out


def test_its_document_keeps_the_published_schema(command: Any) -> None:
    command(*COMPARE, "--candidate", "nf4")
    jsonschema.validate(json.loads(command("history", "show", "latest", "--json").out), json.loads(run_schema()))


def test_its_document_is_the_one_that_was_printed(command: Any) -> None:
    printed = json.loads(command(*COMPARE, "--json", "--per-token").out)
    shown = json.loads(command("history", "show", printed["run_id"][:6], "--json", "--per-token").out)
    history = shown.pop("history")
    assert shown == printed
    assert (history["state"], history["interface"], history["exit_code"]) == ("done", "command", 0)
    assert len(history["weights_header_sha256"]) == 64


def test_a_run_again_gives_the_same_tokens_and_is_kept_as_a_rerun(command: Any) -> None:
    first = json.loads(command(*COMPARE, "--json").out)
    again = command("history", "rerun", "latest", "--json")
    second = json.loads(again.out)
    assert (again.code, again.err) == (0, "")
    assert second["run_id"] != first["run_id"]
    assert second["prompts"] == first["prompts"]
    shown = json.loads(command("history", "show", "latest", "--json").out)
    assert shown["run_id"] == second["run_id"]
    assert shown["history"]["rerun_of"] == first["run_id"]


def test_a_run_again_need_not_be_kept(command: Any) -> None:
    command(*COMPARE)
    assert command("history", "rerun", "latest", "--no-history").code == 0
    assert len(run_ids(command)) == 1


def test_two_runs_are_compared(command: Any) -> None:
    command(*COMPARE, "--candidate", "nf4")
    command(*COMPARE, "--candidate", "nf4", "--candidate", "int8")
    second, first = run_ids(command)
    document = json.loads(command("history", "compare", first, second, "--json").out)
    assert [run["run_id"] for run in document["runs"]] == [first, second]
    assert [each["name"] for each in document["settings"]] == ["candidates"]
    assert {pair["outcome"] for pair in document["figures"] if pair["variant"] == "int8"} == {"not in both"}
    told = command("history", "compare", first, second).out
    assert "candidates" in told
    assert "Where it ran: the same" in told
    assert command("history", "compare", first, first).code == 2


def test_deleting_wants_a_word_where_nobody_can_be_asked(command: Any) -> None:
    command(*COMPARE)
    command(*COMPARE)
    newest, oldest = run_ids(command)
    refused = command("history", "delete", newest)
    assert refused.code == 2
    assert "--yes" in refused.err
    deleted = json.loads(command("history", "delete", newest, "--yes", "--json").out)["deleted"]
    assert deleted == [{"run_id": newest}]
    assert run_ids(command) == [oldest]
    assert command("history", "delete", newest, "--yes").code == 2


@pytest.mark.parametrize(
    ("stage", "variant"), [("load", "bf16"), ("generate", "bf16"), ("load", "nf4"), ("score", "nf4")]
)
def test_a_run_that_ended_early_is_shown_with_what_it_has(command: Any, home: Path, stage: str, variant: str) -> None:
    fault = Fault(stage, variant, 0, OutOfMemoryError("no room there", "Close something."))
    engine = ScriptedEngine(replace(default_script(), faults=(fault,)))
    path = home / "quanttui" / "data" / "history.db"
    entry = ModelEntry("demo", "/nowhere", ModelSource.DEMO)
    variants = (parse_variant("int8"), parse_variant("nf4"))
    request = RunRequest("early", entry, parse_variant("bf16"), variants, ("Once", "A king"), GenerationSettings(9))
    *_, last = recorded(run_comparison(engine, request), recording(path, "screen"), pytest.fail)
    assert isinstance(last, RunFailed)
    shown = command("history", "show", "early")
    assert shown.code == 0
    assert "no room there" in shown.out
    assert "--candidate=nf4" in shown.out
    assert json.loads(command("history", "show", "early", "--json").out)["failure"] == "no room there"
    assert json.loads(command("history", "list", "--json").out)["runs"][0]["state"] == "failed"


def test_the_path_is_told_whether_it_is_there_or_not(command: Any, home: Path) -> None:
    path = home / "quanttui" / "data" / "history.db"
    assert command("history", "path").out == f"{path}\n"
    told = json.loads(command("history", "path", "--json").out)
    assert (told["path"], told["exists"]) == (str(path), False)


@pytest.mark.parametrize("action", [("list",), ("show", "latest"), ("delete", "latest", "--yes")])
def test_a_damaged_history_is_said_in_words(command: Any, home: Path, action: tuple[str, ...]) -> None:
    path = home / "quanttui" / "data" / "history.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"garbage" * 1000)
    result = command("history", *action)
    assert (result.code, result.out) == (1, "")
    assert "damaged" in result.err


def test_what_is_hostile_in_a_run_never_acts(command: Any) -> None:
    prompt = "a\x1b]52;c;aGk=\x07b\x9b31m\u202e[/red][@click=app.quit]x\x7f"
    command("compare", "--prompt", prompt, "--candidate", "nf4")
    command("compare", "--prompt", "b\n" + prompt, "--candidate", "nf4")
    for argv in (("list",), ("show", "latest"), ("list", "--json"), ("compare", *run_ids(command))):
        result = command("history", *argv)
        assert result.code == 0
        assert not {"\x1b", "\x07", "\x9b", "\x7f", "\u202e"} & set(result.out + result.err)
    assert json.loads(command("history", "list", "--json").out)["runs"][1]["prompt"] == prompt


def test_deleting_asks_on_a_terminal(command: Any, home: Path) -> None:
    command(*COMPARE)
    (run_id,) = run_ids(command)
    for answer, code in (("n", 130), ("y", 0)):
        program = pexpect.spawn(sys.executable, ["-m", "quanttui", "history", "delete", run_id], encoding="utf-8")
        program.expect_exact(f"Delete the run {run_id}? [y/N] ")
        assert run_ids(command) == [run_id]
        program.sendline(answer)
        program.expect(pexpect.EOF)
        program.close()
        assert program.exitstatus == code
    assert run_ids(command) == []
