"""Joins engines and measures into runs. Knows no screen, no store and no command line."""

from quanttui.pipeline.comparison import run_comparison

__all__ = ["run_comparison"]
