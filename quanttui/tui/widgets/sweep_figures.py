"""What plot and tables of a sweep have in common: what they show, and the keys that ask for another look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.widget import Widget

from quanttui.records import FitVerdict, SweepPart, Variant
from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.state.sweep_look import SweepLook
from quanttui.tui.state.sweep_rows import SweepRows, sweep_rows
from quanttui.tui.sweep_messages import SweepLookRequested


class SweepFigures(Widget):
    """Shows a snapshot as ``look`` wants it. Every key of ``SWEEP_FIGURE_COMMANDS`` posts ``SweepLookRequested``;
    nothing changes before ``show`` is called with it."""

    snapshot: SweepSnapshot | None = None
    look = SweepLook()
    rows: SweepRows | None = None

    def show(self, snapshot: SweepSnapshot, look: SweepLook, fits: Mapping[Variant, FitVerdict]) -> None:
        """``fits``: what has room now, {} where that is not known."""
        self.snapshot, self.look = snapshot, look
        self.rows = sweep_rows(snapshot, look, fits)
        self.repaint_figures(self.rows, snapshot)

    def repaint_figures(self, rows: SweepRows, snapshot: SweepSnapshot) -> None:
        raise NotImplementedError

    def ask(self, look: SweepLook) -> None:
        if look != self.look:
            self.post_message(SweepLookRequested(look))

    def ask_for_step(self, by: int) -> None:
        if self.rows is not None:
            self.ask(replace(self.look, selected=self.rows.step(by)))

    def action_move(self, columns: int, rows: int) -> None:
        self.ask_for_step(columns or rows)

    def action_go(self, row: int) -> None:
        if self.rows is not None and self.rows.rows:
            self.ask(replace(self.look, selected=self.rows.rows[row].variant))

    def action_measure(self) -> None:
        self.ask(self.look.with_next_measure())

    def action_part(self) -> None:
        if self.rows is not None and len(self.rows.parts) > 1:
            other = SweepPart.SUITE if self.rows.part is SweepPart.TEXT else SweepPart.TEXT
            self.ask(replace(self.look, part=other))

    def action_order(self) -> None:
        self.ask(self.look.with_next_order())
