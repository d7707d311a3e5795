"""Defaults, file, environment, flags, in that order; and what is said of what cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quanttui.errors import UsageError
from quanttui.records import Precision, Variant
from quanttui.settings import read_settings
from quanttui.settings.values import SETTINGS, THEMES

EVERYTHING = """\
theme = "nord"
low_bandwidth = true
mouse = false
history = false
memory_interval_seconds = 2
[engine]
name = "scripted"
in_process = true
[run]
model = "/models/mine"
reference = "fp32"
candidates = ["nf4+dq", "fp4"]
max_new_tokens = 20
plan = "auto"
[sweep]
cache_gigabytes = 2.5
[keys]
run = "f9"
copy = ["c", "ctrl+y"]
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"QUANTTUI_HOME": str(tmp_path)}


def write(environ: dict[str, str], text: str | bytes) -> Path:
    path = Path(environ["QUANTTUI_HOME"]) / "settings.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_without_a_file_all_is_as_it_ships(environ: dict[str, str]) -> None:
    settings = read_settings(environ)
    assert settings.file is None
    assert settings.origins == {}
    assert {s.name: getattr(settings, s.name) for s in SETTINGS} == {s.name: s.default for s in SETTINGS}


def test_every_setting_is_read_from_the_file(environ: dict[str, str]) -> None:
    write(environ, EVERYTHING)
    settings = read_settings(environ)
    assert [s.name for s in SETTINGS if getattr(settings, s.name) == s.default] == []
    assert settings.candidates == (Variant(Precision.NF4, double_quant=True), Variant(Precision.FP4))
    assert settings.memory_interval_seconds == 2.0
    assert settings.keys == {"run": "f9", "copy": "c,ctrl+y"}
    assert settings.origins["max_new_tokens"] == "settings.toml, line 13"


def test_the_environment_goes_over_the_file_and_flags_over_both(environ: dict[str, str]) -> None:
    write(environ, EVERYTHING)
    environ |= {"QUANTTUI_THEME": "dracula", "QUANTTUI_MOUSE": "yes", "QUANTTUI_CANDIDATES": "int8, nf4"}
    settings = read_settings(environ, {"mouse": False, "low_bandwidth": None, "theme": "monokai"})
    assert (settings.theme, settings.mouse, settings.low_bandwidth) == ("monokai", False, True)
    assert settings.candidates == (Variant(Precision.INT8), Variant(Precision.NF4))
    assert settings.origins["theme"] == "--theme"
    assert settings.origins["candidates"] == "QUANTTUI_CANDIDATES"


def test_an_empty_variable_counts_as_not_set(environ: dict[str, str]) -> None:
    assert read_settings(environ | {"QUANTTUI_IN_PROCESS": "", "QUANTTUI_THEME": " "}).origins == {}


def test_another_file_can_be_named(environ: dict[str, str], tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("history = false")
    assert read_settings(environ | {"QUANTTUI_SETTINGS": str(other)}).history is False
    with pytest.raises(UsageError, match=r"gone\.toml cannot be read"):
        read_settings(environ | {"QUANTTUI_SETTINGS": str(tmp_path / "gone.toml")})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('\ntheme = "nrod"', 2, "did you mean nord?"),
        ("theme = 3", 1, "theme = 3 is no text in quotes"),
        ('mouse = "yes"', 1, "Allowed: true or false"),
        ("history = 1", 1, "is neither true nor false"),
        ("# first\nmemory_interval_seconds = 0", 2, "Allowed: a number from 0.1 to 60"),
        ("memory_interval_seconds = nan", 1, "is out of range"),
        ("[run]\nmax_new_tokens = 1.5", 2, "a whole number from 1 to 100000"),
        ("[run]\nmax_new_tokens = true", 2, "is no whole number"),
        ('[run]\ncandidates = [\n  "int8",\n  "nf5",\n]', 2, "no variant is called 'nf5'"),
        ('[run]\ncandidates = ["nf4", "nf4"]', 2, "names a variant twice"),
        ('[run]\ncandidates = "nf4"', 2, "is no list of variants"),
        ('[run]\nreference = "bf61"', 2, "no variant is called 'bf61'"),
        ('[run]\nmodel = " "', 2, "is empty"),
        ("lowbandwidth = true", 1, "Did you mean low_bandwidth?"),
        ("[run]\nmdoel = 'x'", 2, "Did you mean run.model?"),
        ("model = 'x'", 1, "below a line [run]"),
        ("[run]\ntheme = 'nord'", 2, "at the top of the file"),
        ("\n\nengine = 'torch'", 3, "below a line [engine]"),
        ("[theme]\nname = 'nord'", 1, "is no text in quotes"),
        ("[colours]\nred = 1", 1, "there is no setting colours"),
        ("keys = 3", 1, "below a line [keys]"),
        ("[keys]\nrun = 5", 2, '"f9" or "f9,ctrl+r"'),
        ("[keys]\nrun = ['f9', 5]", 2, "is no text in quotes"),
        ("theme = 'nord'\ntheme = 'nord'", 2, "this is no TOML"),
        ("theme = 'nord'\nmouse = \n", 2, "this is no TOML"),
        ("theme = 'nord'\nmouse = [true,\n\n", 2, "this is no TOML"),
        (b"mouse = true\r\n# \xff\r\n", 2, "UTF-8"),
        ("mouse = 3\ntheme = 3", 1, "mouse = 3"),
    ],
)
def test_what_is_wrong_names_file_line_and_what_is_allowed(
    environ: dict[str, str], text: str | bytes, line: int, words: str
) -> None:
    path = write(environ, text)
    with pytest.raises(UsageError) as caught:
        read_settings(environ)
    assert caught.value.message.startswith(f"{path}, line {line}: ")
    assert words in str(caught.value)


def test_a_wrong_variable_or_flag_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="QUANTTUI_THEME: 'nrod' is none of them; did you mean nord") as caught:
        read_settings(environ | {"QUANTTUI_THEME": "nrod"})
    assert caught.value.hint == f"Allowed: {', '.join(THEMES)}"
    with pytest.raises(UsageError, match="--theme: 'nrod'"):
        read_settings(environ, {"theme": "nrod"})


def test_a_pipe_or_a_device_in_the_files_place_is_not_waited_for(environ: dict[str, str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (str(tmp_path / "pipe.toml"), "/dev/zero"):
        with pytest.raises(UsageError, match="cannot be read: it is no file but a pipe"):
            read_settings(environ | {"QUANTTUI_SETTINGS": path})


def test_a_file_without_end_is_not_read_to_it(environ: dict[str, str], tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(UsageError, match="cannot be read: it is larger than 1 MB"):
        read_settings(environ | {"QUANTTUI_SETTINGS": str(large)})


def test_a_folder_in_the_files_place_is_told(environ: dict[str, str]) -> None:
    (Path(environ["QUANTTUI_HOME"]) / "settings.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        read_settings(environ)
