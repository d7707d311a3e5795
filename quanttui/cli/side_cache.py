"""Where what sweeps keep lies, as the settings have it."""

from __future__ import annotations

from quanttui.cache.sides import SideCache
from quanttui.settings import Settings

GIGABYTE = 10**9


def side_cache(settings: Settings) -> SideCache:
    return SideCache(settings.places.cache / "sides", int(settings.cache_gigabytes * GIGABYTE))
