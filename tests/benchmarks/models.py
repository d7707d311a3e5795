"""The checkpoints that benchmarks measure on: ``demo``, and random-weight Llamas made on the spot.

A random one has demo's tokenizer, a larger vocabulary and no end-of-text token. A few channels of every layer's norms
are large, so that activations above 6 reach the linear layers, as in trained models, and int8's outlier path works.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quanttui.models.demo import MODEL_FOLDER

SHAPES = {
    "110m": {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 12},
    "1.1b": {
        "hidden_size": 2048,
        "intermediate_size": 5632,
        "num_hidden_layers": 22,
        "num_attention_heads": 32,
        "num_key_value_heads": 4,
        "tie_word_embeddings": False,
    },
    "8b": {
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128_256,
        "tie_word_embeddings": False,
    },
}
SIZES = ("demo", *SHAPES)
_SHARED = {"vocab_size": 32_000, "max_position_embeddings": 2048, "tie_word_embeddings": True}
_OUTLIER_CHANNELS = 4
_OUTLIER_GAIN = 20.0
PROMPT = "Once upon a time there lived a king who had three daughters, and the youngest was"


@contextmanager
def checkpoints() -> Iterator[Checkpoints]:
    """A folder for what is made while the program runs; gone when it ends."""
    with tempfile.TemporaryDirectory(prefix="quanttui-benchmark-") as folder:
        yield Checkpoints(Path(folder))


class Checkpoints:
    """Each size is made once, in a process of its own: what that takes of memory and threads stays there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, size: str) -> Path:
        if size == "demo":
            return MODEL_FOLDER
        path = self._folder / f"llama-{size}"
        if not path.exists():
            subprocess.run([sys.executable, __file__, size, str(path)], check=True, stdin=subprocess.DEVNULL)
        return path


def make(size: str, path: Path) -> None:
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    config = LlamaConfig(**(_SHARED | SHAPES[size]), bos_token_id=0, eos_token_id=None)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(bos_token_id=0, eos_token_id=None)
    with torch.no_grad():
        for layer in model.model.layers:
            for norm in (layer.input_layernorm, layer.post_attention_layernorm):
                norm.weight[torch.randperm(config.hidden_size)[:_OUTLIER_CHANNELS]] = _OUTLIER_GAIN
    model.save_pretrained(path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(MODEL_FOLDER / name, path / name)


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    make(sys.argv[1], Path(sys.argv[2]))
