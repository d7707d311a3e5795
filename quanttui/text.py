"""Making untrusted text safe to show.

Model output, tokenizer pieces, file names, model names and error texts all pass through ``safe_text`` before a
terminal, a file or an export sees them. Storage keeps the raw text.
"""

from __future__ import annotations

SPACE = "␣"
_KEPT = "\t\n"


def _replacements() -> dict[int, str]:
    table: dict[int, str] = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in _KEPT}
    table[0x7F] = "␡"
    table.update(dict.fromkeys(range(0x80, 0xA0), "�"))
    # bidirectional marks, embeddings, overrides and isolates reorder what stands around them
    table.update(dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "⇄"))
    # zero-width characters hide; tags and interlinear marks do too
    table.update(dict.fromkeys([0x00AD, 0x034F, 0x180E, *range(0x200B, 0x200E), *range(0x2060, 0x2066), 0xFEFF], "·"))
    table.update(dict.fromkeys([*range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080)], "·"))
    table.update(dict.fromkeys([0x2028, 0x2029], "⏎"))
    # a lone surrogate cannot be written to a UTF-8 terminal at all
    table.update(dict.fromkeys(range(0xD800, 0xE000), "�"))
    return table


_TABLE = _replacements()


def safe_text(text: str) -> str:
    """``text`` with every character that acts on a terminal replaced by a visible glyph.

    One character for one character, so that it is safe across token boundaries and keeps offsets: C0 controls (but
    tab and newline) become their control pictures; DEL, C1, bidirectional controls, zero-width characters and lone
    surrogates become a glyph each. (Joined emoji fall apart into their parts: terminals disagree about their width.)
    """
    return text.translate(_TABLE)


def safe_line(text: str) -> str:
    """``safe_text`` on one line: newlines and tabs become visible too. For names, titles and table cells."""
    return safe_text(text).replace("\n", "⏎").replace("\t", "→")
