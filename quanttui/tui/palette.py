"""What the palette lists: every action with its key before it, and, once one types for it, every theme by name."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

_KEY_CELLS = 9


class ActionCommands(Provider):
    """One line an action, where Textual's own takes two."""

    async def discover(self) -> Hits:
        for title, key, callback, _ in self.app.get_system_commands(self.screen):
            yield DiscoveryHit(_line(key, Content(title)), callback, text=title)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, key, callback, _ in self.app.get_system_commands(self.screen):
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, _line(key, matcher.highlight(title)), callback, text=title)


class ThemeCommands(Provider):
    """Found by typing only: unasked, two dozen themes would bury the actions."""

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name in sorted(self.app.available_themes):
            title = f"theme: {name}"
            score = matcher.match(title)
            if score > 0:
                choose = partial(setattr, self.app, "theme", name)
                yield Hit(score, _line("", matcher.highlight(title)), choose, text=title)


def _line(key: str, title: Content) -> Content:
    return Content.assemble((f"{key:>{_KEY_CELLS}}  ", "$text-muted"), title)
