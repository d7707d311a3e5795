"""Where things stand: pages of a small screen, the maximised pane, and the focus, which is always on what one sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from quanttui.tui.state.pages import PAGE_OF, SMALL_ROWS, Page, Pane, layout_class
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.output_pane import OutputPane
from quanttui.tui.widgets.page_tabs import PageTabs
from quanttui.tui.widgets.token_text import TokenText

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen

_FOCUS = {
    Pane.MODEL: "#models",
    Pane.VARIANTS: "#variant-choices",
    Pane.PROMPT: "#prompt TextArea",
    Pane.REFERENCE: "#reference TokenText",
    Pane.MEMORY: "#memory",
    Pane.DIVERGENCE: "DivergenceStrip",
    Pane.SETTINGS: "#field-max_new_tokens",
    Pane.RESULTS: "#results",
}


class ArrangementActions(Screen[None]):
    """The part of ``MainScreen`` that moves panes and the focus."""

    page = Page.SETUP
    _arranged: tuple[str, ...] = ()

    @property
    def _cockpit_screen(self) -> MainScreen:
        return cast("MainScreen", self)

    def show_page(self, page: Page) -> None:
        """Only a small terminal has pages; elsewhere this changes nothing one sees."""
        self.page = page
        self.lay_out(self.size)
        self.query_one(PageTabs).show(page)

    def lay_out(self, size: Size) -> None:
        """Set the classes that the style sheet lays the panes out by. All at once: each change styles every widget."""
        wanted = arrangement(size, self.page)
        if wanted != self._arranged:
            self.remove_class(*self._arranged, update=False)
            self.add_class(*wanted)
            self._arranged = wanted

    def lay_out_anew(self, size: Size) -> None:
        """For another size: the focus stays where it is, on whatever page that is now."""
        pane = self.pane_of_focus()
        self.show_page(PAGE_OF[pane] if pane is not None else self.page)
        self.lay_out(size)
        self.call_after_refresh(self.keep_focus_in_view)

    def keep_focus_in_view(self) -> None:
        """A pane that went takes the focus with it; the one that shows the same next gets it."""
        if self.focused is not None and self.focused in self.focus_chain:
            return
        chain = self.focus_chain
        target = next((widget for widget in (self.shown_text(), *chain) if widget in chain), None)
        if target is not None:
            target.focus()

    def pane_of_focus(self) -> Pane | None:
        ids = [widget.id for widget in (self.focused.ancestors_with_self if self.focused else ())]
        if "other" in ids:
            return Pane.CANDIDATE
        return next((pane for pane in Pane if pane.value in ids), None)

    def action_zoom(self) -> None:
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(pane_around(self.focused), container=False)
        self._cockpit_screen.paint_footer()

    def action_pane(self, pane: str) -> None:
        """Focus a pane, on whatever page it is."""
        self.go_to_pane(Pane(pane))

    def go_to_pane(self, pane: Pane) -> bool:
        """Whether there is such a pane to focus now; says why where not."""
        me = self._cockpit_screen
        if missing := self._missing(pane):
            me.warn(missing)
            return False
        if self.maximized is not None:
            self.minimize()
        if pane is Pane.REFERENCE:
            me.end_side_by_side()
        self.show_page(PAGE_OF[pane])
        target = self._next_text() if pane is Pane.CANDIDATE else self.query_one(_FOCUS[pane])
        self.call_after_refresh(self._focus_on, target)
        return True

    def _focus_on(self, target: Widget) -> None:
        """What has just got its room cannot have the focus before the layout has seen it."""
        if target in self.focus_chain:
            target.focus()
        else:
            self.call_after_refresh(target.focus)

    def _missing(self, pane: Pane) -> str:
        """Why there is no such pane yet, or ""."""
        me, run = self._cockpit_screen, self._cockpit_screen.keys["run"]
        if pane is Pane.DIVERGENCE and self.query_one(DivergencePane).score is None:
            return f"nothing measured yet · {run} runs, and scores each candidate once it has answered"
        return f"no results yet · {run} runs" if pane is Pane.RESULTS and me.run_view is None else ""

    def leave_field(self) -> None:
        """Out of a text field: on to what one reads next."""
        has_run = self._cockpit_screen.run_view is not None and self.shown_text() in self.focus_chain
        (self.shown_text() if has_run else self.query_one("#variant-choices")).focus()

    def shown_text(self) -> TokenText:
        """The text of the shown candidate."""
        texts, at = self._candidate_texts()
        return texts[at]

    def _next_text(self) -> TokenText:
        """The text of the shown candidate; where that has the focus, of the candidate beside it."""
        texts, at = self._candidate_texts()
        return texts[(at + 1) % len(texts)] if texts[at].has_focus else texts[at]

    def _candidate_texts(self) -> tuple[list[TokenText], int]:
        """Those on the screen, and which of them is the shown candidate's."""
        panes = [pane for pane in self.query(OutputPane) if pane.id != Pane.REFERENCE and pane.display]
        run = self._cockpit_screen.run_view
        shown = run.candidate.variant if run is not None and run.candidate is not None else None
        return [pane.text for pane in panes], next((i for i, pane in enumerate(panes) if pane.variant == shown), 0)


def arrangement(size: Size, page: Page) -> tuple[str, ...]:
    """The style sheet's classes for a screen of this size; only a small one has pages."""
    layout = layout_class(size.width, size.height)
    if layout != "narrow":
        return (f"-{layout}",)
    return ("-narrow", f"-page-{page}", *(("-short",) if size.height < SMALL_ROWS else ()))


def pane_around(widget: Widget) -> Widget:
    """The pane that ``widget`` stands in."""
    return next(
        (node for node in widget.ancestors_with_self if isinstance(node, Widget) and node.has_class("pane")), widget
    )
