"""Prompts and texts to measure on: the built-in ones, which lie beside this file, and the user's own files.

Knows no model, no engine and no command line.
"""
