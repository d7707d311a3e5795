"""The settings row, read: every field in its range, or a problem that names the range."""

from __future__ import annotations

import pytest

from quanttui.records import GenerationSettings
from quanttui.tui.state.settings_form import read_settings

TYPED = {
    "max_new_tokens": "100",
    "seed": "0",
    "temperature": "1",
    "top_p": "1",
    "top_k": "0",
    "system_prompt": "",
}
TICKED = {"do_sample": True, "chat_template": True}


def test_the_defaults_are_the_defaults_of_the_records():
    assert read_settings(TYPED, TICKED | {"do_sample": False}).settings == GenerationSettings()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("max_new_tokens", "0"),
        ("max_new_tokens", ""),
        ("max_new_tokens", "1e3"),
        ("max_new_tokens", "٣"),
        ("max_new_tokens", "9" * 5000),
        ("seed", "-1"),
        ("temperature", "0"),
        ("temperature", "nan"),
        ("temperature", "hot"),
        ("top_p", "0"),
        ("top_p", "1.01"),
        ("top_k", "-3"),
    ],
)
def test_what_is_out_of_range_is_a_problem_of_its_field(field: str, typed: str):
    result = read_settings(TYPED | {field: typed}, TICKED)
    assert result.settings is None
    assert list(result.problems) == [field]


def test_sampling_fields_do_not_count_while_sampling_is_off():
    result = read_settings(TYPED | {"temperature": "hot"}, TICKED | {"do_sample": False})
    assert result.settings == GenerationSettings()


def test_a_system_prompt_needs_the_chat_template():
    typed = TYPED | {"system_prompt": "be brief"}
    assert read_settings(typed, TICKED).settings.system_prompt == "be brief"
    assert read_settings(typed, TICKED | {"chat_template": False}).settings.system_prompt is None


def test_new_tokens_beyond_the_context_are_a_problem_that_names_it():
    typed = TYPED | {"max_new_tokens": "513"}
    assert read_settings(typed, TICKED, 512).problems == {"max_new_tokens": "at most 512: the model's context"}
    assert read_settings(typed, TICKED, 513).settings.max_new_tokens == 513
    assert read_settings(typed, TICKED).settings.max_new_tokens == 513
