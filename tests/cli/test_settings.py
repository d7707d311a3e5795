"""The settings file on the command line: what a wrong one stops, what ``doctor`` makes and tells of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "quanttui" / "settings.toml"
    path.parent.mkdir()
    return path


def test_doctor_writes_a_file_that_can_be_uncommented_whole(command: Any, file: Path) -> None:
    result = command("doctor", "--write-settings")
    assert (result.code, result.out) == (0, f"{file}\n")
    file.write_text(re.sub(r"^#(?! )", "", file.read_text(), flags=re.MULTILINE))
    assert command("models").code == 0


def test_doctor_keeps_the_file_that_is_there_unless_forced(command: Any, file: Path) -> None:
    file.write_text("mouse = false\n")
    result = command("doctor", "--write-settings")
    assert result.code == 2
    assert "--force" in result.err
    assert file.read_text() == "mouse = false\n"
    file.write_text("mouse = wrong")
    assert command("doctor", "--write-settings", "--force").code == 0
    assert "#mouse = true" in file.read_text()
    assert command("doctor", "--force").code == 2


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [("\nmoose = true", 2, "Did you mean mouse?"), ("[keys]\nrun = 'x'", 2, "writes a character")],
)
def test_a_wrong_file_ends_a_command_and_doctor_still_works(
    command: Any, file: Path, text: str, line: int, words: str
) -> None:
    file.write_text(text)
    result = command("models")
    assert (result.code, result.out) == (2, "")
    assert f"{file}, line {line}: " in result.err
    assert words in result.err
    assert command("compare", "--help").code == 0
    diagnosis = command("doctor")
    assert diagnosis.code == 2
    assert "Versions" in diagnosis.out
    assert f"line {line}" in diagnosis.out
    assert words in diagnosis.err


def test_doctor_tells_what_differs_and_where_it_was_given(
    command: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("mouse = false\nhistory = true\n[keys]\nrun = 'f9'\n")
    monkeypatch.setenv("QUANTTUI_THEME", "nord")
    told = json.loads(command("doctor", "--json").out)["settings"]
    assert (told["file"], told["file_read"], told["problem"]) == (str(file), True, None)
    assert told["changed"]["mouse"] == {"value": "false", "from": "settings.toml, line 1"}
    assert told["changed"]["keys.run"]["from"] == "settings.toml, line 4"
    assert told["changed"]["theme"]["from"] == "QUANTTUI_THEME"
    assert "history" not in told["changed"]
    assert str(file) in command("doctor").out


def test_a_comparison_takes_what_the_file_says_of_a_run_and_options_go_over_it(command: Any, file: Path) -> None:
    file.write_text('[run]\nreference = "fp32"\ncandidates = ["fp4"]\nmax_new_tokens = 7\n')
    plain = command("compare", "--prompt", "Once", "--json")
    assert plain.code == 0
    shown = json.dumps(json.loads(plain.out))
    assert '"max_new_tokens": 7' in shown
    assert "fp4" in shown
    assert "nf4" not in shown
    given = command("compare", "--prompt", "Once", "--json", "--candidate", "nf4", "--max-new-tokens", "5")
    shown = json.dumps(json.loads(given.out))
    assert '"max_new_tokens": 5' in shown
    assert "nf4" in shown
    assert '"fp4"' not in shown
