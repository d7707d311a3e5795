"""Amounts as people write them, on a command line and in a form: ``20m``, ``12GB``. Each reader raises ValueError with
what is allowed."""

from __future__ import annotations

import math
import re

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_LEAST_BARE_BYTES = 10**6
"""``--memory 12`` means no twelve bytes."""
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-z]*)", re.ASCII)


def read_duration(text: str) -> float:
    """Seconds of ``90s``, ``20m``, ``1h30m``; a bare number is seconds."""
    words = text.strip().lower()
    if _DURATION.fullmatch(words):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(words))
    else:
        seconds = read_number(words)
    if not 0 < seconds < math.inf:
        raise ValueError("no duration: 90s, 20m, 1h30m")
    return seconds


def write_duration(seconds: float) -> str:
    """What ``read_duration`` reads back: ``90`` seconds are ``1m30s``; with a fraction they stay seconds."""
    if not float(seconds).is_integer():
        return f"{seconds}s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return "".join(f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if count)


def read_size(text: str) -> int:
    """Bytes of ``12GB`` (10⁹), ``12GiB`` (2³⁰), ``800MB``; a bare number is bytes where it is no small one."""
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None or match[2] not in _BYTES or not 0 < float(match[1]) * _BYTES[match[2]] < 2**63:
        raise ValueError("no size: 12GB, 11.5GiB, 800MB")
    if not match[2] and float(match[1]) < _LEAST_BARE_BYTES:
        raise ValueError("no size without its unit: 12GB, 11.5GiB, 800MB")
    return int(float(match[1]) * _BYTES[match[2]])


def read_above_zero(text: str) -> float:
    value = read_number(text)
    if not 0 < value < math.inf:
        raise ValueError("no number above 0")
    return value


def read_number(text: str) -> float:
    """NaN where ``text`` is no number: every comparison with it fails."""
    try:
        return float(text)
    except ValueError:
        return math.nan
