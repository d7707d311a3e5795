"""Keys by their names and ids: what is read, what is refused, and what the screen then says of them."""

from __future__ import annotations

import pytest
from scripted_app import finish, keys, make_app, running, screen_lines, screen_text, status, until
from textual import keys as textual_keys

from quanttui.tui.key_names import read_keys, show_key
from quanttui.tui.key_table import COMMANDS, SCOPES, KeymapError, KeyNames, check_keymap, written_keys
from quanttui.tui.pane_help import PANE_HELP
from quanttui.tui.screens.help import HelpScreen
from quanttui.tui.state.pages import Pane


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("f9", ("f9",)),
        ("F9, ctrl+R", ("f9", "ctrl+r")),
        ("N", ("N", "upper_n")),
        ("?", ("question_mark",)),
        (",", ("comma",)),
        ("+", ("plus",)),
        ("ctrl++", ("ctrl+plus",)),
        ("shift+ctrl+up", ("ctrl+shift+up",)),
        ("ж", ("ж",)),
        ("x,x", ("x",)),
    ],
)
def test_keys_are_read_as_people_write_them(written: str, read: tuple[str, ...]) -> None:
    assert read_keys(written) == read


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "a key is missing"),
        ("f9,", "a key is missing"),
        ("pageupp", "did you mean pageup?"),
        ("hyper+x", "no modifier"),
        ("shift+n", "such as N"),
        ("ctrl+i", "from tab"),
        ("f25", "no key is called"),
    ],
)
def test_what_is_no_key_is_refused_with_the_reason(written: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        read_keys(written)


def test_every_punctuation_mark_has_the_name_that_textual_gives_it() -> None:
    for code in range(33, 127):
        mark = chr(code)
        if not mark.isalnum():
            (name,) = read_keys(f"x,{mark}")[1:] if mark != "," else read_keys(mark)
            assert name == textual_keys._character_to_key(mark)
            assert show_key(name) == mark


def test_the_keys_that_ship_clash_nowhere() -> None:
    own = {name: written_keys(command) for name, command in COMMANDS.items()}
    assert check_keymap(own) == {name: command.keys for name, command in COMMANDS.items()}
    assert sum(map(len, SCOPES.values())) == len(COMMANDS), "an id is used twice"


@pytest.mark.parametrize(
    ("wanted", "at_fault", "words"),
    [
        ({"runn": "f9"}, "runn", "Did you mean run?"),
        ({"next": "f6", "help": "bogus"}, "help", "no key is called 'bogus'"),
        ({"copy": "e", "details": "e"}, "details", "e is copy's key already"),
        ({"copy": "o"}, "copy", "o is open's key already"),
        ({"token_worst": "f"}, "token_worst", "force's key already (in the divergence pane)"),
        ({"help_close": "ctrl+p"}, "help_close", "palette's key already"),
        ({"run": "x"}, "run", "x writes a character"),
    ],
)
def test_a_wrong_rebinding_names_what_is_at_fault(wanted: dict[str, str], at_fault: str, words: str) -> None:
    with pytest.raises(KeymapError) as caught:
        check_keymap(wanted)
    assert caught.value.binding_id == at_fault
    assert words in str(caught.value)


def test_two_keys_can_change_places() -> None:
    assert check_keymap({"copy": "o", "open": "y"}) == {"copy": "o", "open": "y"}


def test_names_follow_the_keymap_and_leave_out_what_an_inner_scope_took() -> None:
    names = KeyNames({"run": "f9,ctrl+x"})
    assert (names["run"], names.all("run")) == ("F9", "F9 ^x")
    assert names.all("previous") == "N"
    assert names.all("next_candidate") == "→ ]"
    assert names.all("next_candidate", inside=SCOPES["in the divergence pane"]) == "]"


REBOUND = check_keymap({"run": "f9", "back": "f8", "prompt": "Q", "token_worst": "v", "help_close": "x", "next": "J"})


async def test_footer_hints_and_help_say_the_keys_that_hold_now() -> None:
    app = make_app(keymap=REBOUND)
    async with running(app) as pilot:
        shown = screen_text(app)
        assert "F9 run" in shown
        assert "Press F9 to run" in shown
        assert "J jumps to the next" in shown
        assert "F5" not in shown
        assert "Q Prompt" in shown
        await pilot.press("f5")
        assert app.main.run_view is None
        await pilot.press("question_mark")
        await pilot.pause()
        assert "x closes" in screen_text(app)
        await pilot.press("x")
        await pilot.pause()
        assert not isinstance(app.screen, HelpScreen)
        await pilot.press("Q")
        await pilot.pause()
        await pilot.press("ctrl+a", "ctrl+k", "f9")
        assert "Q goes to the prompt" in status(app)


async def test_tabs_of_a_small_terminal_name_the_keys_that_hold_now() -> None:
    app = make_app(keymap={"memory": "M,upper_m"})
    async with running(app, (80, 24)) as pilot:
        assert "M Memory" in screen_text(app)
        await pilot.click("#page-tabs", offset=(screen_lines(app)[1].index("M Memory"), 0))
        await pilot.pause()
        assert app.main.page == "memory"


async def test_the_divergence_panes_keys_are_rebound_and_in_the_palette() -> None:
    app = make_app(keymap=REBOUND)
    async with running(app) as pilot:
        await pilot.press("f9")
        await finish(pilot)
        await pilot.press("7")
        await pilot.pause()
        assert "v worst" in screen_text(app)
        await pilot.press("v")
        await pilot.pause()
        assert "worst 1 of" in screen_text(app)
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {COMMANDS[name].tooltip for name in ("token_worst", "force", "force_reference")} <= titles


async def test_a_divergence_command_from_the_palette_goes_to_its_pane() -> None:
    app = make_app()
    async with running(app) as pilot:
        worst = next(c for c in app.get_system_commands(app.screen) if c.title == COMMANDS["token_worst"].tooltip)
        await worst.callback()
        assert "nothing measured yet" in status(app)
        await pilot.press("f5")
        await finish(pilot)
        await worst.callback()
        await until(pilot, lambda: "worst 1 of" in screen_text(app))
        await pilot.press(*keys("n"))
        assert app.main.run_view.cursor is None, "the key went to the divergence pane"


@pytest.mark.parametrize(
    ("focus", "title", "sentence", "key"),
    [
        ("2", "Help · Variants", "● is the reference", "r  Make the highlighted variant the reference"),
        ("1", "Help · Model", "The models that can be compared", "o  Open a model"),
        ("comma", "Help · Settings", "How text is generated", "tab  Go to the next pane"),
    ],
)
async def test_help_begins_with_the_pane_that_has_the_focus(focus: str, title: str, sentence: str, key: str) -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press(focus)
        await pilot.pause()
        await pilot.press("f1")
        await pilot.pause()
        shown = screen_text(app)
        for words in (title, sentence, key):
            assert words in shown
        assert shown.index(sentence) < shown.index(key) < shown.index("Everywhere")


async def test_help_of_the_divergence_pane_leaves_out_keys_that_do_something_else_there() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("7")
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        here, _, _ = screen_text(app).partition("Everywhere")
        assert "]  Show the next candidate" in here
        assert "→ ]" not in here


def test_every_pane_has_its_help() -> None:
    assert PANE_HELP.keys() == set(Pane)
    for pane_help in PANE_HELP.values():
        assert set(pane_help.own) <= COMMANDS.keys()


async def test_keys_that_changed_places_and_keys_of_the_app_act() -> None:
    keymap = check_keymap({"copy": "o", "open": "y", "theme": "n", "next": "f6", "palette": "f2"})
    app = make_app(keymap=keymap)
    async with running(app) as pilot:
        await pilot.press("o")
        assert "no output to copy yet" in status(app)
        await pilot.press("n")
        assert app.theme == "quanttui-light"
        await pilot.press("f6")
        assert "no difference to jump to" in status(app)
        await pilot.press("y")
        await until(pilot, lambda: "Open a model" in screen_text(app))
        await pilot.press("escape", "ctrl+p")
        assert app.screen is app.main
        await pilot.press("f2")
        await until(pilot, lambda: "Search for commands" in screen_text(app))
