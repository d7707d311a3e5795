"""How long the catalogue takes with 500 cached models. By hand: ``python tests/benchmarks/catalogue.py``.

The cache is made in a temporary folder, in the hub's layout: every model has the headers of a real one (32 layers, 291
tensors; each tenth in four shards), its weights are a hole in the file. Printed: CPU seconds of a listing and of a
listing again, the first entry's and the fiftieth's, and a filter over all names.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from quanttui.models.catalog import iter_models
from quanttui.models.choosing import filter_models

_LAYER = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "input_norm", "post_norm")


def tensors() -> dict[str, list[int]]:
    names = [f"model.layers.{layer}.self_attn.{name}.weight" for layer in range(32) for name in _LAYER]
    return {name: [4096, 4096] for name in (*names, "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight")}


def write_weights(path: Path, shapes: dict[str, list[int]]) -> None:
    header, end = {}, 0
    for name, shape in shapes.items():
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end := end + 2 * shape[0] * shape[1]]}
    raw = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        file.truncate(8 + len(raw) + end)


def write_model(cache: Path, number: int) -> None:
    snapshot = cache / f"models--org-{number % 40}--model-{number:03}-Instruct" / "snapshots" / ("a" * 40)
    blobs = snapshot.parents[1] / "blobs"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    config = {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 8192, "torch_dtype": "bfloat16"}
    (blobs / "config").write_text(json.dumps(config))
    (blobs / "tokenizer").write_text("{}")
    shapes = tensors()
    parts = {f"model-{part}-of-4.safetensors": dict(list(shapes.items())[part::4]) for part in range(4)}
    if number % 10:
        parts = {"model.safetensors": shapes}
    else:
        index = {name: part for part, names in parts.items() for name in names}
        (snapshot / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    for name, held in parts.items():
        write_weights(blobs / name, held)
        (snapshot / name).symlink_to(os.path.relpath(blobs / name, snapshot))
    (snapshot / "config.json").symlink_to(os.path.relpath(blobs / "config", snapshot))
    (snapshot / "tokenizer.json").symlink_to(os.path.relpath(blobs / "tokenizer", snapshot))


def cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def arrivals(environment: dict[str, str]) -> Iterator[float]:
    began = time.perf_counter()
    for _ in iter_models(environment=environment):
        yield time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--models", type=int, default=500)
    count = parser.parse_args().models
    with tempfile.TemporaryDirectory() as folder:
        environment = {"HF_HUB_CACHE": folder}
        for number in range(count):
            write_model(Path(folder), number)
        for listing in ("listed", "again"):
            print(f"{listing}: {cpu_seconds(lambda: list(iter_models(environment=environment))):.2f} s of CPU")
        times = list(arrivals(environment))
        first, fiftieth, last = times[0], times[min(50, count)], times[-1]
        print(f"first entry after {first:.3f} s, the fiftieth after {fiftieth:.3f} s, all {last:.2f} s")
        entries = list(iter_models(environment=environment))
        print(f"filter: {1000 * cpu_seconds(lambda: filter_models('model12inst', entries)):.1f} ms of CPU")


if __name__ == "__main__":
    main()
