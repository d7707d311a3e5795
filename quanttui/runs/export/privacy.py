"""Takes out of a text what must not leave the machine: secrets and the path of a home. Pure; both are handed in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{16,}\b")
_SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD|API_?KEY|CREDENTIAL", re.IGNORECASE)
_SHORTEST_SECRET = 8
REMOVED = "[removed]"


@dataclass(frozen=True, slots=True)
class Privacy:
    """``home``: becomes ``~``. ``secrets``: values that are taken out wherever they stand."""

    home: str = ""
    secrets: tuple[str, ...] = ()

    def scrub(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, REMOVED)
        text = _TOKEN.sub(REMOVED, text)
        if len(self.home) > 1:
            text = re.sub(re.escape(self.home) + r"(?=$|[/\s\"'`,;:)\]|])", "~", text)
        return text


def privacy_of(environ: Mapping[str, str]) -> Privacy:
    """What this environment holds: the values of variables that are named like secrets, the home's path."""
    secrets = {
        value.strip()
        for name, value in environ.items()
        if _SECRET_NAMES.search(name) and len(value.strip()) >= _SHORTEST_SECRET and os.sep not in value
    }
    home = environ.get("HOME", "").rstrip("/")
    return Privacy(home, tuple(sorted(secrets, key=len, reverse=True)))
