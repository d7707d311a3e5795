"""Text to token ids and back, piece by piece. Knows tokenizers and chat templates; knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from quanttui.errors import LoadError, UsageError
from quanttui.records import GenerationSettings, PromptEncoded
from quanttui.torch_engine.failures import reason_of
from quanttui.torch_engine.templates import render_chat

_CONTEXT_TOKENS = 8
_LONGEST_WINDOW = 64
_FEW_OF_ROWS = 0.75
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def open_tokenizer(folder: Path) -> Any:
    """The tokenizer in ``folder``. Raises LoadError where there is none that can be used."""
    try:
        return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, RuntimeError) as error:
        reason = reason_of(error)
    if "custom code" in reason:
        raise LoadError(
            f"the tokenizer in {folder} needs program code from its own files, which quanttui never runs",
            "Choose a model whose tokenizer transformers knows by itself.",
        )
    raise LoadError(f"{folder} has no tokenizer that can be used: {reason}", "Download the model again.")


def check_vocabulary(tokenizer: Any, embedding_rows: int) -> list[str]:
    """Refuse a tokenizer that must be another model's; say where one might be. Added tokens may lack their rows."""
    known, whole = tokenizer.vocab_size, len(tokenizer)
    if known > embedding_rows:
        raise LoadError(
            f"the tokenizer is another model's: it knows {known:,} tokens, the embedding has {embedding_rows:,} rows",
            "Put the tokenizer's files of this model into its folder, or download the model again.",
        )
    if whole > embedding_rows:
        return [f"{whole - embedding_rows} added tokens of the tokenizer have no row in the embedding"]
    if whole < _FEW_OF_ROWS * embedding_rows:
        return [f"the tokenizer knows {whole:,} of {embedding_rows:,} tokens: it may be another model's"]
    return []


def encode_prompt(tokenizer: Any, prompt: str, settings: GenerationSettings) -> PromptEncoded:
    """The prompt as the model gets it. Raises UsageError where nothing of it is left, or the template refuses it."""
    try:
        prompt.encode()
    except UnicodeEncodeError:
        raise UsageError("the prompt is no text: it holds half of a character", "Type it again.") from None
    if settings.chat_template and has_chat_template(tokenizer):
        text = _apply_template(tokenizer, prompt, settings.system_prompt)
        token_ids = tokenizer(text, add_special_tokens=False)["input_ids"]  # the template has written BOS itself
    elif settings.system_prompt:
        reason = "it is switched off" if has_chat_template(tokenizer) else "this model has none"
        raise UsageError(f"a system prompt needs the chat template, and {reason}", "Leave the system prompt out.")
    else:
        token_ids = tokenizer(prompt)["input_ids"]
    if not token_ids:
        raise UsageError("the prompt has no tokens", "Type what the model should continue.")
    return PromptEncoded(tuple(token_ids), pieces_of(tokenizer, token_ids))


def has_chat_template(tokenizer: Any) -> bool:
    return bool(getattr(tokenizer, "chat_template", None))


def pieces_of(tokenizer: Any, token_ids: Sequence[int]) -> tuple[str, ...]:
    """The text of each token, special ones by name; joined they are the decoded text."""
    stream = TextStream(tokenizer, skip_special_tokens=False)
    pieces = [stream.push(token_id) for token_id in token_ids]
    return (*pieces[:-1], pieces[-1] + stream.flush())


def _apply_template(tokenizer: Any, prompt: str, system_prompt: str | None) -> str:
    messages = [{"role": "system", "content": system_prompt}] if system_prompt else []
    messages.append({"role": "user", "content": prompt})
    if type(tokenizer).apply_chat_template is not PreTrainedTokenizerBase.apply_chat_template:
        return _apply_own_template(tokenizer, messages)
    try:
        template = tokenizer.get_chat_template()
    except ValueError as error:
        problem = f"the model's chat template cannot be used: {str(error).partition('.')[0]}"
    else:
        return render_chat(template, messages, _special_tokens(tokenizer))
    raise UsageError(problem, "Switch the chat template off.")


def _apply_own_template(tokenizer: Any, messages: list[dict[str, str]]) -> str:
    """Of a tokenizer that renders by code of transformers' own and runs none of the model's."""
    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    except (ValueError, TypeError) as error:
        problem = f"the model's chat template refuses this: {error}"
    raise UsageError(problem, "Leave the system prompt out, or switch the chat template off.")


def _special_tokens(tokenizer: Any) -> dict[str, str | list[str]]:
    """As ``apply_chat_template`` hands them to a template."""
    return {
        name: [str(token) for token in value] if isinstance(value, (list, tuple)) else str(value)
        for name, value in tokenizer.special_tokens_map.items()
    }


class TextStream:
    """Token ids in, text out, each character as soon as it is whole.

    ``context``: ids that went before; they decide how the first piece is spaced and are not repeated. Decodes a
    window, not a token: the same bytes may read otherwise behind others. The window starts at a token behind which
    the text was whole, and moves on to the last such one but one.
    """

    def __init__(self, tokenizer: Any, context: Sequence[int] = (), *, skip_special_tokens: bool = True) -> None:
        self._tokenizer = tokenizer
        self._skip_special_tokens = skip_special_tokens
        self._window = list(context[-_CONTEXT_TOKENS:])
        self._told = self._decode()
        self._whole_at = len(self._window)

    def push(self, token_id: int) -> str:
        """The text that ``token_id`` completes; "" while its character lacks bytes."""
        self._window.append(token_id)
        text = self._decode()
        if text.endswith(_REPLACEMENT) and len(self._window) < _LONGEST_WINDOW:
            text = text.rstrip(_REPLACEMENT)
            return self._tell(text) if len(text) > len(self._told) else ""
        piece = self._tell(text)
        self._slide()
        return piece

    def flush(self) -> str:
        """What is left of an incomplete character, as U+FFFD."""
        return self._tell(self._decode())

    def _tell(self, text: str) -> str:
        piece = text[len(self._told) :]
        self._told = text
        return piece

    def _slide(self) -> None:
        """The window keeps the tokens since the last whole one: they space what comes."""
        keep_from = min(self._whole_at, len(self._window) - 1)
        self._window = self._window[keep_from:]
        self._told = self._decode()
        self._whole_at = len(self._window)

    def _decode(self) -> str:
        text: str = self._tokenizer.decode(
            self._window, skip_special_tokens=self._skip_special_tokens, clean_up_tokenization_spaces=False
        )
        return text
