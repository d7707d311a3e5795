"""The terminal app. Importing the room imports nothing heavy; ``run_app`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quanttui.tui.services import Services

__all__ = ["run_app"]


def run_app(services: Services, *, mouse: bool = True) -> int:
    """Show the app until the user leaves, and close the engine. Returns the exit code a command should end with."""
    import sys

    from quanttui.tui.collecting import collect_what_is_new, put_off_collecting

    put_off_collecting()
    from quanttui.tui.app import QuantTuiApp
    from quanttui.tui.leaving import Deadline

    deadline = Deadline(services.engine.close, sys.__stdin__.fileno() if sys.__stdin__ else 0)
    app = QuantTuiApp(services, deadline, collect_what_is_new)
    try:
        app.run(mouse=mouse)
    finally:
        services.engine.close()
        deadline.disarm()
    return app.return_code or 0
