"""An output as a file: private, never over another, and under a harmless name."""

from __future__ import annotations

from pathlib import Path

import pytest

from quanttui.errors import QuantTuiError
from quanttui.runs.outputs import write_output


def test_each_output_gets_a_private_file_of_its_own_with_the_raw_text(tmp_path: Path):
    first = write_output(tmp_path / "outputs", "nf4+dq", "one \x1b[2J\n")
    second = write_output(tmp_path / "outputs", "nf4+dq", "two")
    assert [first.name, second.name] == ["nf4+dq-1.txt", "nf4+dq-2.txt"]
    assert first.read_text() == "one \x1b[2J\n"
    assert first.stat().st_mode & 0o777 == 0o600


def test_a_variants_name_never_leads_out_of_the_folder(tmp_path: Path):
    path = write_output(tmp_path, "nf4+skip=../../x:y", "text")
    assert path.parent == tmp_path
    assert path.name.startswith("nf4+skip=")


def test_a_folder_that_cannot_be_made_is_an_error_with_words(tmp_path: Path):
    (tmp_path / "outputs").write_text("in the way")
    with pytest.raises(QuantTuiError, match="in the way"):
        write_output(tmp_path / "outputs", "nf4", "text")
