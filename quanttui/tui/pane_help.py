"""What each pane shows, in a sentence or two, and the commands that matter there. Its keys come from the key table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quanttui.tui.history_keys import HISTORY_COMMANDS, RUN_LIST_COMMANDS
from quanttui.tui.keys import READING, SCREEN_COMMANDS, Command
from quanttui.tui.state.pages import Pane
from quanttui.tui.sweep_keys import SWEEP_FIGURE_COMMANDS
from quanttui.tui.sweeping_keys import RUN, SWEEP_COMMANDS, SWEEP_FORM_COMMANDS, SWEEP_TICK_COMMANDS
from quanttui.tui.widget_keys import (
    DIVERGENCE_COMMANDS,
    LIST_COMMANDS,
    MODEL_COMMANDS,
    RESULTS_COMMANDS,
    STRIP_COMMANDS,
    SWITCH_COMMANDS,
    TEXT_COMMANDS,
)


@dataclass(frozen=True, slots=True)
class PaneHelp:
    """``inner``: the keys of the widget that has the focus there; they go before the cockpit's of the same name."""

    title: str
    words: str
    own: tuple[str, ...] = ()
    inner: tuple[Command, ...] = ()

    @property
    def commands(self) -> tuple[Command, ...]:
        """What does something first, what only moves last."""
        own = (command for name in self.own for command in SCREEN_COMMANDS if command.id == name)
        return tuple(sorted((*self.inner, *own), key=lambda command: not command.in_palette))


_READING = tuple(command.id for command in SCREEN_COMMANDS if command.group == READING)

PANE_HELP: Mapping[Pane, PaneHelp] = {
    Pane.MODEL: PaneHelp(
        "Model",
        "The models that can be compared: the demo, what lies in the Hugging Face cache, and folders. Enter chooses "
        "one; ✗ marks what cannot be run, and the lines beneath say why. Filling the screen it shows every column.",
        ("filter", "open", "zoom"),
        (*MODEL_COMMANDS, *LIST_COMMANDS),
    ),
    Pane.VARIANTS: PaneHelp(
        "Variants",
        "The ways of holding the model: ● is the reference, ☑ are the candidates that are compared with it. ~ is a "
        "foretold size, without it a measured one; then whether it fits beside what the device holds now, and beneath "
        "why, and what would. What does not fit can be run all the same.",
        ("tick", "reference", "add", "run"),
        LIST_COMMANDS,
    ),
    Pane.PROMPT: PaneHelp(
        "Prompt",
        "What every variant continues. Letters are text here; the keys of the cockpit act once the field is left.",
        ("run", "back", "example"),
    ),
    Pane.SETTINGS: PaneHelp(
        "Settings",
        "How text is generated: always the most likely token, or drawn at random where sample is on; the same seed "
        "draws the same. A wrong value says what is allowed.",
        ("run", "back", "pane_next"),
        SWITCH_COMMANDS,
    ),
    Pane.REFERENCE: PaneHelp(
        "Reference",
        "What the model writes in full precision, and what that costs: weights, peak memory, speed. Underlined words "
        "differ from the candidate shown; ▶ marks where the two part.",
        _READING,
        TEXT_COMMANDS,
    ),
    Pane.CANDIDATE: PaneHelp(
        "Candidate",
        "What a quantized variant writes; each figure stands beside its share of the reference's. Underlined words "
        "differ from the reference; ▶ marks where the two part.",
        _READING,
        TEXT_COMMANDS,
    ),
    Pane.MEMORY: PaneHelp(
        "Memory",
        "What the device, or this host, has in use now; what of that is the engine's own; and the highest since the "
        "start. A reading that is late says how old it is.",
        ("zoom",),
    ),
    Pane.DIVERGENCE: PaneHelp(
        "Divergence",
        "How far the candidate's next-token probabilities are from the reference's, token by token of the reference's "
        "text: the higher the bar, the further. ▲ marks a token that the candidate would have chosen otherwise, "
        "△ one where that was a toss-up.",
        ("next_candidate", "previous_candidate", "zoom"),
        (*STRIP_COMMANDS, *DIVERGENCE_COMMANDS),
    ),
    Pane.RESULTS: PaneHelp(
        "Results",
        "Every variant of the run in the order it was asked for, with what it costs and how far it is from the "
        "reference; × noise is how many times the reference's own noise that is. The row under the cursor is the one "
        "that the outputs and the divergence show; ◆ is marked.",
        ("mark", "compare", "clear", "zoom"),
        RESULTS_COMMANDS,
    ),
}

SWEEP_FORM_HELP = PaneHelp(
    "Sweep form",
    "Every ticked variant reads the ticked prompts and text, and files of your own: prompts are continued by the "
    "reference, text is read in windows, and all variants are scored on the same tokens. Stop after: when the time is "
    "up, what all have read until then is the answer. Answer with: what the recommended variant has to keep: memory "
    "(its peak on a GPU, its weights on a CPU), same top (how often it picks the reference's next token: 0.98 or 98%), "
    "KL (at most, on average, in nats per token) and speed. A field that is empty limits nothing.",
    inner=(RUN, *SWEEP_TICK_COMMANDS, *SWEEP_FORM_COMMANDS),
)

SWEEP_HELP = PaneHelp(
    "Sweep",
    "Every variant over the same prompts and text: ★ is recommended for the limits that were given, ◆ stands on the "
    "frontier (none is shown to beat it in both memory and divergence), ◇ is beaten. Bars are 95 % intervals; "
    "they shrink as more is measured. ✓ fits is about what is free on this machine now. The sweep can be stopped and "
    "taken up again, here or from the history, also after its process was killed.",
    inner=(*SWEEP_COMMANDS, *SWEEP_FIGURE_COMMANDS),
)

HISTORY_HELP = PaneHelp(
    "History",
    "Every run that was kept, also those of the command. The filter finds runs by model:, variant:, state:, since:, "
    "until:, date: and by words of their prompts; all of its parts have to hold. Beside each candidate stand the sign "
    "of its verdict and its mean divergence: = indistinguishable, ≈ small, ≠ clear, ✗ broken.",
    inner=(*HISTORY_COMMANDS, *RUN_LIST_COMMANDS),
)
