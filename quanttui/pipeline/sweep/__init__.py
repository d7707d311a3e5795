"""The sweep: every variant over prompts and text, as an iterator of events, and its figures at any moment of it."""

from quanttui.pipeline.sweep.run import run_sweep
from quanttui.pipeline.sweep.tally import tally

__all__ = ["run_sweep", "tally"]
