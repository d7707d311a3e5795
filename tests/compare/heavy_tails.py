"""Divergences whose truth is known: log-normal, correlated inside a window, windows of different difficulty, and
candidates that find the same places hard."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter


@dataclass(frozen=True)
class World:
    """``sigma``: of ln KL, whose mean over median is exp(σ²/2): 3 at 1.5, 7 at 2. ``window``: of the level that each
    window has of its own; ``shared``: how much of a place's difficulty the candidates share; ``contiguous``: the blocks
    are neighbours in one text."""

    blocks: int
    tokens: int = 64
    sigma: float = 1.5
    window: float = 0.4
    shared: float = 0.7
    contiguous: bool = False
    neighbours: float = 0.5

    def draw(self, generator, means):
        """KL of one candidate a mean, each of shape (blocks · tokens,)."""
        shape = (1, self.blocks * self.tokens) if self.contiguous else (self.blocks, self.tokens)
        place = self._walk(generator, *shape).reshape(self.blocks, self.tokens)
        level = self.window * generator.standard_normal((self.blocks, 1))
        return [self._candidate(generator, mean, place, level) for mean in means]

    def _candidate(self, generator, mean, place, level):
        noise = generator.standard_normal(place.shape)
        own = 0.3 * self.window * generator.standard_normal((self.blocks, 1))
        walk = math.sqrt(self.shared) * place + math.sqrt(1 - self.shared) * noise
        drift = (self.sigma**2 + 1.09 * self.window**2) / 2
        return (mean * np.exp(self.sigma * walk + level + own - drift)).ravel()

    def _walk(self, generator, rows, length):
        shocks = generator.standard_normal((rows, length))
        shocks[:, 1:] *= math.sqrt(1 - self.neighbours**2)
        return lfilter([1.0], [1.0, -self.neighbours], shocks, axis=1)

    @property
    def sizes(self):
        return [self.tokens] * self.blocks


def kept(generator, kl, hardness):
    """Whether the first choice is kept: less often where the KL is large; ``hardness``: what candidates share."""
    dice = 0.5 * generator.random(kl.size) + 0.5 * hardness
    return dice > np.minimum(0.4, 1.2 * np.sqrt(kl))
