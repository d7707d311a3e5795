"""Rich renderables as plain strings, so that one place writes to stdout. Knows terminals, not runs."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Container

from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.table import Table

from quanttui.cli.streams import wants_colour

_PIPE_WIDTH = 100
_LEAST_WIDTH = 80  # a narrower terminal folds the lines; a table made for it would be nothing but "…"


def page_text(content: RenderableType) -> str:
    """``content`` for stdout as it is: as wide as the terminal but never too narrow for a table; coloured where
    colour is wanted."""
    width = max(_LEAST_WIDTH, shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns)
    return rendered(content, width, colour=wants_colour(sys.stdout, os.environ))


def rendered(content: RenderableType, width: int, *, colour: bool) -> str:
    """``content`` in lines of at most ``width`` cells; escape sequences only where ``colour``. Markup never acts."""
    target = io.StringIO()
    console = Console(
        file=target,
        width=width,
        force_terminal=colour,
        color_system="auto" if colour else None,
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.print(content)
    return "".join(line.rstrip(" ") + "\n" for line in target.getvalue().split("\n")[:-1])


def plain_table(*headings: str, left: Container[int] = (0,)) -> Table:
    """A table with a line under its headings; figures to the right, the columns in ``left`` to the left."""
    table = Table(box=SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1))
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index in left else "right")
    return table
