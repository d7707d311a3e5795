"""Prompts to tokens and tokens to text: templates, BOS, characters of many bytes, and spaces between pieces."""

from __future__ import annotations

from typing import Any

import pytest
from driving import DEMO
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import CHAT_TEMPLATE, byte_level_tokenizer
from tokenizers import Tokenizer, decoders, models, normalizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from quanttui.errors import UsageError
from quanttui.records import GenerationSettings
from quanttui.torch_engine.tokens import TextStream, encode_prompt, pieces_of

BYTES = byte_level_tokenizer()
FAMILY = "👨‍👩‍👧"


def sentencepiece_like() -> PreTrainedTokenizerFast:
    """Llama 2's kind: ▁ for a space, single bytes for what has no piece, the first space of a text stripped."""
    words = ["▁once", "▁upon", "▁a", "▁", "é", "on", "ce"]
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    model = models.BPE({name: index for index, name in enumerate(names)}, [], unk_token="<unk>", byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


FALLBACK = sentencepiece_like()


def streamed(tokenizer: Any, token_ids: list[int], context: tuple[int, ...] = ()) -> list[str]:
    stream = TextStream(tokenizer, context)
    pieces = [stream.push(token_id) for token_id in token_ids]
    return [*pieces[:-1], pieces[-1] + stream.flush()]


@pytest.mark.parametrize("tokenizer", [BYTES, FALLBACK], ids=["byte-level", "byte-fallback"])
@given(text=st.text(min_size=1, max_size=40))
@settings(max_examples=150, deadline=None)
def test_streamed_pieces_joined_are_the_decoded_text(tokenizer: Any, text: str) -> None:
    token_ids = tokenizer(text)["input_ids"]
    decoded = tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert "".join(streamed(tokenizer, token_ids)) == decoded


@given(token_ids=st.lists(st.integers(2, len(BYTES) - 1), min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_broken_characters_stream_into_what_they_decode_to(token_ids: list[int]) -> None:
    """Random models write them all the time. (A byte-fallback decoder rewrites what was shown before: no such law.)"""
    decoded = BYTES.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert "".join(streamed(BYTES, token_ids)) == decoded


def test_a_character_appears_whole_with_its_last_byte() -> None:
    token_ids = BYTES(FAMILY)["input_ids"]
    pieces = streamed(BYTES, token_ids)
    assert len(token_ids) == 18
    assert [piece for piece in pieces if piece] == list(FAMILY)
    assert pieces[:4] == ["", "", "", "👨"]


def test_bytes_that_stay_incomplete_are_told_at_the_end() -> None:
    token_ids = BYTES("ok👧")["input_ids"][:-1]
    pieces = streamed(BYTES, token_ids)
    assert "".join(pieces) == "ok\N{REPLACEMENT CHARACTER}"
    assert pieces[-1] == "\N{REPLACEMENT CHARACTER}"


def test_the_first_piece_keeps_the_space_between_prompt_and_continuation() -> None:
    once, upon = FALLBACK.convert_tokens_to_ids(["▁once", "▁upon"])
    assert streamed(FALLBACK, [upon], context=(1, once)) == [" upon"]
    assert streamed(FALLBACK, [once], context=(1,)) == ["once"]


def test_special_tokens_add_no_text_to_an_output_but_show_in_a_prompt() -> None:
    token_ids = BYTES("once")["input_ids"]
    assert "".join(streamed(BYTES, [*token_ids, 1])) == "once"
    assert pieces_of(BYTES, [0, *token_ids])[0] == "<s>"


def test_pieces_of_a_prompt_joined_are_its_text() -> None:
    tokenizer = AutoTokenizer.from_pretrained(DEMO)
    encoded = encode_prompt(tokenizer, "Once – 王様 and ﷽!", GenerationSettings())
    assert "".join(encoded.pieces) == "<s>Once – 王様 and ﷽!"
    assert list(encoded.token_ids) == tokenizer("Once – 王様 and ﷽!")["input_ids"]


def test_a_chat_template_is_applied_and_writes_its_own_bos() -> None:
    tokenizer = byte_level_tokenizer(CHAT_TEMPLATE)
    encoded = encode_prompt(tokenizer, "go home", GenerationSettings(system_prompt="be brief"))
    assert "".join(encoded.pieces) == "<s>[system] be brief\n[user] go home\n[assistant] "
    assert encoded.token_ids.count(0) == 1


def test_a_chat_template_can_be_switched_off() -> None:
    tokenizer = byte_level_tokenizer(CHAT_TEMPLATE)
    encoded = encode_prompt(tokenizer, "go home", GenerationSettings(chat_template=False))
    assert "".join(encoded.pieces) == "go home"


@pytest.mark.parametrize(
    ("template", "wanted", "told"), [(None, True, "this model has none"), (CHAT_TEMPLATE, False, "switched off")]
)
def test_a_system_prompt_without_a_template_is_refused(template: str | None, wanted: bool, told: str) -> None:
    tokenizer = byte_level_tokenizer(template)
    with pytest.raises(UsageError, match=told):
        encode_prompt(tokenizer, "go", GenerationSettings(chat_template=wanted, system_prompt="be brief"))


def test_what_a_template_refuses_is_wrong_usage() -> None:
    tokenizer = byte_level_tokenizer("{{ raise_exception('System role not supported') }}")
    with pytest.raises(UsageError, match="System role not supported"):
        encode_prompt(tokenizer, "go", GenerationSettings(system_prompt="be brief"))


def test_half_a_character_in_a_prompt_is_refused() -> None:
    with pytest.raises(UsageError, match="half of a character"):
        encode_prompt(BYTES, "a\ud800b", GenerationSettings())
