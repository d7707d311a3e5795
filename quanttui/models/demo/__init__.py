"""The embedded demo model: its files lie in ``model/``, the recipe that trained it beside them."""
