"""Finished runs: their figures, the documents and files they become, and the history that keeps them."""
