"""``quanttui export`` after ``quanttui compare``: which files there are then, and what is never done to others."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ONCE = ("compare", "-q", "--prompt", "Once upon a time", "--candidate", "int8", "--candidate", "nf4")


@pytest.fixture
def kept(command: Any) -> dict[str, Any]:
    """A run that is in the history, as its document."""
    document: dict[str, Any] = json.loads(command(*ONCE, "--json").out)
    return document


def test_the_latest_run_becomes_a_report_in_a_folder(command: Any, kept: dict[str, Any], tmp_path: Path) -> None:
    result = command("export", "-o", str(tmp_path / "out"))
    (path,) = result.out.splitlines()
    assert (result.code, result.err) == (0, "")
    assert Path(path).parent == tmp_path / "out"
    assert Path(path).name == f"demo-{kept['run_id'][:12]}.md"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert kept["summary"][0]["verdict"].split(":")[0] in Path(path).read_text()


def test_the_exported_document_is_the_one_that_compare_printed(command: Any, kept: dict[str, Any]) -> None:
    exported = json.loads(command("export", kept["run_id"], "--format", "json", "-o", "-").out)
    for prompt in exported["prompts"]:
        for candidate in prompt["candidates"]:
            assert candidate.pop("per_token")
    assert exported == kept


def test_several_formats_at_once_are_told_as_one_document(command: Any, kept: dict[str, Any], tmp_path: Path) -> None:
    formats = ("--format", "csv", "--format", "tokens", "--format", "script", "--variant", "nf4", "--card")
    result = command("export", kept["run_id"][:6], *formats, "-o", str(tmp_path / "o"), "--json")
    files = json.loads(result.out)["files"]
    assert [file["format"] for file in files] == ["csv", "tokens", "script", "card"]
    assert sorted(Path(file["path"]).name for file in files) == sorted(os.listdir(tmp_path / "o"))


def test_a_file_in_the_way_stops_all_of_them_unless_forced(command: Any, kept: dict[str, Any], tmp_path: Path) -> None:
    where = ("export", "--format", "csv", "--format", "markdown", "-o", str(tmp_path))
    assert command(*where, "--format", "json").code == 0
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in os.listdir(tmp_path) if path.startswith("demo")}
    refused = command(*where)
    assert (refused.code, refused.out) == (2, "")
    assert "--force" in refused.err
    assert before == {path: (tmp_path / path).stat().st_mtime_ns for path in before}
    assert command(*where, "--force").code == 0


def test_what_cannot_be_exported_is_said(command: Any, kept: dict[str, Any]) -> None:
    for wrong, words in (
        (("--format", "pdf"), "no export format"),
        (("--card", "-o", "-"), "several variants"),
        (("--card", "--variant", "fp4", "-o", "-"), "measured no fp4"),
        (("--card", "--format", "csv", "--variant", "nf4", "-o", "-"), "one file"),
        (("nothing",), "nothing"),
    ):
        result = command("export", *wrong)
        assert (result.code, result.out) == (2, ""), wrong
        assert words in result.err


def test_without_a_history_it_says_so(command: Any) -> None:
    result = command("export")
    assert result.code in (1, 2)
    assert "next:" in result.err


def test_the_schema_is_printed(command: Any) -> None:
    assert json.loads(command("export", "--schema").out)["$schema"].startswith("https://json-schema.org/")


def test_a_run_becomes_a_picture_of_the_screen(command: Any, kept: dict[str, Any], tmp_path: Path) -> None:
    result = command("export", "--format", "svg", "-o", str(tmp_path / "out"))
    (path,) = result.out.splitlines()
    assert (result.code, result.err) == (0, "")
    assert Path(path).name == f"demo-{kept['run_id'][:12]}.svg"
    words = "".join(ElementTree.parse(path).getroot().itertext()).replace("\xa0", " ")
    for shown in (kept["run_id"], "Results", "int8", "parts at", "mean KL"):
        assert shown in words
    assert str(tmp_path) not in words
