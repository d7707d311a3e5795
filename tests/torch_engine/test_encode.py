"""Running text as token ids: what the tokenizer alone says, whatever the model and however long the text."""

from __future__ import annotations

import warnings

import pytest
from driving import DEMO
from scoring import word_tokenizer
from small_models import llama, save_model
from tokenizers import models
from tokenizers.normalizers import Prepend
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import TemplateProcessing

from quanttui.errors import LoadError, UsageError
from quanttui.records import EncodeRequest
from quanttui.torch_engine.encode import Encoder, pieces_of


@pytest.fixture(scope="module")
def encoder():
    return Encoder()


def saved(folder, tokenizer):
    save_model(folder, llama())
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_the_ids_are_the_tokenizers_own_without_special_tokens(encoder):
    encoded = encoder.encode(EncodeRequest(str(DEMO), "Once upon a time, in a café.\n\nThere was a king. "))
    from transformers import AutoTokenizer

    plain = AutoTokenizer.from_pretrained(DEMO)(
        "Once upon a time, in a café.\n\nThere was a king. ", add_special_tokens=False
    )
    assert list(encoded.token_ids) == plain["input_ids"]


@pytest.mark.parametrize("puts_it", [True, False])
def test_bos_is_what_the_tokenizer_puts_there_not_what_it_has_a_name_for(encoder, tmp_path, puts_it):
    tokenizer = word_tokenizer(60)
    tokenizer.bos_token = "w7"
    if puts_it:
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="w7 $A", special_tokens=[("w7", 7)])
    assert encoder.encode(EncodeRequest(saved(tmp_path, tokenizer), "w1")).bos_token_id == (7 if puts_it else None)


def test_a_token_at_the_end_is_no_bos(encoder, tmp_path):
    tokenizer = word_tokenizer(60)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="$A w7", special_tokens=[("w7", 7)])
    assert encoder.encode(EncodeRequest(saved(tmp_path, tokenizer), "w1")).bos_token_id is None


def test_a_megabyte_is_encoded_without_a_warning(encoder, caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoded = encoder.encode(EncodeRequest(str(DEMO), "The king and the dog. " * 50_000))
    assert len(encoded.token_ids) >= 50_000
    assert not caplog.records


@pytest.mark.parametrize("text", ["", "one", "one\ntwo\n", "a long line\n\nb\n" * 9, "no end of line at all " * 9])
@pytest.mark.parametrize("most", [1, 7, 20, 1000])
def test_the_pieces_of_a_text_are_all_of_it_and_begin_with_a_line(text, most):
    pieces = list(pieces_of(text, most))
    assert "".join(pieces) == text
    assert all(piece.endswith("\n") for piece in pieces[:-1])
    assert all(len(piece) <= most or "\n" not in piece[:-1] for piece in pieces)


def test_a_text_in_pieces_has_the_tokens_of_the_whole(encoder, monkeypatch):
    text = "Once upon a time there was a king.\nHe had a dog.\n\nThe dog said: no.\n" * 20
    whole = encoder.encode(EncodeRequest(str(DEMO), text))
    monkeypatch.setattr(pieces_of, "__defaults__", (90,))
    assert encoder.encode(EncodeRequest(str(DEMO), text)) == whole


def test_a_mark_of_the_beginning_stands_at_no_other_pieces_beginning(encoder, tmp_path, monkeypatch):
    tokenizer = word_tokenizer(60)
    letters = models.BPE({letter: number for number, letter in enumerate("▁\nkingdo")}, [])
    tokenizer.backend_tokenizer.model, tokenizer.backend_tokenizer.normalizer = letters, Prepend("▁")
    tokenizer.backend_tokenizer.pre_tokenizer = Split("\n", "isolated")
    folder = saved(tmp_path, tokenizer)
    monkeypatch.setattr(pieces_of, "__defaults__", (6,))
    assert encoder.encode(EncodeRequest(folder, "king\ndog\ngod\n\nking")).token_ids.count(0) == 1


def test_a_tokenizer_that_was_changed_is_read_again(encoder, tmp_path):
    tokenizer = word_tokenizer(60)
    folder = saved(tmp_path, tokenizer)
    before = encoder.encode(EncodeRequest(folder, "w1"))
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="w7 $A", special_tokens=[("w7", 7)])
    tokenizer.bos_token = "w7"
    tokenizer.save_pretrained(folder)
    after = encoder.encode(EncodeRequest(folder, "w1"))
    assert (before.bos_token_id, after.bos_token_id) == (None, 7)


def test_half_a_character_is_refused(encoder):
    with pytest.raises(UsageError, match="half of a character"):
        encoder.encode(EncodeRequest(str(DEMO), "king \ud83d"))


def test_a_folder_without_a_model_or_without_a_tokenizer_is_refused(encoder, tmp_path):
    with pytest.raises(UsageError, match="no model"):
        encoder.encode(EncodeRequest(str(tmp_path), "king"))
    folder = save_model(tmp_path / "bare", llama())
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(LoadError, match="no tokenizer"):
        encoder.encode(EncodeRequest(str(folder), "king"))
