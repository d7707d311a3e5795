"""How the microscope writes its numbers: three digits that matter, never a false zero. Text only."""

from __future__ import annotations

import math


def nats(value: float) -> str:
    """A divergence: ``0.62``, ``0.031``, ``8.2e-6``. What rounding left below zero is 0."""
    if not math.isfinite(value):
        return "n/a"
    if value <= 0:
        return "0"
    if value < 0.001:
        return f"{value:.1e}".replace("e-0", "e-")
    return f"{value:.3f}" if value < 0.0995 else f"{value:.2f}"


def percent(share: float) -> str:
    """A probability or share in [0, 1] in six cells or fewer: ``41.0 %``, ``<0.1 %``."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    return f"{100 * share:.1f} %" if share < 0.9995 else "100 %"


def points(delta: float) -> str:
    """A difference of probabilities in percentage points, signed: ``-23.0 points``."""
    shown = f"{100 * delta:+.1f}".replace("-", "−")
    return f"{'0.0' if shown in ('+0.0', '−0.0') else shown} points"


def multiple(value: float | None) -> str:
    """So many times something: ``12 ×``, ``1.3 ×``; n/a where the floor is 0."""
    if value is None or not math.isfinite(value):
        return "n/a"
    return f"{value:,.0f} ×" if value >= 9.95 else f"{value:.1f} ×"
