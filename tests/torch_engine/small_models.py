"""Small random models with a byte-level tokenizer of their own, saved as transformers saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GPT2Config,
    GPTNeoXConfig,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

TEXT = ["once upon a time there was a king who had three daughters", "the old woman said to him go home again"] * 8
COMMON = {"bos_token_id": 0, "eos_token_id": 1, "vocab_size": 320}

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)


def llama(**changes: Any) -> LlamaConfig:
    settings = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 96,
        **COMMON,
    }
    return LlamaConfig(**{**settings, **changes})


def gpt2(**changes: Any) -> GPT2Config:
    return GPT2Config(**{"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 96, **COMMON, **changes})


def qwen2(**changes: Any) -> Qwen2Config:
    settings = {
        "hidden_size": 96,
        "intermediate_size": 200,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 96,
        **COMMON,
    }
    return Qwen2Config(**{**settings, **changes})


def qwen3(**changes: Any) -> Qwen3Config:
    """Norms queries and keys head by head; heads are wider than the model's width gives."""
    settings = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "max_position_embeddings": 96,
        **COMMON,
    }
    return Qwen3Config(**{**settings, **changes})


def mistral(**changes: Any) -> MistralConfig:
    settings = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "sliding_window": None,
        "max_position_embeddings": 96,
        **COMMON,
    }
    return MistralConfig(**{**settings, **changes})


def gpt_neox(**changes: Any) -> GPTNeoXConfig:
    settings = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 96,
        **COMMON,
    }
    return GPTNeoXConfig(**{**settings, **changes})


def gemma2(**changes: Any) -> Gemma2Config:
    """Every second layer sees a window of 16 tokens; logits are capped; the head is tied."""
    settings = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "sliding_window": 16,
        "max_position_embeddings": 96,
        **COMMON,
    }
    return Gemma2Config(**{**settings, **changes})


def granite(**changes: Any) -> GraniteConfig:
    """Scales its embeddings, residuals, attention and logits."""
    settings = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "max_position_embeddings": 96,
        "embedding_multiplier": 12.0,
        "residual_multiplier": 0.22,
        "attention_multiplier": 0.1,
        "logits_scaling": 8.0,
        **COMMON,
    }
    return GraniteConfig(**{**settings, **changes})


def byte_level_tokenizer(chat_template: str | None = None) -> PreTrainedTokenizerFast:
    """Every byte is a token, so any text and any broken character can come of it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=COMMON["vocab_size"],
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.chat_template = chat_template
    return fast


def save_model(folder: Path, config: Any, *, chat_template: str | None = None, **generation: Any) -> Path:
    """Random weights, widened so that greedy text does not repeat one token; bf16."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).to(torch.bfloat16)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4 if parameter.dim() > 1 else 1)
            if parameter.dim() == 1 and not parameter.any():
                parameter.normal_(std=0.1)  # biases start at zero: a lost one would go unseen
    for name, value in generation.items():
        setattr(model.generation_config, name, value)
    model.save_pretrained(folder)
    byte_level_tokenizer(chat_template).save_pretrained(folder)
    return folder
