"""What is remembered between two starts: kept as it was, private, and never a reason to fail."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from quanttui.records import GenerationSettings, Precision, Variant
from quanttui.session import FILE_NAME, VERSION, Session, read_session, write_session

CHOSEN = Session(
    model="/models/mine",
    prompt="Once\n\x1b[31m 🐉 \ud800 \\n",
    reference=Variant(Precision.FP32),
    candidates=(Variant(Precision.NF4, double_quant=True), Variant(Precision.INT8, threshold=0.0)),
    generation=GenerationSettings(max_new_tokens=7, do_sample=True, temperature=0.5, system_prompt="be brief"),
    theme="nord",
)


def test_what_was_chosen_comes_back_exactly(tmp_path: Path) -> None:
    write_session(tmp_path / "state", CHOSEN)
    assert read_session(tmp_path / "state") == (CHOSEN, "")


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE_NAME)
    assert read_session(tmp_path) == (None, "what was chosen last cannot be read: this start is a fresh one")


def test_nothing_remembered_is_no_fault(tmp_path: Path) -> None:
    assert read_session(tmp_path) == (None, "")


def test_the_file_is_the_users_own_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    write_session(folder, CHOSEN)
    write_session(folder, Session(prompt="the last one counts"))
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]
    session, _ = read_session(folder)
    assert session is not None
    assert session.prompt == "the last one counts"


def test_a_file_of_a_later_patch_with_more_in_it_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"version": 1, "more": 2, "session": {"prompt": "kept", "extra": [1]}}')
    assert read_session(tmp_path) == (Session(prompt="kept"), "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (b'{"version": 1, "session": {"prompt": "cut', "cannot be read"),
        (b'{"version": 1, "session": {"candidates": [{"precision": "int3"}]}}', "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b'{"version": %d, "session": 5}' % (VERSION + 1), "newer quanttui"),
        (b"[" * 5 * 2**20, "too large"),
    ],
)
def test_a_damaged_or_newer_file_is_left_out_with_a_word(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    session, word = read_session(tmp_path)
    assert session is None
    assert words in word
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_a_failed_write_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(FileExistsError):
        write_session(tmp_path / "state", CHOSEN)
    assert (tmp_path / "state").read_text() == "no folder"
