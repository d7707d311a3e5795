"""The screens: the cockpit and what its keys do, the history, and the dialogs over them."""
