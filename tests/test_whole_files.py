"""Whole files: nothing half, nothing overwritten unasked, nothing left beside, on any file system."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

import pytest

from quanttui.whole_files import write_whole


def _no_hard_links(*_: Any, **__: Any) -> NoReturn:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.fixture(params=["hard links", "none"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """On a file system with hard links, and as on one without (FAT, some network shares)."""
    if request.param == "none":
        monkeypatch.setattr(os, "link", _no_hard_links)
    return tmp_path


@pytest.mark.parametrize("durable", [False, True])
def test_a_new_file_is_its_owners_alone(folder: Path, durable: bool) -> None:
    write_whole(folder / "a", b"first", replace=False, durable=durable)
    assert (folder / "a").read_bytes() == b"first"
    assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o600
    assert os.listdir(folder) == ["a"]


def test_what_is_there_stays_unless_it_may_be_replaced(folder: Path) -> None:
    (folder / "a").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_whole(folder / "a", b"new", replace=False)
    assert (folder / "a").read_bytes() == b"mine"
    write_whole(folder / "a", b"new", replace=True)
    assert (folder / "a").read_bytes() == b"new"
    assert os.listdir(folder) == ["a"]


def test_a_link_is_replaced_and_never_followed(folder: Path) -> None:
    (folder / "precious").write_bytes(b"precious")
    (folder / "a").symlink_to(folder / "precious")
    with pytest.raises(FileExistsError):
        write_whole(folder / "a", b"new", replace=False)
    write_whole(folder / "a", b"new", replace=True)
    assert not (folder / "a").is_symlink()
    assert (folder / "precious").read_bytes() == b"precious"
