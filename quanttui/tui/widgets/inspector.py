"""The inspector: what each model expected at the token under the cursor. Shows an InspectorView, knows nothing else."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from quanttui.tui.widgets.inspector_text import InspectorView, inspector_content

NOTHING_YET = "Move the cursor over the bars to see what each model expected at that token."


class TokenInspector(Widget):
    """One token: probability, rank and KL, whether the first choice flipped, and both lists of likely next tokens.

    Fits itself to its size: 6 lines show the top 3, 12 lines the top 8.
    """

    DEFAULT_CSS = """
    TokenInspector {
        height: auto;
        min-height: 6;
        max-height: 14;
        background: transparent;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._view: InspectorView | None = None
        self._note = NOTHING_YET

    @property
    def view(self) -> InspectorView | None:
        return self._view

    def show(self, view: InspectorView | None, note: str = NOTHING_YET) -> None:
        """Show another token, or ``note`` where there is none."""
        self._view, self._note = view, note
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 12

    def render(self) -> Content:
        if self._view is None:
            return Content.styled(self._note, "$foreground-muted")
        return inspector_content(self._view, self.size.width, self.size.height)
