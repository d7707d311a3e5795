"""Command lines that are wrong in one clear way: argparse, with its complaints as UsageError and the nearest option."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import NoReturn

from quanttui.cli.streams import write_data
from quanttui.errors import UsageError, did_you_mean

_SEED_LIMIT = 2**63


class Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would print and exit."""

    def __init__(self, *, prog: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """The arguments in ``argv``. Raises UsageError, naming the nearest right option."""
        namespace, unknown = self.parse_known_args(argv)
        if unknown:
            raise self._unknown(unknown[0])
        return namespace

    def _print_message(self, message: str, file: object = None) -> None:
        """Help and version are data like any other: a full disk or a reader who left is no success."""
        write_data(message)

    def error(self, message: str) -> NoReturn:
        hint = f"{self.prog} --help lists the options."
        if "expected one argument" in message:
            hint = f"A value that begins with a dash is written with an equals sign: --option=-value. {hint}"
        raise UsageError(message, hint)

    def _unknown(self, word: str) -> UsageError:
        hint = f"{self.prog} --help lists the options."
        if not word.startswith("-"):
            return UsageError(f"{self.prog} takes no argument {word!r}", hint)
        name = word.partition("=")[0]
        nearest = did_you_mean(name, self._option_string_actions, cutoff=0.65)
        return UsageError(f"{self.prog} has no option {name!r}", nearest + hint)


def positive_int(text: str) -> int:
    return _whole(text, 1, None)


def count(text: str) -> int:
    return _whole(text, 0, None)


def seed(text: str) -> int:
    return _whole(text, 0, _SEED_LIMIT)


def temperature(text: str) -> float:
    value = _real(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0; for the most likely token leave --do-sample out")
    return value


def share(text: str) -> float:
    value = _real(text)
    if not 0 < value <= 1:
        meant = f"; {value:g} % is {value / 100:g}" if 1 < value <= 100 else ""
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1{meant}")
    return value


def _whole(text: str, least: int, limit: int | None) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if value < least or (limit is not None and value >= limit):
        raise argparse.ArgumentTypeError(f"{text} is not from {least} up" + (" to 2**63 - 1" if limit else ""))
    return value


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
