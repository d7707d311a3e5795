"""A branch beside the free-running text: what a model writes once a token was forced on it. Fed by values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from quanttui.text import safe_line, safe_text
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.state.branch_view import BranchState, BranchView
from quanttui.tui.visible import visible_piece
from quanttui.tui.widget_keys import BRANCH_COMMANDS


def branch_title(view: BranchView) -> Content:
    """Where it was forced, on whom, and what."""
    piece = visible_piece(view.forced)
    words = (
        f"Branch at token {view.index + 1} · {safe_line(view.variant)} made to take {safe_line(view.donor)}'s {piece}"
    )
    return Content(words)


def free_content(view: BranchView) -> Content:
    """The variant's own text; muted as far as the branch has the same."""
    shared = view.free_shared
    return Content.assemble((safe_text(view.free[:shared]), "$foreground-muted"), (safe_text(view.free[shared:]), ""))


def branch_content(view: BranchView) -> Content:
    """The branch: muted up to the forced token, that token marked, and what was written after it."""
    return Content.assemble(
        (safe_text(view.prefix), "$foreground-muted"),
        (visible_piece(view.forced) if not view.forced.strip() else safe_text(view.forced), "bold reverse $accent"),
        (safe_text(view.branch), ""),
        ("▌" if view.state is BranchState.RUNNING else "", "$accent"),
    )


def branch_status(view: BranchView, leave_key: str = "esc") -> Content:
    """One line: what is being waited for, or what came of it. ``leave_key`` stops it, and closes it."""
    detail = safe_line(view.detail)
    match view.state:
        case BranchState.LOADING:
            return Content.assemble((f"Loading {safe_line(view.variant)} again … {detail}", "$foreground-muted"))
        case BranchState.RUNNING:
            return Content.assemble(("Writing on … ", "bold"), (f"{detail}  {leave_key} stops", "$foreground-muted"))
        case BranchState.FAILED:
            return Content.assemble(("✗ Failed: ", "bold $text-error"), (detail, ""))
    return Content.assemble((_outcome(view), "bold"), (f"  {leave_key} closes", "$foreground-muted"))


def _outcome(view: BranchView) -> str:
    stopped = "Stopped. " if view.state is BranchState.STOPPED else ""
    if view.agreed_tokens is None:
        return stopped or "Done."
    donor, agreed = safe_line(view.donor), view.agreed_tokens
    if agreed == 0:
        return f"{stopped}It parts from {donor} again at once."
    return f"{stopped}With that one token it follows {donor} for {agreed} more token{'' if agreed == 1 else 's'}."


class BranchPane(Vertical):
    """The free-running text on the left, the branch on the right, the state below."""

    DEFAULT_CSS = """
    BranchPane {
        border: round $border;
        border-title-color: $foreground;
        padding: 0 1;

        & Horizontal { height: 1fr; }
        & VerticalScroll { width: 1fr; border: round $foreground 30%; border-title-color: $foreground; padding: 0 1; }
        & VerticalScroll:focus { border: round $border; }
        & .branch-status { height: 1; }
    }
    """

    def __init__(self, view: BranchView) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield _column("free")
            yield _column("forced")
        yield Static(classes="branch-status")

    def on_mount(self) -> None:
        self._paint()

    @property
    def view(self) -> BranchView:
        return self._view

    def show(self, view: BranchView) -> None:
        """Show the branch as it stands now. Call it at the rate of painting, not of tokens; before the mount too."""
        self._view = view
        if self.is_mounted:
            self._paint()

    def _paint(self) -> None:
        view = self._view
        self.border_title = branch_title(view)
        variant = safe_line(view.variant)
        self.query_one(".free").border_title = Content(f"{variant} as it wrote by itself")
        self.query_one(".forced").border_title = Content(f"{variant} after {visible_piece(view.forced)}")
        self.query_one(".free Static", Static).update(free_content(view))
        self.query_one(".forced Static", Static).update(branch_content(view))
        self.query_one(".branch-status", Static).update(branch_status(view, key_names(self.app)["branch_leave"]))


def _column(name: str) -> VerticalScroll:
    return VerticalScroll(Static(), classes=name)


class BranchScreen(ModalScreen[None]):
    """A branch over the main screen. Its key stops it while it runs, and closes it once it does not."""

    DEFAULT_CSS = """
    BranchScreen {
        align: center middle;
        & BranchPane { width: 90%; height: 80%; background: $surface; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(BRANCH_COMMANDS)

    @dataclass
    class StopRequested(Message):
        """The branch under way should end; what it wrote stays."""

    def __init__(self, view: BranchView) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        yield BranchPane(self._view)

    def show(self, view: BranchView) -> None:
        """Show the branch as it stands now, or as soon as the screen is there."""
        self._view = view
        for pane in self.query(BranchPane):
            pane.show(view)

    def action_leave(self) -> None:
        if self._view.state in (BranchState.LOADING, BranchState.RUNNING):
            self.post_message(self.StopRequested())
        else:
            if self.is_current:  # not when closed by the key before
                self.dismiss(None)
