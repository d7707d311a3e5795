"""Kinds of values that a setting can have: what is allowed, and how a value of a file or of the environment is read.

Every reader raises ValueError with what is wrong; ``allowed`` says what would be right.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from quanttui.errors import UsageError
from quanttui.records import Variant
from quanttui.variants import parse_variant

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class Kind(Protocol):
    @property
    def allowed(self) -> str: ...

    def read(self, value: object) -> Any:
        """A value of a TOML file."""

    def parse(self, text: str) -> Any:
        """A value of the environment or of a flag."""


@dataclass(frozen=True, slots=True)
class Flag:
    allowed: str = "true or false"

    def read(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError("is neither true nor false")
        return value

    def parse(self, text: str) -> bool:
        if text.lower() not in (*_YES, *_NO):
            raise ValueError("is neither true nor false")
        return text.lower() in _YES


@dataclass(frozen=True, slots=True)
class Number:
    """From ``low`` to ``high``; ``whole``: no fractions."""

    low: float
    high: float
    whole: bool = False

    @property
    def allowed(self) -> str:
        return f"a {'whole ' * self.whole}number from {self.low:g} to {self.high:g}"

    def read(self, value: object) -> int | float:
        right = int if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, right):
            raise ValueError("is no whole number" if self.whole else "is no number")
        if math.isnan(value) or not self.low <= value <= self.high:
            raise ValueError("is out of range")
        return value if self.whole else float(value)

    def parse(self, text: str) -> int | float:
        try:
            number = int(text) if self.whole else float(text)
        except ValueError:
            raise ValueError("is no whole number" if self.whole else "is no number") from None
        return self.read(number)


@dataclass(frozen=True, slots=True)
class OneOf:
    options: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return ", ".join(self.options)

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError("is no text in quotes")
        if value not in self.options:
            raise ValueError("is none of them" + _nearest(value, self.options))
        return value

    def parse(self, text: str) -> str:
        return self.read(text)


@dataclass(frozen=True, slots=True)
class Text:
    allowed: str

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError("is no text in quotes")
        if not value.strip():
            raise ValueError("is empty")
        return value

    def parse(self, text: str) -> str:
        return self.read(text)


@dataclass(frozen=True, slots=True)
class OneVariant:
    allowed: str = "a variant: fp32 bf16 fp16 int8 nf4 fp4, options after a plus (nf4+dq)"

    def read(self, value: object) -> Variant:
        if not isinstance(value, str):
            raise ValueError("is no text in quotes")
        try:
            return parse_variant(value)
        except UsageError as error:
            raise ValueError(f"is no variant: {error.message}") from None

    def parse(self, text: str) -> Variant:
        return self.read(text)


@dataclass(frozen=True, slots=True)
class Variants:
    allowed: str = 'a list of variants, each once: ["int8", "nf4+dq"]'

    def read(self, value: object) -> tuple[Variant, ...]:
        if not isinstance(value, list) or not value:
            raise ValueError("is no list of variants")
        variants = tuple(OneVariant().read(item) for item in value)
        if len(set(variants)) < len(variants):
            raise ValueError("names a variant twice")
        return variants

    def parse(self, text: str) -> tuple[Variant, ...]:
        """With commas between them."""
        return self.read([part.strip() for part in text.split(",")])


def _nearest(name: str, known: Sequence[str]) -> str:
    """``; did you mean x?``, or nothing where nothing is near."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def toml_text(value: object) -> str:
    """``value`` as a TOML file has it."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(toml_text(item) for item in value)}]"
        case int() | float():
            return repr(value)
    return json.dumps(str(value), ensure_ascii=False)
