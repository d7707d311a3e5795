"""The keys of lists, texts, switches, the divergence pane and the dialogs: each acts where its widget has the focus."""

from __future__ import annotations

from quanttui.tui.keys import CHOOSING, DIVERGENCE, MOVING, READING, Command


def _moves(name: str, keys: str, action: str, tooltip: str, group: str = MOVING) -> Command:
    """A key that only moves something: a palette would take the focus from what it moves."""
    return Command(name, keys, action, tooltip.lower(), tooltip, group, in_palette=False)


LIST_COMMANDS = (
    _moves("list_down", "j", "cursor_down", "Down"),
    _moves("list_up", "k", "cursor_up", "Up"),
    _moves("list_first", "g", "first", "First"),
    _moves("list_last", "G,upper_g", "last", "Last"),
)

MODEL_COMMANDS = (Command("sort", "s", "sort", "sort", "Sort the models by name, size or last use, in turn", CHOOSING),)

FILTER_COMMANDS = (
    _moves("filter_end", "escape", "end_filter", "Show every model again", CHOOSING),
    _moves("filter_down", "down", "move('cursor_down')", "Down in the list"),
    _moves("filter_up", "up", "move('cursor_up')", "Up in the list"),
    _moves("filter_page_down", "pagedown", "move('page_down')", "A page down in the list"),
    _moves("filter_page_up", "pageup", "move('page_up')", "A page up in the list"),
)

TEXT_COMMANDS = (
    _moves("text_up", "up,k", "scroll_up", "Scroll up"),
    _moves("text_down", "down,j", "scroll_down", "Scroll down"),
    _moves("text_start", "home,g", "scroll_home", "To the start"),
    _moves("text_end", "end,G,upper_g", "scroll_end", "To the end"),
    _moves("text_page_up", "pageup", "page_up", "Page up"),
    _moves("text_page_down", "pagedown", "page_down", "Page down"),
)

RESULTS_COMMANDS = (
    _moves("results_up", "up,k", "move(-1)", "The variant above", READING),
    _moves("results_down", "down,j", "move(1)", "The variant below", READING),
    _moves("results_first", "home,g", "go(0)", "The reference", READING),
    _moves("results_last", "end,G,upper_g", "go(-1)", "The last candidate", READING),
    _moves("results_open", "enter", "open", "Go to the variant's output", READING),
)

SWITCH_COMMANDS = (_moves("switch", "space,enter", "switch", "Switch on or off"),)

STRIP_COMMANDS = (
    _moves("token_left", "left,h", "move(-1)", "One token back", DIVERGENCE),
    _moves("token_right", "right,l", "move(1)", "One token on", DIVERGENCE),
    _moves("token_row_up", "up,k", "move_row(-1)", "One row of tokens back", DIVERGENCE),
    _moves("token_row_down", "down,j", "move_row(1)", "One row of tokens on", DIVERGENCE),
    _moves("token_row_start", "home", "row_start", "First token of the row", DIVERGENCE),
    _moves("token_row_end", "end", "row_end", "Last token of the row", DIVERGENCE),
    _moves("token_first", "g", "first", "First token of the text", DIVERGENCE),
    _moves("token_last", "G,upper_g", "last", "Last token of the text", DIVERGENCE),
    Command("token_next", "n", "notable(1)", "next divergence", "Next token where the models part", DIVERGENCE),
    Command(
        "token_previous", "N,upper_n", "notable(-1)", "previous", "Previous token where the models part", DIVERGENCE
    ),
    Command("token_worst", "w", "worst", "worst", "The worst token; again: the next worst", DIVERGENCE),
)

DIVERGENCE_COMMANDS = (
    Command(
        "force",
        "f",
        "force_candidate",
        "force it",
        "Make the candidate take the reference's token here, and write on",
        DIVERGENCE,
    ),
    Command(
        "force_reference",
        "F,upper_f",
        "force_reference",
        "force the reference",
        "Make the reference take the candidate's token here, and write on",
        DIVERGENCE,
    ),
)

HELP_COMMANDS = (_moves("help_close", "escape,question_mark,f1,q", "close", "Close the help"),)

DETAILS_COMMANDS = (
    _moves("details_close", "escape,i,q", "close", "Close the details", READING),
    _moves("details_down", "j", "scroll('scroll_down')", "Scroll down", READING),
    _moves("details_up", "k", "scroll('scroll_up')", "Scroll up", READING),
    _moves("details_start", "g", "scroll('scroll_home')", "To the start", READING),
    _moves("details_end", "G,upper_g", "scroll('scroll_end')", "To the end", READING),
)

ASK_COMMANDS = (_moves("ask_cancel", "escape", "cancel", "Go back without an answer"),)

OPEN_COMMANDS = (
    _moves("open_cancel", "escape", "cancel", "Stop the download; else go back", CHOOSING),
    _moves("open_behind", "b", "behind", "Work on while the download comes", CHOOSING),
    _moves("open_complete", "tab", "complete", "Complete the folder's name", CHOOSING),
)

BRANCH_COMMANDS = (_moves("branch_leave", "escape,q", "leave", "Stop the branch; once it ended, close it", DIVERGENCE),)
