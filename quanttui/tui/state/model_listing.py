"""The models as the list shows them: merged as they are found, filtered, ordered. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from quanttui.models.choosing import ModelOrder, NameMatch, filter_models, sort_models
from quanttui.records import ModelEntry

ORDER_WORDS = {ModelOrder.NAME: "by name", ModelOrder.SIZE: "largest first", ModelOrder.LAST_USED: "last used first"}


def merged(older: Iterable[ModelEntry], newer: Iterable[ModelEntry]) -> tuple[ModelEntry, ...]:
    """Each model once, as ``newer`` has it: it may have come whole since. The order is that of the first sight."""
    return tuple({(entry.id, entry.path): entry for entry in (*older, *newer)}.values())


@dataclass(frozen=True)
class ModelListing:
    """``query`` filters by name, best match first; without one, ``order`` holds. ``is_whole``: all were found."""

    entries: tuple[ModelEntry, ...] = ()
    query: str = ""
    order: ModelOrder = ModelOrder.NAME
    is_whole: bool = False

    @cached_property
    def matches(self) -> list[NameMatch]:
        return filter_models(self.query, sort_models(self.entries, self.order))

    @property
    def words(self) -> str:
        """What is listed, where that is not simply all by name: ``12 of 301 · largest first``."""
        total = f"{len(self.entries)}{'' if self.is_whole else ' …'}"
        if self.query.strip():
            return f"{len(self.matches)} of {total}"
        order = "" if self.order is ModelOrder.NAME else f" · {ORDER_WORDS[self.order]}"
        return f"{total}{order}"

    def at(self, entry: ModelEntry | None) -> int | None:
        """Where ``entry`` stands."""
        return next((i for i, match in enumerate(self.matches) if match.entry == entry), None)

    def next_order(self) -> ModelListing:
        orders = list(ModelOrder)
        return replace(self, order=orders[(orders.index(self.order) + 1) % len(orders)])
