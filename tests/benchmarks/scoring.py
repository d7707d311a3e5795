"""What scoring costs, against the forward passes it needs. Run it by hand: ``python tests/benchmarks/scoring.py``.

Time: scoring a text by reference and candidate, against the model's own two forward passes over the same tokens,
measured in turns in one process; at most 1.15 times. Memory: the peak of a process that scores 2,048 tokens with a
vocabulary of 128,000, against one that runs the model's own forward pass on them; at most 1.25 times.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

TIME_LIMIT = 1.15
MEMORY_LIMIT = 1.25
_SIZES = {"small": (256, 4, 16_000, 1024), "wide": (512, 6, 128_000, 2048)}
"""hidden, layers, vocabulary, tokens"""


def make_model(size):
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    hidden, layers, vocabulary, tokens = _SIZES[size]
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=hidden // 64,
        max_position_embeddings=tokens,
        tie_word_embeddings=True,
    )
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)
    torch.set_default_dtype(torch.float32)
    return model, tuple(torch.randint(2, vocabulary, (tokens,)).tolist())


def load_demo():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    import quanttui.models.demo

    folder = Path(quanttui.models.demo.__file__).parent / "model"
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="bfloat16")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    words = tokenizer("Once upon a time there lived a king who had three daughters, and the youngest was fair. " * 40)
    return model, tuple(words["input_ids"][:500])


class PlainTokenizer:
    """Enough of a tokenizer for scoring: the benchmark's models have no words."""

    def __init__(self, size):
        self.size = size

    def get_vocab(self):
        return {str(number): number for number in range(self.size)}

    def decode(self, ids, **_):
        return str(ids[0])

    def convert_ids_to_tokens(self, token_id):
        return str(token_id)


def scorer_of(model, shelf):
    from quanttui.records import Precision
    from quanttui.torch_engine.score import Scorer

    size = model.config.vocab_size
    return Scorer(model, PlainTokenizer(size), Precision.BF16, model.config.max_position_embeddings, shelf)


def score_both(reference, candidate, text, states):
    from quanttui.records import ScoreRequest
    from quanttui.torch_engine.score import Decoded

    for scorer, is_reference in ((reference, True), (candidate, False)):
        request = ScoreRequest("text", text, 1, is_reference=is_reference)
        for _ in scorer.score(request, decoded=Decoded(text, states)):
            pass


def measure_time(model, text, repeats):
    """Least CPU seconds of two forward passes and of one scoring by both, taken in turns on one thread: on a machine
    that others use, the clock on the wall says more of them."""
    import torch

    from quanttui.torch_engine.reference_side import ReferenceShelf
    from quanttui.torch_engine.states import Window, read_window

    ids = torch.tensor([text[:-1]])
    states = read_window(model, Window(text, len(text) - 1), lambda: False).states
    states = states + 0.01 * torch.randn_like(states)  # stands for the decode path, so that noise is measured too
    shelf = ReferenceShelf()
    reference, candidate = scorer_of(model, shelf), scorer_of(model, shelf)
    score_both(reference, candidate, text, states)
    forward, scoring = [], []
    with torch.no_grad():
        for _ in range(repeats):
            started = time.process_time()
            model(ids)
            model(ids)
            between = time.process_time()
            score_both(reference, candidate, text, states)
            forward.append(between - started)
            scoring.append(time.process_time() - between)
    return min(forward), min(scoring)


def resident_peak_since_reset(reset=False):
    """Linux: VmHWM, which writing 5 to clear_refs sets back to what is resident now."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def peak_of(task):
    """In a process of its own: the rise of the peak resident memory above that with the model loaded, and the peak."""
    import torch

    torch.set_num_threads(1)
    model, text = make_model("wide")
    loaded = resident_peak_since_reset(reset=True)
    if task == "forward":
        with torch.no_grad():
            model(torch.tensor([text[:-1]]))
    else:
        from quanttui.torch_engine.reference_side import ReferenceShelf
        from quanttui.torch_engine.states import Window, read_window

        shelf = ReferenceShelf()
        states = read_window(model, Window(text, len(text) - 1), lambda: False).states
        score_both(scorer_of(model, shelf), scorer_of(model, shelf), text, states)
    peak = resident_peak_since_reset()
    print(json.dumps({"peak_bytes": peak, "rise_bytes": peak - loaded}))


def report_memory():
    figures = {}
    for task in ("forward", "score"):
        done = subprocess.run([sys.executable, __file__, "--peak", task], stdout=subprocess.PIPE, check=True, text=True)
        figures[task] = json.loads(done.stdout.splitlines()[-1])
    for name in ("peak_bytes", "rise_bytes"):
        forward, score = figures["forward"][name], figures["score"][name]
        sizes = f"forward {forward / 2**20:.0f} MiB, scoring {score / 2**20:.0f} MiB"
        print(f"memory, {name}: {sizes}: {score / forward:.2f} ×")
    return figures["score"]["peak_bytes"] / figures["forward"]["peak_bytes"] <= MEMORY_LIMIT


def report_time(name, model, text, repeats):
    forward, scoring = measure_time(model, text, repeats)
    print(f"time, {name}: two forward passes {forward:.3f} s, scoring {scoring:.3f} s: {scoring / forward:.2f} ×")
    return scoring / forward <= TIME_LIMIT


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peak", choices=["forward", "score"])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", choices=["demo", "small", "wide", "memory"])
    options = parser.parse_args()
    if options.peak:
        peak_of(options.peak)
        return
    import torch

    torch.set_num_threads(1)
    measures = {
        "demo": lambda: report_time("demo, 500 tokens", *load_demo(), options.repeats),
        "small": lambda: report_time("hidden 256, vocabulary 16,000, 1,024 tokens", *make_model("small"), 5),
        "wide": lambda: report_time("hidden 512, vocabulary 128,000, 2,048 tokens", *make_model("wide"), 3),
        "memory": report_memory,
    }
    within = [measure() for name, measure in measures.items() if options.only in (None, name)]
    sys.exit(0 if all(within) else 1)


if __name__ == "__main__":
    main()
