"""What the cockpit needs of a screen that shows a sweep, without importing what it paints with."""

from __future__ import annotations

from textual.screen import Screen

from quanttui.tui.state.status import Tone
from quanttui.tui.state.sweep_view import SweepView


class SweepShower(Screen[None]):
    view: SweepView

    def shows(self, view: SweepView) -> bool:
        return self.view.run_id == view.run_id

    def show(self, view: SweepView) -> None:
        """``view`` as it stands now; one of another sweep changes nothing."""
        raise NotImplementedError

    def judge_fits(self) -> None:
        """A reading of memory came in."""
        raise NotImplementedError

    def say(self, words: str, tone: Tone = Tone.QUIET) -> None:
        """``words`` may be raw."""
        raise NotImplementedError
