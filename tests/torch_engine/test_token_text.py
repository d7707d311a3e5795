"""The text of single tokens, as the strip and the inspector show it."""

from __future__ import annotations

import pytest
from scoring import DEMO
from tokenizers import Tokenizer, decoders
from tokenizers.models import WordLevel
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from quanttui.torch_engine.token_text import TokenTexts


@pytest.fixture(scope="module")
def byte_level():
    return AutoTokenizer.from_pretrained(DEMO)


def test_a_text_is_the_sum_of_its_tokens(byte_level):
    text = "Once upon a time,\n\tthere lived a king."
    texts = TokenTexts(byte_level)
    assert "".join(texts[token_id] for token_id in byte_level(text, add_special_tokens=False)["input_ids"]) == text


def test_bytes_of_a_broken_character_are_written_as_bytes(byte_level):
    texts = TokenTexts(byte_level)
    pieces = [texts[token_id] for token_id in byte_level("🙂", add_special_tokens=False)["input_ids"]]
    assert "".join(pieces) == "<0xF0><0x9F><0x99><0x82>"


def test_sentencepiece_words_keep_their_space_and_byte_tokens_their_name():
    words = {"<unk>": 0, "▁king": 1, "s": 2, "<0xE2>": 3, "<0x0A>": 4}
    tokenizer = Tokenizer(WordLevel(words, unk_token="<unk>"))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    texts = TokenTexts(PreTrainedTokenizerFast(tokenizer_object=tokenizer))
    assert [texts[number] for number in range(1, 5)] == [" king", "s", "<0xE2>", "\n"]
