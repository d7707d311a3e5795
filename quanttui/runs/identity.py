"""What runs are called. Knows nothing of what they hold."""

from __future__ import annotations

import uuid

_ID_LENGTH = 12


def new_run_id() -> str:
    """Twelve hexadecimal digits: short enough to type, and in 10,000 runs two are alike once in five million times."""
    return uuid.uuid4().hex[:_ID_LENGTH]
