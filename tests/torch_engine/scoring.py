"""Small models and texts to score, and how to run a scoring to its end."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    Gemma2Config,
    GPT2Config,
    GraniteConfig,
    HyperCLOVAXConfig,
    LlamaConfig,
    PhiConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

import quanttui.models.demo
from quanttui.records import Precision, ScoreRequest
from quanttui.torch_engine.reference_side import ReferenceShelf
from quanttui.torch_engine.score import Scorer

DEMO = Path(quanttui.models.demo.__file__).parent / "model"

_SMALL = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.15,
    "pad_token_id": None,
    "bos_token_id": 0,
    "eos_token_id": 1,
}

CONFIGS = {
    "llama, tied": LlamaConfig(**_SMALL, vocab_size=512, tie_word_embeddings=True),
    "llama, untied, odd vocabulary": LlamaConfig(**_SMALL, vocab_size=1021, tie_word_embeddings=False),
    "qwen2, biases, tied": Qwen2Config(**_SMALL, vocab_size=3001, tie_word_embeddings=True),
    "phi, head with bias": PhiConfig(**{**_SMALL, "num_key_value_heads": 4}, vocab_size=777),
    "gpt2": GPT2Config(vocab_size=640, n_embd=64, n_layer=2, n_head=4, n_positions=256, initializer_range=0.15),
    "llama, 150,000 words": LlamaConfig(**{**_SMALL, "hidden_size": 32}, vocab_size=150_000, tie_word_embeddings=False),
    "gemma2, soft cap": Gemma2Config(**_SMALL, head_dim=16, vocab_size=900, final_logit_softcapping=3.0),
    "granite, scaled down": GraniteConfig(**_SMALL, vocab_size=900, logits_scaling=4.0),
    "cohere, scaled": CohereConfig(**_SMALL, vocab_size=900, logit_scale=0.25),
    "hyperclovax, scaled up": HyperCLOVAXConfig(**_SMALL, vocab_size=900, logits_scaling=0.5),
}

TRANSFORMS = {
    "gemma2, soft cap": lambda z: torch.tanh(z / 3.0) * 3.0,
    "granite, scaled down": lambda z: z / 4.0,
    "cohere, scaled": lambda z: z * 0.25,
    "hyperclovax, scaled up": lambda z: z * 0.5,
}


def random_model(name, dtype=torch.bfloat16, seed=0):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(CONFIGS[name]).eval().requires_grad_(False)
    for parameter in model.parameters():
        if parameter.ndim == 1:  # biases and norms start as constants
            parameter += 0.2 * torch.randn_like(parameter)
    return model.to(dtype)


def disturbed(model, relative=0.03, seed=1):
    """A copy with noise on every matrix but the output head: what quantization does to the model, roughly."""
    torch.manual_seed(seed)
    other = copy.deepcopy(model)
    spared = {id(other.get_output_embeddings().weight), id(other.get_input_embeddings().weight)}
    for parameter in other.parameters():
        if parameter.ndim == 2 and id(parameter) not in spared:
            parameter += relative * parameter.std() * torch.randn_like(parameter)
    return other


def word_tokenizer(vocab_size, prefix="w"):
    words = {f"{prefix}{number}": number for number in range(vocab_size)}
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel(words, unk_token=f"{prefix}0")))


def random_text(vocab_size, length, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randint(2, vocab_size, (length,), generator=generator).tolist())


def drain(generator):
    """All events, and the result."""
    events = []
    while True:
        try:
            events.append(next(generator))
        except StopIteration as stop:
            return events, stop.value


def make_scorer(model, shelf, precision=Precision.BF16, tokenizer=None, context_length=256):
    tokenizer = tokenizer or word_tokenizer(model.config.vocab_size)
    return Scorer(model, tokenizer, precision, context_length, shelf)


def score_pair(reference, candidate, text, first_scored, precision=Precision.BF16, **options):
    """The score of ``candidate`` against ``reference``."""
    shelf = ReferenceShelf()
    kept = make_scorer(reference, shelf, precision, **options)
    assert drain(kept.score(ScoreRequest("text", text, first_scored, is_reference=True)))[1] is None
    scorer = make_scorer(candidate, shelf, precision, **options)
    return drain(scorer.score(ScoreRequest("text", text, first_scored, is_reference=False, release=True)))[1]
