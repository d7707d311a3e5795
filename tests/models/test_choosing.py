"""Finding a model by a few letters of its name, and the orders of the list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanttui.models.choosing import ModelOrder, filter_models, match_name, sort_models
from quanttui.records import ModelEntry, ModelSource

NAMES = (
    "Qwen/Qwen3-0.6B",
    "Qwen/Qwen2.5-7B-Instruct",
    "meta-llama/Llama-3.1-8B",
    "meta-llama/Llama-3.1-8B-Instruct",
    "openai-community/gpt2",
    "EleutherAI/pythia-160m",
)


def entry(model_id: str, size: int | None = None, used: float | None = None) -> ModelEntry:
    source = ModelSource.DEMO if model_id == "demo" else ModelSource.CACHE
    return ModelEntry(model_id, f"/{model_id}", source, size_bytes=size, last_used_seconds=used)


ENTRIES = [entry(name) for name in NAMES]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("llama", "meta-llama/Llama-3.1-8B"),
        ("l8bi", "meta-llama/Llama-3.1-8B-Instruct"),
        ("llama inst", "meta-llama/Llama-3.1-8B-Instruct"),
        ("QWEN3", "Qwen/Qwen3-0.6B"),
        ("q7b", "Qwen/Qwen2.5-7B-Instruct"),
        ("gpt", "openai-community/gpt2"),
        ("py160", "EleutherAI/pythia-160m"),
    ],
)
def test_a_few_letters_find_the_model(query: str, best: str) -> None:
    assert filter_models(query, ENTRIES)[0].entry.id == best


def test_letters_that_are_not_there_in_that_order_find_nothing() -> None:
    assert filter_models("3newq", ENTRIES) == []
    assert filter_models("zzz", ENTRIES) == []


def test_a_blank_query_keeps_all_in_their_order() -> None:
    assert [match.entry for match in filter_models("  ", ENTRIES)] == ENTRIES


def test_whole_words_go_before_scattered_letters() -> None:
    names = ["a/g-long-p-name-t", "a/gpt-x", "a/xgpt"]
    assert [match.entry.id for match in filter_models("gpt", map(entry, names))] == ["a/gpt-x", "a/xgpt", names[0]]


def test_positions_mark_the_run_of_letters_not_the_first_ones_met() -> None:
    match = match_name("llama", entry("meta-llama/Llama-3.1"))
    assert match is not None
    assert match.positions == (5, 6, 7, 8, 9)


@given(st.text(max_size=40), st.text(max_size=12))
def test_positions_rise_and_spell_the_query(name: str, query: str) -> None:
    match = match_name(query, entry(name))
    letters = "".join(query.split()).lower()
    folded = "".join(character.lower()[:1] for character in name)
    it = iter(folded)
    assert (match is not None) == all(letter in it for letter in letters)
    if match is not None:
        assert "".join(folded[position] for position in match.positions) == letters
        assert list(match.positions) == sorted(set(match.positions))


def test_orders() -> None:
    models = [
        entry("b", 5, 100.0),
        entry("demo", 1, 1.0),
        entry("A", 7, None),
        entry("c", None, 300.0),
        entry("d", 7, 2.0),
    ]
    in_order = {order: "".join(model.id[0] for model in sort_models(models, order)) for order in ModelOrder}
    assert in_order == {"name": "dAbcd", "size": "dAdbc", "use": "dcbdA"}
