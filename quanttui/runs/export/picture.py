"""An SVG picture of a screen, made fit to be handed on. Pure; knows how Rich writes one: text escaped, blanks as
``&#160;``, and each run of it stretched to the cells that it takes (``textLength``)."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from quanttui.runs.export.privacy import Privacy

ENDING = "svg"
_BLANK = "&#160;"


def private_picture(svg: str, privacy: Privacy) -> str:
    """``svg`` without secrets; the home becomes ``~`` after so many blanks that what follows keeps its place."""
    written = tuple(dict.fromkeys((*privacy.secrets, *map(_as_written, privacy.secrets))))
    scrubbed = replace(privacy, home="", secrets=written).scrub(svg)
    if len(privacy.home) < 2:
        return scrubbed
    home = re.escape(_as_written(privacy.home)) + r"(?=[/<&\"'`,;:)\]|])"
    return re.sub(home, _BLANK * (len(privacy.home) - 1) + "~", scrubbed)


def _as_written(text: str) -> str:
    return escape(text).replace(" ", _BLANK)
