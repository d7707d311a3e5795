"""The line of a sweep's pages on a small terminal, and the line above that says what was swept."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from quanttui.records import SweepRequest, UnitsRead
from quanttui.runs.words import swept_words
from quanttui.text import safe_line
from quanttui.tui.bindings import key_names
from quanttui.tui.state.pace import coarse_seconds
from quanttui.tui.visible import fit
from quanttui.units import format_memory, format_percent

PAGES = {"plot": "Plot", "table": "Variants", "heat": "Categories", "verdict": "Verdict", "progress": "Progress"}


class SweepTabs(Static):
    class PageRequested(Message):
        """The user wants to see a page."""

        def __init__(self, page: str) -> None:
            super().__init__()
            self.page = page

    def __init__(self) -> None:
        super().__init__(markup=False, id="sweep-tabs")
        self._page = "plot"

    def show(self, page: str) -> None:
        self._page = page
        parts = [
            Content.styled(f" {label} ", "reverse bold" if page == self._page else "$muted")
            for page, label in self._labels()
        ]
        self.update(Content("").join(parts), layout=False)

    def on_mount(self) -> None:
        self.show(self._page)

    def on_click(self, event: events.Click) -> None:
        end = 0
        for page, label in self._labels():
            end += cell_len(label) + 2
            if event.x < end:
                self.post_message(self.PageRequested(page))
                return

    def _labels(self) -> list[tuple[str, str]]:
        keys = key_names(self.app)
        return [(page, f"{keys[f'sweep_pane_{page}']} {name}") for page, name in PAGES.items()]


class SweepHead(Static):
    """One line: what was swept, against what, and what the answer has to keep."""

    def __init__(self) -> None:
        super().__init__(markup=False, id="sweep-head")
        self._words, self._more = "", ""

    def show(self, request: SweepRequest, read: UnitsRead | None, reference: str, more: str) -> None:
        """``read`` None: not over. ``reference`` and ``more`` are safe to show."""
        names = ", ".join(variant.spelling for variant in request.candidates)
        self._words = safe_line(f"{request.model.id} · {reference} → {names}")
        self._more = " · ".join(filter(None, (asked_words(request, read), more)))
        self._paint()

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        """The models stay; what they read goes where there is no room."""
        width = self.content_size.width
        title = Content.assemble(("Sweep", "bold $primary"), "   ")
        room = width - title.cell_length
        words = fit(self._words, min(room, cell_len(self._words)))
        space = room - cell_len(words) - cell_len(self._more)
        more = f"{' ' * space}{self._more}" if space >= 3 else ""
        self.update(Content.assemble(title, words, (more, "$muted")), layout=False)


def asked_words(request: SweepRequest, read: UnitsRead | None = None) -> str:
    """``80 prompts in 8 categories, 37.1 kB of text · at most 20 min · memory ≤ 11.0 GiB``."""
    limits, budget = request.limits, request.budget
    words = (
        swept_words(request, read),
        f"at most {coarse_seconds(budget.seconds)}" if budget.seconds is not None else "",
        f"memory ≤ {format_memory(limits.memory_bytes)}" if limits.memory_bytes is not None else "",
        f"same top ≥ {format_percent(limits.least_same_top)}" if limits.least_same_top is not None else "",
        f"KL ≤ {limits.most_kl_nats:g}" if limits.most_kl_nats is not None else "",
        f"≥ {limits.least_tokens_per_second:g} tok/s" if limits.least_tokens_per_second is not None else "",
    )
    return " · ".join(filter(None, words))
