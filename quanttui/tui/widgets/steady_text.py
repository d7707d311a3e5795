"""Text that is told again and again: painted where it differs, laid out anew only where it needs another height."""

from __future__ import annotations

from textual.content import Content
from textual.css.styles import RulesMap
from textual.widgets import Static


class SteadyText(Static):
    """A layout goes over the whole screen; most of what is said once a second needs none."""

    def __init__(self, content: str = "", *, classes: str | None = None) -> None:
        super().__init__(content, markup=False, classes=classes)
        self._told = Content(content)

    def show(self, content: Content) -> None:
        before, self._told = self._told, content
        if before.plain == content.plain and before.spans == content.spans:
            return
        self.update(content, layout=self._height(before) != self._height(content))

    def _height(self, content: Content) -> int:
        """In the width there is; before the first layout there is none."""
        rules: RulesMap = {}
        return content.get_height(rules, max(1, self.content_size.width))
