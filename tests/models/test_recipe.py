"""The recipe trains a model from any text, goes on where it stopped, and what it writes loads by plain transformers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from quanttui.models.demo.recipe import Recipe, build_model, heldout_loss, read_books, train, train_tokenizer

TINY = Recipe(
    vocab_size=300,
    hidden_size=64,
    intermediate_size=64,
    layers=1,
    heads=2,
    key_value_heads=1,
    batch_windows=2,
    steps=3,
    polish_steps=1,
)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    book = "\n".join(f"There was a king who had {n} daughters, and a café by the sea." for n in range(120))
    (folder / "one.txt").write_text(f"{book}\n\n{book}", "utf-8")
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_trains_a_model_that_plain_transformers_loads(text: Path, tmp_path: Path) -> None:
    train(text, tmp_path / "out", None, TINY, every=2)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out" / "model")
    ids = tokenizer("a café").input_ids
    assert model.dtype == torch.bfloat16
    assert ids[0] == tokenizer.bos_token_id == model.config.bos_token_id
    assert tokenizer.eos_token_id == model.config.eos_token_id
    assert tokenizer.decode(ids, skip_special_tokens=True) == "a café"


def test_a_stopped_training_ends_where_an_unbroken_one_does(text: Path, tmp_path: Path) -> None:
    train(text, tmp_path / "whole", None, TINY, every=2)
    # stopped after two of four steps: same schedule, so the recipe's own step count must stand
    stopped = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        train(text, stopped, None, TINY, every=_interrupting(2))
    train(text, stopped, None, TINY, every=2)
    whole, resumed = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "stopped"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def _interrupting(after: int) -> int:
    """A checkpoint interval that interrupts the training right after the first checkpoint it caused."""

    class Interval(int):
        asked = 0

        def __rmod__(self, step: int) -> int:
            if Interval.asked >= after:
                raise KeyboardInterrupt
            Interval.asked += 1
            return step % int(self)

    return Interval(1)


def test_every_string_survives_the_tokenizer(text: Path) -> None:
    tokenizer = train_tokenizer(read_books(text), TINY.vocab_size)
    for string in ("naïve 東京 👍🏽\n\ttab", "\x00\x1b[31m", "  two  spaces "):
        assert tokenizer.decode(tokenizer.encode(string).ids, skip_special_tokens=True) == string


def test_the_loss_of_an_untrained_model_is_that_of_guessing(text: Path) -> None:
    books = read_books(text)
    tokenizer = train_tokenizer(books, TINY.vocab_size)
    nats_a_token, nats_a_character = heldout_loss(build_model(replace(TINY, layers=0)), tokenizer, books)
    assert nats_a_token == pytest.approx(torch.tensor(300.0).log().item(), abs=0.05)
    assert nats_a_character < nats_a_token


def test_a_folder_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no text in"):
        read_books(tmp_path)
