"""Pure functions on token ids and per-token figures. No torch, no screen, no file."""
