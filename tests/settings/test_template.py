"""The template: all of it is valid, none of it counts until it is uncommented, and no file is ever lost to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quanttui.errors import UsageError
from quanttui.settings import read_settings
from quanttui.settings.template import template_text, write_template
from quanttui.settings.values import SETTINGS

TEXT = template_text({"everywhere": [("run", "f5,ctrl+r", "Run"), ("copy", "y", "Copy")]})


def test_the_template_as_written_changes_nothing(tmp_path: Path) -> None:
    write_template(tmp_path / "settings.toml", TEXT)
    settings = read_settings({"QUANTTUI_HOME": str(tmp_path)})
    assert settings.file is not None
    assert settings.origins == {}


def test_every_setting_in_it_can_be_uncommented(tmp_path: Path) -> None:
    write_template(tmp_path / "settings.toml", re.sub(r"^#(?! )", "", TEXT, flags=re.MULTILINE))
    settings = read_settings({"QUANTTUI_HOME": str(tmp_path)})
    assert settings.origins.keys() == {setting.name for setting in SETTINGS} | {"keys.run", "keys.copy"}
    for setting in SETTINGS:
        assert setting.default in (None, getattr(settings, setting.name))
        assert setting.words.split()[0] in TEXT


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.toml"
    write_template(path, "mine")
    with pytest.raises(UsageError, match="already"):
        write_template(path, TEXT)
    assert path.read_text() == "mine"
    write_template(path, TEXT, replace=True)
    assert path.read_text() == TEXT
    assert list(path.parent.iterdir()) == [path], "nothing is left beside it"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_template(tmp_path / "file" / "settings.toml", TEXT)
