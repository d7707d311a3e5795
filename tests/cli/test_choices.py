"""What the screen opens with: whoever said it last and nearest wins."""

from __future__ import annotations

import os
import pty
from pathlib import Path
from typing import Any

import pytest

from quanttui.cli.choices import initial_choices
from quanttui.records import GenerationSettings, Precision, Variant
from quanttui.session import Session
from quanttui.settings import Settings, read_places

EXAMPLES = ("One day", "Long ago")
NF4, FP4, FP32 = Variant(Precision.NF4), Variant(Precision.FP4), Variant(Precision.FP32)
LAST = Session("/models/mine", "my own", FP32, (FP4,), GenerationSettings(max_new_tokens=7, seed=3), "nord")


def settings(**given: object) -> Settings:
    return Settings(read_places({"QUANTTUI_HOME": "/nowhere"}), **given)


def test_a_first_start_has_a_prompt_and_two_candidates() -> None:
    choices = initial_choices(settings(), None, EXAMPLES)
    assert choices.is_first
    assert (choices.model_id, choices.prompt, choices.reference) == (None, "One day", None)
    assert [variant.spelling for variant in choices.candidates] == ["int8", "nf4"]


def test_what_was_chosen_last_is_offered_again() -> None:
    choices = initial_choices(settings(), LAST, EXAMPLES)
    assert not choices.is_first
    assert (choices.model_id, choices.prompt, choices.reference) == (LAST.model, LAST.prompt, FP32)
    assert (choices.candidates, choices.settings, choices.theme) == ((FP4,), LAST.generation, "nord")


def test_settings_go_over_it_and_flags_over_those() -> None:
    given = settings(model="demo", theme="dracula", candidates=(NF4,), max_new_tokens=9)
    choices = initial_choices(given, LAST, EXAMPLES)
    assert (choices.model_id, choices.theme, choices.candidates) == ("demo", "dracula", (NF4,))
    assert choices.settings == GenerationSettings(max_new_tokens=9, seed=3)
    flagged = initial_choices(given, LAST, EXAMPLES, model="./other", prompt="")
    assert (flagged.model_id, flagged.prompt) == ("./other", "")


def test_an_unticked_list_and_an_unknown_theme_are_taken_for_what_they_are() -> None:
    choices = initial_choices(settings(), Session(theme="gone", prompt="x"), EXAMPLES)
    assert choices.candidates == ()
    assert choices.theme == "quanttui-dark"


def test_a_word_about_what_could_not_be_read_is_no_first_start() -> None:
    choices = initial_choices(settings(), None, EXAMPLES, word="damaged")
    assert (choices.is_first, choices.word, choices.prompt) == (False, "damaged", "One day")


@pytest.mark.parametrize("argv", [("--model", "/no/such/folder"), ("--theme", "nrod")])
def test_a_flag_that_names_nothing_ends_before_the_screen_opens(start: Any, home: Path, argv: tuple[str, ...]) -> None:
    ours, theirs = pty.openpty()
    process = start(*argv, stdin=theirs, stdout=theirs, stderr=theirs)
    assert process.wait(timeout=60) == 2
    said = os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)
    assert argv[1].encode() in said
    assert b"\x1b[?1049h" not in said, "the screen was opened"
