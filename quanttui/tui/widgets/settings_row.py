"""The settings row: how text is generated. What is wrong with a field stands beneath it as it is typed."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from quanttui.records import GenerationSettings
from quanttui.tui.bindings import keyed_title
from quanttui.tui.messages import SettingsEdited
from quanttui.tui.state.selection import Selection
from quanttui.tui.state.settings_form import FormResult, read_settings
from quanttui.tui.widgets.fields import Field, Switch

_SAMPLING = ("temperature", "top_p", "top_k")


class SettingsRow(Vertical):
    ALLOW_MAXIMIZE = True

    def __init__(self, settings: GenerationSettings) -> None:
        super().__init__(id="settings", classes="pane")
        self._initial = settings
        self._context_length: int | None = None

    def compose(self) -> ComposeResult:
        first = self._initial
        with Horizontal(classes="settings-line", id="sampling-line"):
            with Horizontal(classes="settings-group"):
                yield Field("max_new_tokens", "max new tokens", str(first.max_new_tokens), cells=5)
                yield Field("seed", "seed", str(first.seed), cells=5)
                yield Switch("do_sample", "sample", first.do_sample)
            with Horizontal(classes="settings-group", id="sampling"):
                yield Field("temperature", "temperature", f"{first.temperature:g}", cells=4)
                yield Field("top_p", "top-p", f"{first.top_p:g}", cells=4)
                yield Field("top_k", "top-k", str(first.top_k), cells=4)
        with Horizontal(classes="settings-line"):
            yield Switch("chat_template", "chat template", first.chat_template)
            yield Field("system_prompt", "system prompt", first.system_prompt or "", placeholder="none")
        yield Static(markup=False, id="settings-problem")

    def on_mount(self) -> None:
        self.border_title = keyed_title(self.app, "settings", "Settings")
        self._judge()

    def read(self) -> FormResult:
        typed = {str(field.name): field.value for field in self.query(Input)}
        ticked = {str(switch.name): switch.on for switch in self.query(Switch)}
        return read_settings(typed, ticked, self._context_length)

    def show(self, selection: Selection) -> None:
        """What the chosen model allows."""
        self.query_one("#field-chat_template", Switch).offered = selection.has_chat_template is not False
        context_length = selection.model.context_length if selection.model else None
        if context_length != self._context_length:
            self._context_length = context_length
            self._judge()

    def focus_problem(self) -> None:
        """Put the cursor where the first problem is."""
        for name in self.read().problems:
            self.query_one(f"#field-{name}").focus()
            return

    @on(Input.Changed)
    @on(Switch.Changed)
    def edited(self) -> None:
        self._judge()
        self.post_message(SettingsEdited())

    def _judge(self) -> None:
        problems = self.read().problems
        samples = self.query_one("#field-do_sample", Switch).on
        for name in _SAMPLING:
            self.query_one(f"#field-{name}", Input).disabled = not samples
        self.query_one("#sampling").set_class(not samples, "-off")
        for field in self.query(Input):
            field.set_class(field.name in problems, "-wrong")
        line = self.query_one("#settings-problem", Static)
        line.display = bool(problems)
        line.update(Content("✗ " + "; ".join(f"{name}: {problem}" for name, problem in problems.items())))
