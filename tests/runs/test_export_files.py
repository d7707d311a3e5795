"""Where exports are put: names, permissions, links, what is in the way; and what must not be in them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanttui.errors import UsageError
from quanttui.runs.export.names import export_name, slug
from quanttui.runs.export.privacy import REMOVED, Privacy, privacy_of
from quanttui.runs.export.writing import ExportError, write_private


def test_a_file_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.md"
    write_private(path, "text ⏎\udc80")
    assert path.read_bytes() == "text ⏎\\udc80".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["a.md"]


def test_an_existing_file_stays_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("old")
    with pytest.raises(UsageError, match="exists"):
        write_private(path, "new")
    assert path.read_text() == "old"
    write_private(path, "new", overwrite=True)
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.md"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_link_is_never_followed(tmp_path: Path, overwrite: bool) -> None:
    target, path = tmp_path / "target", tmp_path / "a.md"
    target.write_text("precious")
    path.symlink_to(target)
    if overwrite:
        write_private(path, "new", overwrite=True)
        assert not path.is_symlink()
    else:
        with pytest.raises(UsageError, match="exists"):
            write_private(path, "new")
    assert target.read_text() == "precious"


def test_a_link_to_nothing_is_in_the_way_too(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="exists"):
        write_private(path, "new")
    assert not (tmp_path / "nowhere").exists()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="folder"):
        write_private(tmp_path, "x", overwrite=True)
    with pytest.raises((UsageError, ExportError)):
        write_private(tmp_path / "file" / "a.md", "x")
    with pytest.raises(ExportError, match="could not be written"):
        write_private(tmp_path / ("n" * 300), "x")
    assert os.listdir(tmp_path) == ["file"]


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_name_is_plain_whatever_the_model_is_called(model: str, run_id: str) -> None:
    name = export_name(model, run_id, "csv")
    assert name.isascii()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert name.count(".") == 1
    assert name[0] not in "-."
    assert len(name) < 64


def test_a_slug_keeps_what_people_know_a_model_by() -> None:
    assert slug("meta-llama/Llama-3.1-8B") == "llama-3-1-8b"
    assert slug("../../etc/passwd") == "passwd"
    assert slug("Modèle Été") == "modele-ete"
    assert slug("模型") == "model"


def test_home_and_secrets_are_taken_out() -> None:
    home = "/home/someone"
    made = Privacy(home, ("s3cret-value",))
    assert made.scrub("/home/someone/models/x") == "~/models/x"
    assert made.scrub("'/home/someone'") == "'~'"
    assert made.scrub("/home/someoneelse/x") == "/home/someoneelse/x"
    assert made.scrub("a s3cret-value b") == f"a {REMOVED} b"
    assert made.scrub("token hf_AbCdEfGhIjKlMnOpQrStUv") == f"token {REMOVED}"


def test_an_environment_says_what_is_secret() -> None:
    environ = {
        "HOME": "/root/",
        "HF_TOKEN": "abcdefghij",
        "MY_API_KEY": "0123456789",
        "PATH": "/usr/bin",
        "X_TOKEN": "1",
    }
    made = privacy_of(environ)
    assert made.home == "/root"
    assert set(made.secrets) == {"abcdefghij", "0123456789"}
