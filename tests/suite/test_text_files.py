"""Evaluation text of the user's own: a file or a folder, and what is said of what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from quanttui.errors import UsageError
from quanttui.records import EvaluationText
from quanttui.suite import text_files
from quanttui.suite.text_files import read_texts


def test_a_file_of_any_name_is_one_text(tmp_path: Path) -> None:
    file = tmp_path / "book.raw"
    file.write_bytes("\ufeffEins.\r\n\r\n  Zwei – ü.\n".encode())
    assert read_texts(file) == (EvaluationText(file.as_posix(), "Eins.\n\n  Zwei – ü.\n"),)


def test_a_folder_is_its_text_files_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/B.TXT", "a/picture.png", ".git/c.txt", ".hidden.txt", "c.text"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"this is {name}")
    (tmp_path / "blank.txt").write_text(" \n")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    names = [Path(text.name).relative_to(tmp_path).as_posix() for text in read_texts(tmp_path)]
    assert names == ["a/B.TXT", "a/z.md", "b.txt", "c.text"]
    assert read_texts(tmp_path)[1].text == "this is a/z.md"


def test_what_holds_no_text_is_refused_with_what_is_read(tmp_path: Path) -> None:
    blank = tmp_path / "blank.txt"
    blank.write_text("\n")
    for path in (tmp_path, blank):
        with pytest.raises(UsageError, match="there is no text in") as caught:
            read_texts(path)
        assert ".md, .text, .txt" in caught.value.hint


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere.txt' cannot be read: No such file") as caught:
        read_texts(tmp_path / "nowhere.txt")
    assert "folder" in caught.value.hint


def test_the_file_of_a_folder_that_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("fine")
    (tmp_path / "b.txt").write_bytes(b"fine\nfine\n\xe9t\xe9\n")
    with pytest.raises(UsageError, match=r"b.txt', line 3: this is no UTF-8 text"):
        read_texts(tmp_path)


def test_a_limit_holds_for_one_file_and_for_all_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "MAX_TEXT_BYTES", 2_000_000)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("x" * 1_500_000)
    assert len(read_texts(tmp_path / "a.txt")) == 1
    with pytest.raises(UsageError, match="the texts are larger than 2 MB together"):
        read_texts(tmp_path)
    (tmp_path / "a.txt").write_text("x" * 2_000_001)
    with pytest.raises(UsageError, match=r"a.txt' is larger than 2 MB"):
        read_texts(tmp_path / "a.txt")
