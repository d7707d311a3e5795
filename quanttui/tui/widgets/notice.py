"""A few calm lines in place of an output: what to press, what is waited for, what went wrong."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from quanttui.text import safe_line, safe_text


class Notice(Static):
    """Hidden while it has nothing to say. Takes raw text and makes it safe."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.display = False
        self._said: tuple[str, str, str, str] | None = None

    def say(self, title: str, body: str = "", hint: str = "", *, tone: str = "quiet") -> None:
        """``tone``: "quiet", "busy", "bad" or "warning"; the title carries its glyph too."""
        said = (title, body, hint, tone)
        if said == self._said:
            return
        self._said = said
        self.set_classes(f"-{tone}")
        parts = [Content(safe_line(title)).stylize("bold")]
        if body:
            parts.append(Content(safe_text(body)))
        if hint:
            parts.append(Content(safe_text(hint)).stylize("$muted"))
        self.update(Content("\n").join(parts))
        self.display = True

    def hush(self) -> None:
        self._said = None
        self.display = False
