"""What an exported file is called: a slug and the run's id, never a model's name as it is. Pure."""

from __future__ import annotations

import re
import unicodedata

_MAX_SLUG = 40


def slug(text: str) -> str:
    """``text`` as lower-case ASCII letters, digits and single dashes, at most 40; "model" where nothing is left.

    No dot, no separator and no device name can come out of it: the run's id follows after a dash.
    """
    plain = unicodedata.normalize("NFKD", text.rpartition("/")[2] or text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_MAX_SLUG].strip("-") or "model"


def export_name(model_id: str, run_id: str, ending: str) -> str:
    """``llama-3-1-8b-99ba2bd56f0a.csv``. A run's id is made safe too: it may come out of a file."""
    return f"{slug(model_id)}-{slug(run_id)[:12]}.{ending}"
