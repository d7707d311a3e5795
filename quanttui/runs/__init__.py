"""Runs as documents: the JSON they become."""
