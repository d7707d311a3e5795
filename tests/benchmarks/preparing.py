"""What preparing five variants costs, against one plain bf16 load.

By hand: ``python tests/benchmarks/preparing.py``; everything imported and loaded once before, so that files are in the
page cache and modules are there. CPU seconds: other work on the machine disturbs them least. ``ours``: bf16, int8,
nf4, nf4+dq and fp4 one after the other in a warm engine, all but the warm-up pass. Against it:

``plain``: one ``from_pretrained`` in bf16. On a CPU it maps the file and reads no weight: it ends before any work.
``read``: the same with every weight read once, as the first forward pass does.
``script``: five times ``from_pretrained``, with a ``BitsAndBytesConfig`` where it is quantized.
"""

from __future__ import annotations

import gc
import os
import time

from interleaved import Row, run_benchmark

LIMIT = 1.3
VARIANTS = ("bf16", "int8", "nf4", "nf4+dq", "fp4")
FOUR_BIT = {"load_in_4bit": True, "bnb_4bit_compute_dtype": "bfloat16"}
OPTIONS = (
    None,
    {"load_in_8bit": True},
    {**FOUR_BIT, "bnb_4bit_quant_type": "nf4"},
    {**FOUR_BIT, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True},
    {**FOUR_BIT, "bnb_4bit_quant_type": "fp4"},
)


def ours(folder):
    from quanttui.records import LoadRequest, Precision
    from quanttui.torch_engine.engine import TorchEngine
    from quanttui.variants import parse_variant

    engine = TorchEngine(threads=int(os.environ.get("OMP_NUM_THREADS", "0")) or None)

    def load(name):
        work = engine.load(LoadRequest("model", str(folder), parse_variant(name), Precision.BF16))
        started = time.process_time()
        while True:
            try:
                if next(work).stage == "warming up":
                    seconds = time.process_time() - started
            except StopIteration as done:
                done.value.unload()
                return seconds

    load("bf16")
    load("nf4")
    return {"seconds": sum(load(name) for name in VARIANTS)}


def plain(folder):
    _load(folder, None)
    return {"seconds": _load(folder, None)}


def read(folder):
    _load(folder, None)
    return {"seconds": _load(folder, None, is_read=True)}


def script(folder):
    _load(folder, None)
    return {"seconds": sum(_load(folder, options) for options in OPTIONS)}


def _load(folder, options, *, is_read=False):
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    started = time.process_time()
    quantized = {} if options is None else {"quantization_config": BitsAndBytesConfig(**options)}
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, **quantized)
    if is_read:
        for parameter in model.parameters():
            torch.aminmax(parameter.detach())
    seconds = time.process_time() - started
    del model
    gc.collect()
    return seconds


PARTS = {"ours": ours, "plain": plain, "read": read, "script": script}
ROWS = [
    Row("preparing 5 variants", "ours", "plain", "seconds", LIMIT, words="one bf16 load"),
    Row(
        "preparing 5 variants, weights read", "ours", "read", "seconds", None, words="one bf16 load, weights read once"
    ),
    Row("preparing 5 variants, script", "ours", "script", "seconds", 1.0, words="five plain loads"),
]

if __name__ == "__main__":
    run_benchmark(__doc__, __file__, PARTS, ROWS, sizes=("demo", "110m", "1.1b"))
