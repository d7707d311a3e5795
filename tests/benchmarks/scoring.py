"""What scoring costs, against the model's own forward passes over the same tokens.

By hand: ``python tests/benchmarks/scoring.py``; CPU seconds of one pass, the least of a few in each process, on one
thread unless ``--threads`` says otherwise. The model is its own candidate, so that nothing but scoring is compared.

A pair: reference and candidate read and score all tokens, each token told with its lists, the reference's noise
measured on all of them; against two passes. A sweep's candidate: one window of 512 tokens whose second half is scored
against a side in a file, as columns; against one pass. Peak memory: of the whole process, the same way.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from interleaved import Row, run_benchmark

TIME_LIMIT = 1.10
MEMORY_LIMIT = 1.25
MOST_TOKENS = 512
REPEATS = {"demo": 7, "110m": 5}
FEWEST_REPEATS = 2
RANDOM_STATES = 0.01


class PlainTokenizer:
    """Enough of a tokenizer for scoring: the random models have more ids than words."""

    bos_token_id = None

    def __init__(self, size):
        self.size = size

    def get_vocab(self):
        return {str(number): number for number in range(self.size)}

    def decode(self, ids, **_):
        return str(ids[0])

    def convert_ids_to_tokens(self, token_id):
        return str(token_id)


def loaded(folder):
    """The model and a text of as many tokens as it reads at once."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="bfloat16")
    tokens = min(MOST_TOKENS, model.config.max_position_embeddings)
    generator = torch.Generator().manual_seed(0)
    return model, tuple(torch.randint(2, model.config.vocab_size, (tokens + 1,), generator=generator).tolist())


def least_seconds(folder, work):
    """CPU seconds: on a machine that others use, the clock on the wall says more of them. The first is a warm-up."""
    seconds = []
    for _ in range(1 + REPEATS.get(folder.name.removeprefix("llama-"), FEWEST_REPEATS)):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return min(seconds[1:])


def scorer_of(model, shelf):
    from quanttui.records import Precision
    from quanttui.torch_engine.score import Scorer

    size = model.config.vocab_size
    return Scorer(model, PlainTokenizer(size), Precision.BF16, model.config.max_position_embeddings, shelf)


def scorers(model):
    from quanttui.torch_engine.reference_side import ReferenceShelf

    shelf = ReferenceShelf()
    return scorer_of(model, shelf), scorer_of(model, shelf)


def decoded(model, text):
    """Stands for what a generation kept, so that the noise of every token is measured and none is decoded again."""
    import torch

    from quanttui.torch_engine.score import Decoded
    from quanttui.torch_engine.states import Window, read_window

    states = read_window(model, Window(text, len(text) - 1), lambda: False).states
    return Decoded(text, states + RANDOM_STATES * torch.randn_like(states))


def forward(folder):
    import torch

    model, text = loaded(folder)
    ids = torch.tensor([text[:-1]])
    with torch.no_grad():
        return {"cpu_seconds_a_pass": least_seconds(folder, lambda: model(ids))}


def pair(folder):
    from quanttui.records import ScoreRequest

    model, text = loaded(folder)
    reference, candidate = scorers(model)
    generation = decoded(model, text)

    def both():
        for scorer, is_reference in ((reference, True), (candidate, False)):
            list(scorer.score(ScoreRequest("text", text, 1, is_reference=is_reference), decoded=generation))

    return {"cpu_seconds_a_pass": least_seconds(folder, both) / 2}


def swept(folder):
    from quanttui.records import ScoreRequest

    model, text = loaded(folder)
    reference, candidate = scorers(model)
    with tempfile.TemporaryDirectory() as kept:
        path, first = str(Path(kept) / "side"), 1 + len(text) // 2
        list(reference.score(ScoreRequest("text", text, first, is_reference=True, side_path=path)))
        request = ScoreRequest("text", text, first, is_reference=False, side_path=path, as_columns=True)
        return {"cpu_seconds_a_pass": least_seconds(folder, lambda: list(candidate.score(request)))}


PARTS = {"forward": forward, "pair": pair, "swept": swept}
ROWS = [
    Row("scoring a pair", "pair", "forward", "cpu_seconds_a_pass", TIME_LIMIT, words="two forward passes"),
    Row("scoring a sweep's candidate", "swept", "forward", "cpu_seconds_a_pass", TIME_LIMIT, words="a forward pass"),
    Row("peak memory of scoring", "pair", "forward", "peak_pss_bytes", MEMORY_LIMIT, words="a forward pass"),
]

if __name__ == "__main__":
    run_benchmark(__doc__, __file__, PARTS, ROWS, sizes=("demo", "110m", "1.1b"))
