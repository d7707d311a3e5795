"""Which models there are and where they lie. Reads files' headers, never weights; no torch."""
