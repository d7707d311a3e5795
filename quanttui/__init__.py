"""quanttui: what quantization costs a language model, seen side by side and measured.

Importing the package imports nothing heavy: no torch, no transformers, no textual.
"""

__version__ = "0.1.0"
