"""A small whole model as it lies on the hub, with files that no download is to bring."""

from __future__ import annotations

import hashlib
import json

from model_files import safetensors_bytes

CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "max_position_embeddings": 64}
WEIGHTS = safetensors_bytes({"model.embed_tokens.weight": ("BF16", [1000, 128]), "model.norm.weight": ("F32", [128])})
FILES = {
    "config.json": json.dumps(CONFIG).encode(),
    "tokenizer.json": b"{}",
    "special_tokens_map.json": b"{}",  # the content of another file: one blob for both
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"pickle",
    "README.md": b"read me",
    "onnx/model.onnx": b"not for us",
}
WANTED = ["config.json", "special_tokens_map.json", "tokenizer.json", "model.safetensors"]
TOTAL = sum(len(FILES[name]) for name in WANTED)
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
