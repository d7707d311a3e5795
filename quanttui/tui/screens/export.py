"""The export dialog: which formats, where to; what was written, or why not, stands beneath. Works in a thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from quanttui.errors import QuantTuiError
from quanttui.records import Run, SweepSnapshot
from quanttui.runs.export.formats import FORMATS
from quanttui.runs.export.privacy import Privacy
from quanttui.runs.export.sweep_formats import SWEEP_FORMATS
from quanttui.text import safe_line
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.history_keys import EXPORT_COMMANDS, FORMAT_COMMANDS
from quanttui.tui.messages import Problem
from quanttui.tui.visible import fit
from quanttui.tui.widgets.choice_list import ChoiceList
from quanttui.tui.widgets.fields import Field, Switch
from quanttui.tui.workers.exporting import PICTURE, ExportWish, write_export, write_sweep_export
from quanttui.tui.workers.threads import start_thread

_NAME_CELLS = 10
_MOST_SHOWN = 3


@dataclass
class ExportChoices:
    """What was chosen last, for the next time."""

    folder: str
    formats: frozenset[str] = frozenset({"markdown"})


@dataclass(frozen=True, slots=True)
class ExportSource:
    """``read`` gives the runs, or ``read_sweeps`` the sweeps, off the UI thread. ``variant``: offered for what is made
    of one. ``picture``: an SVG of the screen, None where none shows the run; those of sweeps are made of figures."""

    title: str
    read: Callable[[], Sequence[Run]]
    privacy: Privacy
    variant: str = ""
    picture: str | None = None
    read_sweeps: Callable[[], Sequence[SweepSnapshot]] | None = None

    @property
    def formats(self) -> Mapping[str, str]:
        """What there is, in words, by name."""
        if self.read_sweeps is not None:
            words = {name: made.words for name, made in SWEEP_FORMATS.items()}
            return words | {PICTURE: "the plot and the categories, an SVG each"}
        return {name: made.words for name, made in FORMATS.items()} | {PICTURE: "an SVG of the screen as it is"}

    def write(self, wish: ExportWish) -> tuple[Path, ...]:
        """Blocks; raises ``QuantTuiError``."""
        if self.read_sweeps is not None:
            return write_sweep_export(self.read_sweeps(), wish, self.privacy)
        return write_export(self.read(), wish, self.picture, self.privacy)


class ExportScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(EXPORT_COMMANDS)

    @dataclass
    class Written(Message):
        """The files are there."""

        paths: tuple[Path, ...]

    @dataclass
    class Refused(Message):
        """They could not be written."""

        problem: Problem

    def __init__(self, source: ExportSource, choices: ExportChoices) -> None:
        super().__init__()
        self._source, self._choices = source, choices
        self._names = tuple(source.formats)
        self._is_writing = False

    def compose(self) -> ComposeResult:
        keys = key_names(self.app)
        with Vertical(id="export") as box:
            box.border_title = Content(f"Export · {safe_line(self._source.title)}")
            ticks, leaves = keys["format_tick"], keys["export_close"]
            box.border_subtitle = Content(f"{ticks} ticks · enter writes · tab fields · {leaves} closes")
            yield FormatList()
            yield Field("folder", "folder ", self._choices.folder, placeholder="the current folder")
            yield Field("variant", "variant", self._source.variant, placeholder="each, for card and script")
            yield Switch("overwrite", "write over files that exist", on=False)
            yield Static(markup=False, id="export-words")

    def on_mount(self) -> None:
        self._paint()
        self.query_one(FormatList).highlighted = 0
        self.call_after_refresh(self._show_beginning)

    def action_close(self) -> None:
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def write(self) -> None:
        """Write what is ticked; once more only when that is done."""
        if self._is_writing:
            return
        self._is_writing = True
        ticked = tuple(name for name in self._names if name in self._choices.formats and self._has(name))
        folder, variant = (self.query_one(f"#field-{name}", Input).value for name in ("folder", "variant"))
        self._choices.folder = folder
        self._say("writing …")
        wish = ExportWish(ticked, folder, variant, self.query_one(Switch).on)
        start_thread(partial(self._write, wish), "export")

    def action_tick(self) -> None:
        at = self.query_one(FormatList).highlighted
        name = self._names[at] if at is not None else ""
        if not self._has(name):
            self._say("A picture is of a run on the screen: open the run, and export it there.")
            return
        self._choices.formats ^= {name}
        self._say("")
        self._paint()

    @on(Written)
    def written(self, event: Written) -> None:
        self._is_writing = False
        names = [f"✓ {safe_line(path.name)}" for path in event.paths[:_MOST_SHOWN]]
        if len(event.paths) > _MOST_SHOWN:
            names.append(f"✓ and {len(event.paths) - _MOST_SHOWN} more")
        folder = safe_line(str(event.paths[0].parent))
        width = self.query_one("#export-words").content_size.width - 3
        where = fit(folder, min(width, cell_len(folder)), from_end=cell_len(folder) > width)
        self._say("\n".join([*names, f"in {where}"]), "-good")

    @on(Refused)
    def refused(self, event: Refused) -> None:
        self._is_writing = False
        words = "\n".join(filter(None, map(safe_line, (event.problem.message, event.problem.hint))))
        self._say(f"✗ {words}", "-bad")

    def _write(self, wish: ExportWish) -> None:
        try:
            self.post_message(self.Written(self._source.write(wish)))
        except QuantTuiError as error:
            self.post_message(self.Refused(Problem(error.message, error.hint)))

    def _show_beginning(self) -> None:
        """Of a long path: an input scrolls to its end before it knows its width."""
        folder = self.query_one("#field-folder", Input)
        folder.cursor_position = 0
        folder.scroll_home(animate=False)

    def _has(self, name: str) -> bool:
        source = self._source
        return name != PICTURE or source.picture is not None or source.read_sweeps is not None

    def _paint(self) -> None:
        self.query_one(FormatList).show_rows([self._row(name) for name in self._names])

    def _row(self, name: str) -> FormatRow:
        words = self._source.formats[name]
        if not self._has(name):
            return FormatRow("·", name, f"{words}: open the run first")
        return FormatRow("☑" if name in self._choices.formats else "☐", name, words)

    def _say(self, words: str, tone: str = "") -> None:
        line = self.query_one("#export-words", Static)
        line.set_classes(tone)
        line.update(Content(words))


@dataclass(frozen=True, slots=True)
class FormatRow:
    sign: str
    name: str
    words: str

    def content(self, width: int) -> Content:
        line = Content.assemble(f"{self.sign} {self.name:<{_NAME_CELLS}}", (self.words, "$muted"))
        return line.truncate(width, ellipsis=True)


class FormatList(ChoiceList):
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(FORMAT_COMMANDS)

    def __init__(self) -> None:
        super().__init__("formats")
