"""Where each key of a TOML text stands, whatever stands around it."""

from __future__ import annotations

import tomllib

from quanttui.settings.toml_lines import key_lines

NASTY = """\
# theme = "no"
theme = "a # b = 1" # c = 2

"quoted key" = 1
'single' = 'it''s' # no: a syntax error would be the reader's business
""".replace("'it''s'", "'its'")


def test_comments_and_strings_hold_no_keys() -> None:
    assert key_lines(NASTY) == {("theme",): 2, ("quoted key",): 4, ("single",): 5}


def test_long_strings_and_arrays_are_walked_over() -> None:
    text = (
        'first = """\nfake = 1\n[faker]\n\\""" still"""\nsecond = [\n  "]", # ]\n  [1, 2],\n  { inner = 1 },\n]\n'
        "third = '''\nx = '' y\n'''\nfourth = 4\n"
    )
    assert tomllib.loads(text).keys() == {"first", "second", "third", "fourth"}
    assert key_lines(text) == {("first",): 1, ("second",): 5, ("third",): 10, ("fourth",): 13}


def test_tables_dotted_keys_and_inline_tables_have_their_paths() -> None:
    text = (
        "\n[run]\nmodel = 'x'\n[ keys ] # here\nrun = 'f9'\n\na.b = 1\na.'c d' = { e = 2, f = { g = 3 } }\n[[many]]\n"
    )
    assert key_lines(text) == {
        ("run",): 2,
        ("run", "model"): 3,
        ("keys",): 4,
        ("keys", "run"): 5,
        ("keys", "a"): 7,
        ("keys", "a", "b"): 7,
        ("keys", "a", "c d"): 8,
        ("keys", "a", "c d", "e"): 8,
        ("keys", "a", "c d", "f"): 8,
        ("keys", "a", "c d", "f", "g"): 8,
        ("many",): 9,
    }


def test_an_empty_text_has_no_keys() -> None:
    assert key_lines("") == key_lines("# nothing\n\n") == {}
