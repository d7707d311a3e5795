"""Decoding against ``generate()``: ``python tests/benchmarks/decoding.py``. Tokens per second, batch 1, greedy, CPU.

Each part loads one variant by the engine, so that both decode the same weights by the same kernels, reads one prompt
and writes the same number of tokens: *ours* by the engine's own loop, with the text of every token; *plain* by
transformers' ``generate``. Seconds of a text are those of the whole text less those of one token, so that reading the
prompt counts on neither side; the median of three texts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from interleaved import Row, run_benchmark
from models import PROMPT

from quanttui.models.demo import MODEL_FOLDER

VARIANTS = ("bf16", "int8", "nf4")
TOKENS, FEW_TOKENS = 128, 24
TEXTS = 3


def loaded(folder: Path, variant: str) -> Any:
    from quanttui.records import LoadRequest, Precision
    from quanttui.torch_engine.engine import TorchEngine
    from quanttui.variants import parse_variant

    return result_of(TorchEngine().load(LoadRequest("model", str(folder), parse_variant(variant), Precision.BF16)))


def result_of(work: Any) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def tokens_of(folder: Path) -> int:
    """A large model takes a second for a few."""
    return TOKENS if folder == MODEL_FOLDER else FEW_TOKENS


def ours(variant: str) -> Callable[[Path], Mapping[str, float]]:
    def part(folder: Path) -> Mapping[str, float]:
        from quanttui.records import GenerateRequest, GenerationSettings

        model = loaded(folder, variant)

        def write(tokens: int) -> int:
            request = GenerateRequest(PROMPT, GenerationSettings(max_new_tokens=tokens))
            return len(result_of(model.generate(request)).token_ids)

        return speed(write, tokens_of(folder))

    return part


def plain(variant: str) -> Callable[[Path], Mapping[str, float]]:
    def part(folder: Path) -> Mapping[str, float]:
        model = loaded(folder, variant)
        ids = model.tokenizer(PROMPT, return_tensors="pt", return_token_type_ids=False).to(model.device)

        def write(tokens: int) -> int:
            written = model.model.generate(**ids, do_sample=False, max_new_tokens=tokens, pad_token_id=0)
            return int(written.shape[1] - ids["input_ids"].shape[1])

        return speed(write, tokens_of(folder))

    return part


def speed(write: Callable[[int], int], tokens: int) -> Mapping[str, float]:
    """Wall clock, and this process's own time: on a machine that others use the clock tells of them too."""
    write(2)
    walls, cpus = [], []
    for _ in range(TEXTS):
        wall, cpu, made = timed(write, tokens)
        first_wall, first_cpu, _ = timed(write, 1)
        walls.append((made - 1) / (wall - first_wall))
        cpus.append((made - 1) / (cpu - first_cpu))
    return {"tokens_per_second": statistics.median(walls), "tokens_per_cpu_second": statistics.median(cpus)}


def timed(write: Callable[[int], int], tokens: int) -> tuple[float, float, int]:
    wall, cpu = time.perf_counter(), time.process_time()
    made = write(tokens)
    return time.perf_counter() - wall, time.process_time() - cpu, made


KINDS = {"ours": ours, "plain": plain}
PARTS = {f"{kind}, {variant}": part(variant) for variant in VARIANTS for kind, part in KINDS.items()}
ROWS = [
    Row(
        f"decode, {variant}",
        ours=f"ours, {variant}",
        against=f"plain, {variant}",
        figure="tokens_per_second",
        limit=limit,
        at_least=True,
        sizes=sizes,
        words="generate()",
    )
    for sizes, limit in ((("demo",), 1.15), (("110m", "1.1b"), 1.0))
    for variant in VARIANTS
]

if __name__ == "__main__":
    run_benchmark(__doc__, __file__, PARTS, ROWS, sizes=("demo", "110m", "1.1b"))
