"""Sweeps of the history with what follows from them. Imports the figures' room only where a sweep is asked for."""

from __future__ import annotations

from quanttui.records.history import StoredSweep
from quanttui.runs.comparing_sweeps import TalliedSweep


def tallied(stored: StoredSweep) -> TalliedSweep:
    from quanttui.pipeline.sweep import tally  # numpy behind it

    return TalliedSweep(stored, tally(stored.sweep))
