"""A whole comparison against the script that people write for it: ``python tests/benchmarks/whole_comparison.py``.

The work: bf16, int8 and NF4 each write 128 tokens after one prompt, greedily, and the divergence of the two from the
first is measured for each token. *script*: plain transformers, one model after the other from disk, teacher-forced
logits kept in fp32. *compare*: ``quanttui compare --json``, one model at a time and side by side. Memory is the peak
of all its processes together, against that of the process of a script that loads bf16 and writes the same tokens.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from interleaved import Row, run_benchmark
from models import PROMPT

TOKENS = 128
VARIANTS = ("bf16", "int8", "nf4")


def load(folder: Path, variant: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    config = {
        "bf16": None,
        "int8": BitsAndBytesConfig(load_in_8bit=True),
        "nf4": BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16),
    }[variant]
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, quantization_config=config)


def write(model: Any, ids: Any) -> Any:
    return model.generate(**ids, do_sample=False, max_new_tokens=TOKENS, pad_token_id=0)


def quiet() -> None:
    import logging

    from transformers.utils import logging as transformers_logging

    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def script(folder: Path) -> dict[str, float]:
    """``KL(reference‖candidate)`` of each token written by the reference."""
    import gc

    import torch
    from transformers import AutoTokenizer

    quiet()
    ids = AutoTokenizer.from_pretrained(folder)(PROMPT, return_tensors="pt", return_token_type_ids=False)
    start = ids["input_ids"].shape[1]
    divergences: dict[str, float] = {}
    written = reference = None
    for variant in VARIANTS:
        model = load(folder, variant)
        with torch.no_grad():
            text = write(model, ids)
            written = text if written is None else written
            logits = model(written).logits[0, start - 1 : -1].float().cpu()
        ours = logits.log_softmax(-1)
        if reference is None:
            reference = ours
        else:
            divergences[f"{variant}_nats"] = float((reference.exp() * (reference - ours)).sum(-1).mean())
        del model
        gc.collect()
    return divergences


def one_model(folder: Path) -> dict[str, float]:
    from transformers import AutoTokenizer

    quiet()
    ids = AutoTokenizer.from_pretrained(folder)(PROMPT, return_tensors="pt", return_token_type_ids=False)
    return {"tokens": float(write(load(folder, "bf16"), ids).shape[1])}


def compare(folder: Path, *options: str) -> dict[str, float]:
    """In a home of its own; the document is dropped, as is the history with the home."""
    candidates = [word for name in VARIANTS[1:] for word in ("--candidate", name)]
    command = ["compare", "--model", str(folder), "--reference", VARIANTS[0], *candidates, "--prompt", PROMPT]
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(
            [sys.executable, "-m", "quanttui", *command, "--max-new-tokens", str(TOKENS), "--json", "-q", *options],
            env=os.environ | {"QUANTTUI_HOME": home},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return {}


def parallel(folder: Path) -> dict[str, float]:
    return compare(folder, "--plan", "parallel")


PARTS = {"script": script, "one model": one_model, "compare": compare, "parallel": parallel}
ROWS = [
    Row("whole comparison, one model at a time", "compare", "script", "process_seconds", 0.95, words="plain script"),
    Row("the same, in CPU time", "compare", "script", "process_cpu_seconds", None, words="plain script"),
    Row("whole comparison, side by side", "parallel", "script", "process_seconds", 0.65, words="plain script"),
    Row("peak memory, one model at a time", "compare", "one model", "peak_pss_bytes", 1.05, words="one bf16 process"),
    Row("peak memory, side by side", "parallel", "one model", "peak_pss_bytes", None, words="one bf16 process"),
]

if __name__ == "__main__":
    run_benchmark(__doc__, __file__, PARTS, ROWS, sizes=("demo", "110m", "1.1b"))
