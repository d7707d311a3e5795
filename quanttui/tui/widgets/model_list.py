"""The Model pane: what can be run, filtered as one types. Knows entries of the catalogue, not where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from quanttui.records import ModelEntry
from quanttui.text import safe_line
from quanttui.tui.bindings import bindings_of, key_names, keyed_title
from quanttui.tui.messages import ModelRequested
from quanttui.tui.state.model_listing import ModelListing
from quanttui.tui.widget_keys import MODEL_COMMANDS
from quanttui.tui.widgets.choice_list import ChoiceList
from quanttui.tui.widgets.model_filter import FilterInput
from quanttui.tui.widgets.model_rows import ModelRow, columns, facts, heading, name_fits

_UNTITLED_COLUMNS = 2
"""More than so many want their titles above them."""


class ModelList(Vertical):
    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(MODEL_COMMANDS)

    def __init__(self) -> None:
        super().__init__(id="model", classes="pane")
        self.listing = ModelListing()
        self._chosen: ModelEntry | None = None
        self._unlisted = "reading the catalogue …"
        self._coming = ""

    def compose(self) -> ComposeResult:
        yield FilterInput()
        yield Static(markup=False, id="model-columns")
        yield ChoiceList("models")
        yield Static(self._unlisted, markup=False, classes="detail")

    def on_mount(self) -> None:
        self.border_title = keyed_title(self.app, "model", "Model")

    @property
    def highlighted(self) -> ModelEntry | None:
        at = self.query_one(ChoiceList).highlighted
        return self.listing.matches[at].entry if at is not None and at < len(self.listing.matches) else None

    def show(self, entries: Sequence[ModelEntry], chosen: ModelEntry | None, *, is_whole: bool = True) -> None:
        """``chosen`` has the mark; the lines beneath tell more of the highlighted one. ``is_whole``: all were found."""
        shown = (self.listing.entries, self.listing.is_whole, self._chosen)
        if shown == (tuple(entries), is_whole, chosen):
            return
        highlight = self.highlighted if chosen == self._chosen else chosen
        self._chosen = chosen
        self.listing = replace(self.listing, entries=tuple(entries), is_whole=is_whole)
        self._paint(highlight)

    def show_coming(self, words: str) -> None:
        """What is on its way from the hub, in a few words."""
        self._coming = words
        self._tell_listing()

    def fail(self, why: str) -> None:
        """The catalogue could not be read; ``why`` is raw text."""
        self._unlisted = f"✗ {why} · {key_names(self.app)['open']} opens a folder or a hub id"
        self._tell_highlighted()

    def action_filter(self) -> None:
        field = self.query_one(FilterInput)
        field.display = True
        field.focus()

    def action_sort(self) -> None:
        at = self.highlighted
        self.listing = self.listing.next_order()
        self._paint(at)

    @on(FilterInput.Ended)
    def end_filter(self) -> None:
        """Every model again, the one that was highlighted among them."""
        at, field = self.highlighted, self.query_one(FilterInput)
        with self.prevent(Input.Changed):
            field.value = ""
        self.query_one(ChoiceList).focus()
        self.call_after_refresh(setattr, field, "display", False)
        self.listing = replace(self.listing, query="")
        self._paint(at)

    @on(FilterInput.Moved)
    def _filter_moved(self, event: FilterInput.Moved) -> None:
        getattr(self.query_one(ChoiceList), f"action_{event.action}")()

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.listing = replace(self.listing, query=event.value)
        self._paint(None)

    @on(Input.Submitted)
    def _filter_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if (entry := self.highlighted) is not None:
            self.end_filter()
            self.post_message(ModelRequested(entry))

    @on(OptionList.OptionHighlighted)
    def _option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._tell_highlighted()

    @on(OptionList.OptionSelected)
    def _option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(ModelRequested(self.listing.matches[event.option_index].entry))

    def on_resize(self, event: events.Resize) -> None:
        """What depends on the list's width, which follows."""
        self.call_after_refresh(self._tell_columns)
        self.call_after_refresh(self._tell_highlighted)

    @property
    def _row_width(self) -> int:
        return self.query_one(ChoiceList).scrollable_content_region.width

    def _paint(self, highlight: ModelEntry | None) -> None:
        """``highlight`` None, or not listed any more: the first."""
        choices, matches = self.query_one(ChoiceList), self.listing.matches
        choices.show_rows([ModelRow(match.entry, match.entry == self._chosen, match.positions) for match in matches])
        if matches:
            choices.highlighted = self.listing.at(highlight) or 0
        self._tell_columns()
        self._tell_listing()
        self._tell_highlighted()

    def _tell_columns(self) -> None:
        titles = self.query_one("#model-columns", Static)
        titles.display = len(columns(self._row_width)) > _UNTITLED_COLUMNS
        titles.update(heading(self._row_width))

    def _tell_listing(self) -> None:
        total = self.listing.words if len(self.listing.entries) > 1 else ""
        self.border_subtitle = Content(" · ".join(filter(None, (self._coming, total))))

    def _tell_highlighted(self) -> None:
        entry, detail = self.highlighted, self.query_one(".detail", Static)
        if entry is not None:
            detail.update(facts(entry, with_name=not name_fits(entry, self._row_width)))
        elif self.listing.query.strip():
            detail.update(f"no name has these letters · {key_names(self.app)['filter_end']} shows all again")
        else:
            detail.update(Content(safe_line(self._unlisted)))
