"""A run as files that people hand on: JSON, CSV, a Markdown report, a quant card, a script that repeats the load."""
