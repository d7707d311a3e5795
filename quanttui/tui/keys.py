"""The keys of the cockpit and of the app, once: bindings, footer, help, palette and the settings file's template are
made from this list. Those of lists, texts and dialogs stand in ``widget_keys``. Knows no Textual."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """``id`` is what a user rebinds, ``keys`` are Textual's names with commas between, ``label`` is what the footer
    says, ``tooltip`` what help and palette say. ``shown_as``: how its own keys are written, where not all of them.
    ``priority``: acts in text fields and dialogs too. ``in_palette``: makes sense without the focus being there."""

    id: str
    keys: str
    action: str
    label: str
    tooltip: str
    group: str
    shown_as: str | None = None
    priority: bool = False
    in_palette: bool = True


RUNNING, CHOOSING, READING, MOVING, APP = "Run", "Choose", "Read", "Move", "App"
DIVERGENCE, HISTORY = "Divergence", "History"

SCREEN_COMMANDS = (
    Command("run", "f5,ctrl+r", "run", "run", "Run the comparison", RUNNING, "F5", priority=True),
    Command("back", "escape", "back", "stop", "Leave the text field; then stop the run", RUNNING, "esc"),
    Command("tick", "space", "tick", "tick", "Tick or untick the highlighted variant as a candidate", CHOOSING),
    Command("reference", "r", "reference", "reference", "Make the highlighted variant the reference", CHOOSING),
    Command("add", "a,plus", "add_variant", "add", "Add a variant with options, such as nf4+dq", CHOOSING, "a"),
    Command(
        "example",
        "full_stop",
        "example",
        "example",
        "Put the next example prompt in, then your own again",
        CHOOSING,
        ".",
    ),
    Command("filter", "slash", "filter_models", "filter", "Filter the models by letters of their names", CHOOSING, "/"),
    Command("open", "o", "open_model", "open", "Open a model: a folder or a hub id", CHOOSING),
    Command("next", "n", "difference(1)", "next difference", "Jump to the next difference", READING),
    Command("previous", "N,upper_n", "difference(-1)", "previous", "Jump to the previous difference", READING, "N"),
    Command(
        "next_candidate",
        "right,right_square_bracket",
        "candidate(1)",
        "candidate",
        "Show the next candidate",
        READING,
        "→ ]",
    ),
    Command(
        "previous_candidate",
        "left,left_square_bracket",
        "candidate(-1)",
        "candidate",
        "Show the previous candidate",
        READING,
        "← [",
    ),
    Command("fold", "u", "fold", "fold", "Fold away what both texts share, or show it again", READING),
    Command(
        "paint_all", "U,upper_u", "paint_all", "paint all", "Paint also where the texts share nothing", READING, "U"
    ),
    Command("mark", "m", "mark", "mark", "Mark the candidate, or take its mark away", READING),
    Command("compare", "c", "compare", "compare", "Show the marked candidates side by side, or go back", READING),
    Command("clear", "x", "clear_marks", "clear", "Take every mark away", READING),
    Command("copy", "y", "copy", "copy", "Copy the output to the clipboard", READING),
    Command("write", "Y,upper_y", "write_output", "write", "Write the output to a file of its own", READING, "Y"),
    Command("details", "i", "details", "details", "Show how each model was loaded: options, notes, versions", READING),
    Command(
        "zoom", "z,f4", "zoom", "zoom", "Let the pane fill the screen, or put it back (F4 while typing)", READING, "z"
    ),
    Command(
        "sweep", "s", "sweep", "sweep", "Sweep: every variant over many prompts and text; or show the sweep", RUNNING
    ),
    Command("plot", "p", "plot", "plot", "Go to the sweep's plot of memory against divergence", MOVING),
    Command("history", "h", "history", "history", "Show the history: every run that was kept", HISTORY),
    Command("export", "e", "export", "export", "Export the shown run: report, tables, script, picture", HISTORY),
    Command(
        "next_prompt", "P,upper_p", "next_prompt", "next prompt", "Show the stored run's next prompt", HISTORY, "P"
    ),
    Command("run_again", "R,upper_r", "run_again", "run again", "Run the shown run's request again", HISTORY, "R"),
    Command("model", "1", "pane('model')", "model", "Go to the models", MOVING),
    Command("variants", "2", "pane('variants')", "variants", "Go to the variants", MOVING),
    Command("prompt", "3", "pane('prompt')", "prompt", "Go to the prompt", MOVING),
    Command("reference_output", "4", "pane('reference')", "reference", "Go to the reference's output", MOVING),
    Command("candidate_output", "5", "pane('candidate')", "candidate", "Go to the candidate's output", MOVING),
    Command("memory", "6", "pane('memory')", "memory", "Go to the memory", MOVING),
    Command("divergence", "7", "pane('divergence')", "divergence", "Go to the divergence, token by token", MOVING),
    Command("results", "8", "pane('results')", "results", "Go to the results: every variant in a table", MOVING),
    Command("settings", "comma", "pane('settings')", "settings", "Go to the settings", MOVING, ","),
    Command("pane_next", "tab", "app.focus_next", "next pane", "Go to the next pane or field", MOVING),
    Command("pane_previous", "shift+tab", "app.focus_previous", "previous pane", "Go to the previous pane", MOVING),
)

APP_COMMANDS = (
    Command("theme", "t", "theme", "theme", "Change the theme: dark, light, the terminal's own colours", APP),
    Command("redraw", "ctrl+l", "redraw", "redraw", "Paint the whole screen anew", APP, "^l"),
    Command("themes", "T,upper_t", "change_theme", "themes", "Choose a theme from the list of all", APP, "T"),
    Command("help", "question_mark,f1", "help", "help", "Show every key", APP, "?"),
    Command(
        "palette",
        "ctrl+p",
        "command_palette",
        "palette",
        "Find any action by name",
        APP,
        "^p",
        priority=True,
        in_palette=False,
    ),
    Command("quit_letter", "q", "leave", "quit", "Leave (asks once while a run is going on)", APP, in_palette=False),
    Command("quit", "ctrl+q", "leave", "quit", "Leave (asks once while a run is going on)", APP, "^q", priority=True),
    Command(
        "interrupt",
        "ctrl+c",
        "interrupt",
        "stop",
        "Stop the run; says how to leave where none is",
        APP,
        "^c",
        in_palette=False,
    ),
)

GROUPS = (RUNNING, CHOOSING, READING, DIVERGENCE, HISTORY, MOVING, APP)

# The footer's keys by what the user is about to do, the most wanted first.
FOOTER_IDLE = ("run", "tick", "reference", "sweep", "help", "palette", "quit")
FOOTER_MODELS = ("filter", "sort", "open", "zoom", "help", "palette", "quit")
FOOTER_TYPING = ("run", "back", "pane_next", "palette", "quit")
FOOTER_RUNNING = ("back", "next_candidate", "next", "zoom", "help", "palette", "quit")
FOOTER_DONE = ("run", "next", "next_candidate", "sweep", "help", "palette", "quit")
FOOTER_RESULTS = ("mark", "compare", "clear", "zoom", "help", "palette", "quit")
FOOTER_DIVERGENCE = ("token_next", "token_worst", "force", "next_candidate", "help", "palette", "quit")
