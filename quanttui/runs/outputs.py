"""Single outputs as text files, where a terminal takes no clipboard: private, whole, each under a name of its own."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from quanttui.errors import UsageError
from quanttui.runs.export.writing import write_private

_UNSAFE = re.compile(r"[^A-Za-z0-9._+=-]+")
_MOST_NAME = 60


def write_output(folder: Path, variant: str, text: str) -> Path:
    """``text``, raw, as ``VARIANT-1.txt`` in ``folder``, or the next number that is free. Raises ExportError."""
    name = _UNSAFE.sub("-", variant)[:_MOST_NAME].strip(".") or "output"
    for number in count(1):
        path = folder / f"{name}-{number}.txt"
        try:
            write_private(path, text)
        except UsageError:
            if not path.exists():
                raise  # the folder itself is in the way
        else:
            return path
    raise AssertionError("numbers do not end")
