"""How strongly a divergence is shaded, and which ones deserve a stop. Knows numbers only: no widget, no colour value.

A strip must read the same for every candidate, so the scale is fixed and logarithmic, two steps a decade. What a bar
of each height means, in nats of KL(reference‖candidate) at one token::

    level   0    1       2       3      4      5      6     7     8
    glyph   _    ▁       ▂       ▃      ▄      ▅      ▆     ▇     █
    from    -   floor   0.001   0.003  0.01   0.03   0.1   0.3    1

Level 0 is whatever lies at or below the noise floor, however high that is: the reference differs from itself by as
much, so it must look calm. Height carries the level; the band's colour repeats it and is never the only sign.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum

from quanttui.records import FlipKind, TokenScore

LEVEL_EDGES_NATS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
LEVEL_GLYPHS = "_▁▂▃▄▅▆▇█"

NOTABLE_FLOOR_MULTIPLE = 10.0
"""A token is notable from ten times the (mean) floor on: single tokens of pure noise seldom get there."""

NOTABLE_MINIMUM_NATS = 0.1
"""... and never below 0.1 nats, where at most 22 % of the probability can have moved (Pinsker's inequality). Without
it nearly every token would be notable against an fp32 reference, whose floor is next to nothing."""

FLIP_GLYPHS = {FlipKind.NONE: " ", FlipKind.TIE: "△", FlipKind.REAL: "▲"}


class Band(StrEnum):
    """Levels in words. The value names the strip's component class."""

    CALM = "calm"
    SLIGHT = "slight"
    VISIBLE = "visible"
    STRONG = "strong"


def level_of(kl_nats: float, noise_nats: float) -> int:
    """The level, 0 to 8, of a divergence; an edge belongs to the level above it. Rounding below zero is calm."""
    if not kl_nats > max(noise_nats, 0.0):
        return 0
    return 1 + bisect_right(LEVEL_EDGES_NATS, kl_nats)


def band_of(level: int) -> Band:
    """The band of a level: 0 calm, 1 to 4 slight (below 0.03 nats), 5 and 6 visible (below 0.3), 7 and 8 strong."""
    if level == 0:
        return Band.CALM
    return Band.SLIGHT if level <= 4 else Band.VISIBLE if level <= 6 else Band.STRONG


def is_notable(token: TokenScore, noise_nats: float) -> bool:
    """A real flip, or a KL of at least ten times the noise floor and at least 0.1 nats."""
    threshold = max(NOTABLE_FLOOR_MULTIPLE * noise_nats, NOTABLE_MINIMUM_NATS)
    return token.flip is FlipKind.REAL or token.kl_divergence >= threshold
