"""What holds for one start of quanttui: defaults, the settings file, the environment, flags. One frozen value."""

from quanttui.settings.places import Places, read_places
from quanttui.settings.reading import read_settings, with_environment, with_flags
from quanttui.settings.values import Settings

__all__ = ["Places", "Settings", "read_places", "read_settings", "with_environment", "with_flags"]
