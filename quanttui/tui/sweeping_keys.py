"""The keys of the sweep's form and of its screen; those of its figures stand in ``sweep_keys``. Knows no Textual."""

from __future__ import annotations

from dataclasses import replace

from quanttui.tui.keys import APP_COMMANDS, CHOOSING, MOVING, READING, RUNNING, SCREEN_COMMANDS, Command


def _key(
    name: str, keys: str, action: str, label: str, tooltip: str, shown_as: str | None = None, group: str = CHOOSING
) -> Command:
    """Of a screen that is open: the palette belongs to the cockpit."""
    return Command(name, keys, action, label, tooltip, group, shown_as, in_palette=False)


def _pane(name: str, keys: str, label: str, tooltip: str) -> Command:
    return _key(f"sweep_pane_{name}", keys, f"pane('{name}')", label, tooltip, group=MOVING)


def _field(name: str, keys: str, tooltip: str) -> Command:
    command = _key(f"sweep_form_{name}", keys, f"app.focus_{name}", f"{name} field", tooltip, group=MOVING)
    return replace(command, priority=True)


RUN = replace(next(command for command in SCREEN_COMMANDS if command.id == "run"), tooltip="Start the sweep")
"""One key starts whatever there is to start."""
HELP = replace(next(command for command in APP_COMMANDS if command.id == "help"), action="app.help")
"""Of a dialog, which the app's own bindings do not reach."""

SWEEP_FORM_COMMANDS = (
    # With priority: Textual hands a key to the focused field before a tab in front of it has moved the focus, so that
    # what is typed fast, or comes at once over a slow line, would go into the field that is left.
    _field("next", "tab", "Go to the next list or field"),
    _field("previous", "shift+tab", "Go to the list or field before"),
    _key("sweep_form_close", "escape", "close", "back", "Back to the cockpit; what was chosen is kept", "esc"),
)
SWEEP_TICK_COMMANDS = (
    _key("sweep_form_tick", "space", "screen.tick", "tick", "Tick or untick the highlighted line"),
    _key("sweep_form_start", "enter", "screen.run", "start", "Start the sweep"),
    _key("sweep_form_all", "a", "screen.tick_all", "all", "Tick every variant that fits; of what is read, all or none"),
    _key("sweep_form_add", "plus", "screen.add_variant", "add", "Add a variant with options, such as nf4+dq", "+"),
)

SWEEP_COMMANDS = (
    _key(
        "sweep_back", "escape", "back", "stop", "Stop the sweep; what was measured is kept. Else back", "esc", RUNNING
    ),
    _key(
        "sweep_resume", "R,upper_r", "resume", "go on", "Go on with a sweep that was stopped or cut off", "R", RUNNING
    ),
    _key("sweep_close", "b,q", "close", "back", "Back; a sweep that goes on goes on behind", "b", RUNNING),
    _key("sweep_export", "e", "export", "export", "Export the sweep: report, tables, plot as a picture", group=READING),
    _key("sweep_zoom", "z,f4", "zoom", "zoom", "Let the pane fill the screen, or put it back", "z", READING),
    _key("sweep_pane_next", "tab", "pane_by(1)", "next pane", "Go to the next pane", group=MOVING),
    _key("sweep_pane_previous", "shift+tab", "pane_by(-1)", "previous pane", "Go to the previous pane", group=MOVING),
    _pane("plot", "1,p", "plot", "Go to the plot: memory against divergence"),
    _pane("table", "2", "variants", "Go to the table of all variants"),
    _pane("heat", "3", "categories", "Go to the categories: which kind of prompt suffers most"),
    _pane("verdict", "4", "verdict", "Go to the verdict, and what it rests on"),
    _pane("progress", "5", "progress", "Go to the progress, variant by variant"),
)

FOOTER_SWEEPING = ("sweep_back", "sweep_measure", "sweep_part", "sweep_zoom", "help", "sweep_close", "quit")
FOOTER_SWEPT = ("sweep_measure", "sweep_part", "sweep_order", "sweep_export", "help", "sweep_close", "quit")
FOOTER_CUT_OFF = ("sweep_resume", "sweep_measure", "sweep_part", "sweep_export", "help", "sweep_close", "quit")
