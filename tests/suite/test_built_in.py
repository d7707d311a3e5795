"""The built-in prompts and text: enough of them, all different, clean, and of a length that the demo model can read."""

from __future__ import annotations

import unicodedata
import zlib
from collections import Counter
from itertools import combinations

import pytest
from tokenizers import Tokenizer

from quanttui.models.demo import MODEL_FOLDER
from quanttui.records import SuitePrompt
from quanttui.suite.built_in import built_in_categories, built_in_prompts, built_in_text
from quanttui.text import safe_text

CATEGORIES = ("story", "facts", "arithmetic", "code", "instruction", "dialogue", "languages", "long-context")
DEMO_CONTEXT = 512
ROOM_TO_ANSWER = 80


@pytest.fixture(scope="module")
def tokens_of() -> dict[str, int]:
    tokenizer = Tokenizer.from_file(str(MODEL_FOLDER / "tokenizer.json"))
    return {prompt.id: len(tokenizer.encode(prompt.text).ids) for prompt in built_in_prompts()}


def of(category: str) -> list[SuitePrompt]:
    return [prompt for prompt in built_in_prompts() if prompt.category == category]


def scripts_in(text: str) -> set[str]:
    """The first word of each letter's Unicode name: LATIN, CYRILLIC, CJK, ..."""
    return {unicodedata.name(letter).split()[0].split("-")[0] for letter in text if letter.isalpha()}


def trigrams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)}


def test_there_are_enough_prompts_in_every_category() -> None:
    assert len(built_in_prompts()) >= 64
    assert built_in_categories() == CATEGORIES
    assert all(len(of(category)) >= 8 for category in CATEGORIES)


def test_every_id_is_its_category_and_a_number() -> None:
    expected = [f"{category}-{n:02}" for category in CATEGORIES for n in range(1, len(of(category)) + 1)]
    assert [prompt.id for prompt in built_in_prompts()] == expected


def test_no_prompt_is_nearly_another() -> None:
    """By the share of trigrams that the shorter of two has in common with the other. Long ones: the next test."""
    shapes = {p.id: trigrams(p.text) for p in built_in_prompts() if p.category != "long-context"}
    shared = {
        (one, other): len(shapes[one] & shapes[other]) / min(len(shapes[one]), len(shapes[other]))
        for one, other in combinations(shapes, 2)
    }
    assert {pair: share for pair, share in shared.items() if share > 0.4} == {}


def test_no_two_long_prompts_share_a_phrase() -> None:
    seen = Counter(phrase for prompt in of("long-context") for phrase in set(phrases(prompt.text, 7)))
    assert [phrase for phrase, count in seen.items() if count > 1] == []


def phrases(text: str, length: int) -> list[str]:
    words = text.split()
    return [" ".join(words[at : at + length]) for at in range(len(words) - length + 1)]


def test_every_prompt_leaves_the_demo_model_room_to_answer(tokens_of: dict[str, int]) -> None:
    assert max(tokens_of.values()) <= DEMO_CONTEXT - ROOM_TO_ANSWER


def test_long_prompts_are_long_and_the_others_are_not(tokens_of: dict[str, int]) -> None:
    words = [len(prompt.text.split()) for prompt in of("long-context")]
    assert min(words) >= 250
    assert max(words) <= 400
    assert max(count for name, count in tokens_of.items() if not name.startswith("long-context")) <= 256


def test_no_prompt_ends_where_its_model_cannot_go_on_well() -> None:
    """A blank at the end splits a token that the model has only seen whole; only code goes on at a new line."""
    for prompt in built_in_prompts():
        assert prompt.text.lstrip() == prompt.text
        assert prompt.category == "code" or prompt.text.rstrip() == prompt.text
        assert not prompt.text.endswith(" ")


def test_the_languages_are_of_several_scripts() -> None:
    scripts = scripts_in("".join(prompt.text for prompt in of("languages")))
    assert {"LATIN", "CYRILLIC", "GREEK", "CJK", "HIRAGANA", "HANGUL", "ARABIC", "DEVANAGARI"} <= scripts


@pytest.mark.parametrize(
    "text", [*(p.text for p in built_in_prompts()), built_in_text().text], ids=lambda text: text[:20]
)
def test_nothing_hides_in_what_is_built_in(text: str) -> None:
    assert safe_text(text) == text
    assert unicodedata.normalize("NFC", text) == text
    assert "\t" not in text


def test_the_text_is_long_enough() -> None:
    assert len(built_in_text().text.encode()) >= 32_000


def test_the_text_says_nothing_twice() -> None:
    """No sequence of eight words comes again, and a compressor finds no more in it than in other prose."""
    text = built_in_text().text
    assert max(Counter(phrases(text, 8)).values()) == 1
    raw = text.encode()
    assert 0.40 < len(zlib.compress(raw, 9)) / len(raw) < 0.55


def test_the_text_has_several_registers() -> None:
    text = built_in_text().text
    assert {"LATIN", "CYRILLIC", "CJK", "HIRAGANA", "ARABIC"} <= scripts_in(text)
    marks = (
        "\n```python\n",
        "\n$ time ",
        "\n|---|",
        "\n1. ",
        "\nDear ",
        '\n"',
        "\n§ 1.",
        "\nPRESENTER:",
        "Tuesday. ",
        "\nWer ",
    )
    assert [mark for mark in marks if mark not in text] == []


def test_text_and_prompts_share_nothing() -> None:
    """So that a figure on the one says something new beside a figure on the other."""
    known = set(phrases(built_in_text().text, 6))
    assert not [prompt.id for prompt in built_in_prompts() if known & set(phrases(prompt.text, 6))]
