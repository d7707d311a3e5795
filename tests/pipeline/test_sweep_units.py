"""What a sweep reads and in which order: windows by the corpus protocol, and beginnings that are balanced."""

from __future__ import annotations

from collections import Counter

import pytest

from quanttui.pipeline.sweep.units import plan_units, taking_turns
from quanttui.pipeline.sweep.windows import cut_windows, unread_tokens
from quanttui.records import EncodedText, EvaluationText, SuitePrompt, SweepBudget, SweepPart, SweepProtocol

BOS = 1
PROTOCOL = SweepProtocol(context_length=64)


def encoded(tokens, bos=BOS, context=None):
    return EncodedText(tuple(range(100, 100 + tokens)), bos, context)


def texts(*tokens):
    return [(EvaluationText(f"text {number}", "…"), encoded(many)) for number, many in enumerate(tokens)]


def prompts(**categories):
    return tuple(
        SuitePrompt(f"{name}-{number}", name, f"{name} {number}")
        for name, many in categories.items()
        for number in range(many)
    )


def plan(suite=(), running=(), budget=None):
    return plan_units(suite, running, PROTOCOL, budget or SweepBudget())


def test_windows_follow_each_other_bos_stands_first_and_the_second_half_counts():
    first, second = cut_windows(encoded(140), 64)
    assert first.token_ids == (BOS, *range(100, 163))
    assert second.token_ids == (BOS, *range(164, 227))  # the token that stood there gives way, as in llama.cpp
    assert first.first_scored == second.first_scored == 32
    assert (first.number, second.number) == (1, 2)


def test_a_model_without_bos_has_windows_of_text_alone():
    assert [window.token_ids for window in cut_windows(encoded(130, bos=None), 64)] == [
        tuple(range(100, 164)),
        tuple(range(164, 228)),
    ]


def test_a_window_is_no_longer_than_the_models_context():
    assert [len(window.token_ids) for window in cut_windows(encoded(99, context=40), 64)] == [40, 40]


def test_a_text_shorter_than_a_window_is_one_and_the_end_of_a_longer_one_is_left_out():
    (only,) = cut_windows(encoded(40), 64)
    assert (len(only.token_ids), only.first_scored) == (41, 20)
    assert cut_windows(encoded(30), 64) == ()
    assert unread_tokens(encoded(140), cut_windows(encoded(140), 64)) == 13


@pytest.mark.parametrize("groups", [[], [[]], ["abc"], ["abc", "d", "ef"]])
def test_taking_turns_takes_all(groups):
    assert sorted(taking_turns(groups)) == sorted("".join(map("".join, groups)))


def test_taking_turns_is_fair_from_the_beginning():
    assert "".join(taking_turns(["abc", "d", "ef"])) == "adebfc"


def test_every_beginning_of_the_order_is_balanced():
    units = plan(prompts(story=4, code=4, facts=4), texts(640, 640)).units
    for stop in range(1, 25):
        parts = Counter(unit.part for unit in units[:stop])
        categories = Counter(unit.category for unit in units[:stop] if unit.part is SweepPart.SUITE)
        running = Counter(unit.name.partition(",")[0] for unit in units[:stop] if unit.part is SweepPart.TEXT)
        assert abs(parts[SweepPart.TEXT] - parts[SweepPart.SUITE]) <= 1
        assert max(categories.values(), default=0) - min(categories.get(name, 0) for name in ("story", "facts")) <= 1
        assert abs(running["text 0"] - running["text 1"]) <= 1


def test_what_is_left_of_one_part_follows_when_the_other_is_through():
    units = plan(prompts(story=1), texts(320)).units
    assert [unit.part for unit in units] == [SweepPart.TEXT, SweepPart.SUITE, *[SweepPart.TEXT] * 4]


@pytest.mark.parametrize(("tokens", "windows"), [(1, 1), (32, 1), (63, 1), (64, 2), (100, 3), (10_000, 6)])
def test_a_budget_of_tokens_takes_windows_from_the_beginning_of_each_text(tokens, windows):
    made = plan(running=texts(200, 200), budget=SweepBudget(text_tokens=tokens))
    expected = [f"text {number % 2}, window {number // 2 + 1}" for number in range(windows)]
    assert [unit.name for unit in made.units] == expected
    assert any("budget" in note for note in made.notes) == (windows < 6)


def test_notes_say_how_text_is_read_and_what_is_not():
    made = plan(running=texts(140, 5))
    assert made.notes == (
        "text: windows of 64 tokens, BOS at the start of each, the second half of each scored",
        "text 0: its last 13 tokens fill no window and are not read",
        "text 1 is left out: its 5 tokens are too few to score",
    )


def test_prompts_alone_need_no_word_on_windows():
    assert plan(prompts(story=2)).notes == ()
