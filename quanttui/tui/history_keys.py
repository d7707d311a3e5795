"""The keys of the history's screens: each acts where its screen or list has the focus. Knows no Textual."""

from __future__ import annotations

from quanttui.tui.keys import HISTORY, MOVING, Command


def _key(name: str, keys: str, action: str, label: str, tooltip: str, shown_as: str | None = None) -> Command:
    """Of a screen that is open: the palette belongs to the cockpit."""
    return Command(name, keys, action, label, tooltip, HISTORY, shown_as, in_palette=False)


HISTORY_COMMANDS = (
    _key("history_open", "enter", "open", "open", "Open the run in the cockpit, as it was shown"),
    _key("history_again", "r", "again", "run again", "Run it again: the same request as a new run"),
    _key("history_filter", "slash", "filter", "filter", "Go to the filter line", "/"),
    _key("history_mark", "m,space", "mark", "mark", "Mark the run, or take its mark away", "m"),
    _key("history_compare", "c", "compare", "compare", "Set the two marked runs side by side"),
    _key("history_clear", "x", "clear", "clear", "Take every mark away"),
    _key("history_export", "e", "export", "export", "Export the marked runs, or this one"),
    _key("history_delete", "d,delete", "delete", "delete", "Delete the marked runs, or this one (asks once)", "d"),
    _key("history_preview", "p,tab", "preview", "preview", "Go to the preview, and back to the list", "p tab"),
    _key("history_close", "escape,h,q", "close", "back", "Leave the filter line; then back to the cockpit", "esc"),
)

RUN_LIST_COMMANDS = (
    Command("runs_up", "up,k", "move(-1)", "up", "The run above, which is newer", MOVING, in_palette=False),
    Command("runs_down", "down,j", "move(1)", "down", "The run below, which is older", MOVING, in_palette=False),
    Command("runs_page_up", "pageup", "move_page(-1)", "page up", "A page up", MOVING, in_palette=False),
    Command("runs_page_down", "pagedown", "move_page(1)", "page down", "A page down", MOVING, in_palette=False),
    Command("runs_first", "home,g", "go(0)", "newest", "The newest run", MOVING, in_palette=False),
    Command("runs_last", "end,G,upper_g", "go(-1)", "oldest", "The oldest run", MOVING, in_palette=False),
)

CONFIRM_COMMANDS = (
    _key("confirm_yes", "y", "answer(True)", "yes", "Do it", "y"),
    _key("confirm_no", "escape,n,q", "answer(False)", "no", "Go back without doing it", "esc"),
)

RUN_COMPARISON_COMMANDS = (
    _key("run_comparison_close", "escape,c,q", "close", "back", "Back to the list of runs", "esc"),
)

EXPORT_COMMANDS = (_key("export_close", "escape", "close", "back", "Close the export", "esc"),)
FORMAT_COMMANDS = (_key("format_tick", "space", "screen.tick", "tick", "Tick or untick the format"),)

FOOTER_HISTORY = (
    "history_open", "history_again", "history_mark", "history_export", "history_delete", "help", "history_close"
)  # fmt: skip
FOOTER_MARKED = (
    "history_compare", "history_export", "history_delete", "history_mark", "history_clear", "help", "history_close"
)  # fmt: skip
