"""The two lines at the bottom: what runs, and the keys for what one is about to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quanttui.tui import measures
from quanttui.tui.state.status import GLYPHS, Status, Tone
from quanttui.tui.visible import fit

MOST_KEYS = 7
_STAY = 3
_GAP = Content("  ")
_BAR, _SHORT_BAR = 20, 10
_WIDE = 100
_STYLES = {
    Tone.QUIET: "$muted",
    Tone.BUSY: "$primary",
    Tone.GOOD: "$success",
    Tone.WARNING: "$warning",
    Tone.BAD: "bold $error",
}


class FooterLines(Vertical):
    def __init__(self) -> None:
        super().__init__(id="footer")
        self._status = Status("")
        self._keys: Sequence[tuple[str, str]] = ()

    def compose(self) -> ComposeResult:
        yield Static(markup=False, id="status")
        yield Static(markup=False, id="keys")

    @property
    def status(self) -> Status:
        return self._status

    def show_status(self, status: Status) -> None:
        if status != self._status:
            self._status = status
            self._paint_status()

    def show_keys(self, keys: Sequence[tuple[str, str]]) -> None:
        """Pairs of key and label, the most wanted first."""
        if keys != self._keys:
            self._keys = keys
            self._paint_keys()

    def on_resize(self) -> None:
        self._paint_status()
        self._paint_keys()

    def _paint_status(self) -> None:
        status, width = self._status, self.content_size.width
        meter = Content("")
        if status.share is not None:
            filled, rest = measures.bar(status.share, _BAR if width >= _WIDE else _SHORT_BAR)
            meter = Content.assemble("  ", (filled, "$primary"), (rest, "$faint"))
        room = max(0, width - 2 - meter.cell_length)
        words = fit(status.text, min(room, cell_len(status.text)))
        line = Content.assemble((f"{GLYPHS[status.tone]} {words}", _STYLES[status.tone]), meter)
        line += Content.styled(more_words(status.more, width - line.cell_length), "$muted")
        self.query_one("#status", Static).update(line, layout=False)

    def _paint_keys(self) -> None:
        line = keys_content(self._keys, self.content_size.width)
        self.query_one("#keys", Static).update(line, layout=False)


def more_words(more: Sequence[str], room: int) -> str:
    """As many of ``more`` as fit whole; the last, how to stop it, is the last to go."""
    kept = list(more)
    while kept and cell_len(words := "  " + " · ".join(kept)) > room:
        del kept[-2 if len(kept) > 1 else -1]
    return words if kept else ""


def keys_content(keys: Sequence[tuple[str, str]], width: int) -> Content:
    """As many of ``keys`` as fit, at most seven; those at the end (help, palette, quit) stay, the middle gives way to
    an …, so that nobody takes the line for all there is."""
    parts = [Content.assemble((key, "bold $primary"), (f" {label}", "$muted")) for key, label in keys[:MOST_KEYS]]
    end = parts[-_STAY:] if len(parts) > _STAY else []
    start = parts[: len(parts) - len(end)]
    line = _GAP.join([*start, *end])
    while line.cell_length > width and (len(start) > 1 or end):
        del (start if len(start) > 1 else end)[-1]
        line = _GAP.join([*start, Content.styled("…", "$muted"), *end])
    return line
