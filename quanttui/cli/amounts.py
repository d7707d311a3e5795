"""Amounts as people write them on a command line: ``20m``, ``12GB``. Argparse types, each with its complaint."""

from __future__ import annotations

import argparse

from quanttui.amounts import read_above_zero, read_duration, read_size


def duration(text: str) -> float:
    """Seconds of ``90s``, ``20m``, ``1h30m``; a bare number is seconds."""
    try:
        return read_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is {error}") from None


def size_bytes(text: str) -> int:
    """Bytes of ``12GB`` (10⁹), ``12GiB`` (2³⁰), ``800MB``."""
    try:
        return read_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is {error}") from None


def nats(text: str) -> float:
    try:
        return read_above_zero(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no divergence above 0 nats") from None


def speed(text: str) -> float:
    try:
        return read_above_zero(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tokens per second above 0") from None
