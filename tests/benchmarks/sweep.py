"""A sweep against the work it cannot do without, and against scripts of pairs: ``python tests/benchmarks/sweep.py``.

The work: bf16 as the reference, int8 and NF4, over eight prompts with 32 tokens each and eight windows of 512 tokens.
*passes*: in one process and nothing but the model's own loads and passes over those very tokens: ``generate()`` for the
reference's continuations and for every speed, one forward pass a text and variant, and the tokens that the reference
decodes again to see its own noise; no distribution is compared and nothing is kept. *pairwise*: the script that people
write, once a variant, in a process of its own: both models resident, teacher-forced logits of each text compared; no
speed, no noise. *sweep*: ``run_sweep`` with a cache that is empty.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from interleaved import Row, run_benchmark
from whole_comparison import load, quiet

CANDIDATES = ("int8", "nf4")
PROMPTS, WINDOWS, WINDOW_TOKENS, NEW_TOKENS = 8, 8, 512, 32
SPEED_PROMPTS, SPEED_TOKENS, REPLAY_TOKENS = 4, 32, 32


def prompts() -> list[str]:
    """One of each category."""
    from quanttui.suite.built_in import built_in_categories, built_in_prompts

    first = {name: next(p for p in built_in_prompts() if p.category == name) for name in built_in_categories()}
    return [prompt.text for prompt in first.values()][:PROMPTS]


def windows(tokenizer: Any) -> list[list[int]]:
    from quanttui.suite.built_in import built_in_text

    ids = tokenizer(built_in_text().text)["input_ids"]
    return [ids[start : start + WINDOW_TOKENS] for start in range(0, WINDOWS * WINDOW_TOKENS, WINDOW_TOKENS)]


def passes(folder: Path) -> dict[str, float]:
    import torch
    from transformers import AutoTokenizer

    quiet()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts: list[Any] = [torch.tensor([ids]) for ids in windows(tokenizer)]
    asked = [tokenizer(text, return_tensors="pt")["input_ids"] for text in prompts()]
    for variant in ("bf16", *CANDIDATES):
        model = load(folder, variant)
        for ids in asked[:SPEED_PROMPTS]:
            written(model, ids, SPEED_TOKENS)
        with torch.no_grad():
            if variant == "bf16":
                for ids in texts:
                    written(model, ids[:, : WINDOW_TOKENS // 2], REPLAY_TOKENS)
                texts += [written(model, ids, NEW_TOKENS) for ids in asked]
            for ids in texts:
                model(ids[:, :-1], use_cache=False)
        del model
    return {}


def written(model: Any, ids: Any, tokens: int) -> Any:
    return model.generate(input_ids=ids, do_sample=False, max_new_tokens=tokens, pad_token_id=0)


def pairwise(folder: Path) -> dict[str, float]:
    for variant in CANDIDATES:
        subprocess.run([sys.executable, __file__, "--part", f"pair {variant}", "--model", str(folder)], check=True)
    return {}


def pair(variant: str) -> Any:
    def part(folder: Path) -> dict[str, float]:
        import torch
        from transformers import AutoTokenizer

        quiet()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        reference, candidate = load(folder, "bf16"), load(folder, variant)
        sums, tokens = 0.0, 0
        with torch.no_grad():
            for ids, first in pair_texts(reference, tokenizer):
                p, q = (
                    model(ids).logits[0, first - 1 : -1].float().log_softmax(-1) for model in (reference, candidate)
                )
                sums += float((p.exp() * (p - q)).sum())
                tokens += len(p)
        return {f"{variant}_nats": sums / tokens}

    return part


def pair_texts(reference: Any, tokenizer: Any) -> Iterator[tuple[Any, int]]:
    import torch

    for text in prompts():
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        yield written(reference, ids, NEW_TOKENS), ids.shape[1]
    for window in windows(tokenizer):
        yield torch.tensor([window]), WINDOW_TOKENS // 2


def sweep(folder: Path) -> dict[str, float]:
    """``screen_peak_bytes``: of the process that drives and tallies, as the app does; the engine is another one."""
    import resource

    from quanttui.cache.sides import SideCache
    from quanttui.engine.process import EngineProcess
    from quanttui.pipeline.sweep import run_sweep
    from quanttui.records.sweep_events import SweepFinished

    with tempfile.TemporaryDirectory() as kept, closing(EngineProcess(log_path=Path(kept) / "engine.log")) as engine:
        end = list(run_sweep(engine, request(folder), SideCache(Path(kept) / "sides")))[-1]
    assert isinstance(end, SweepFinished), end
    rows = {row.variant.spelling: row for row in end.snapshot.result.variants}
    nats = {f"{name}_nats": rows[name].text.kl_divergence.mean for name in CANDIDATES}
    return nats | {"screen_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def request(folder: Path) -> Any:
    from quanttui.models.catalog import resolve_model
    from quanttui.records import GenerationSettings, SuitePrompt, SweepBudget, SweepProtocol, SweepRequest
    from quanttui.suite.built_in import built_in_text
    from quanttui.variants import parse_variant

    return SweepRequest(
        run_id="benchmark",
        model=resolve_model(str(folder)),
        reference=parse_variant("bf16"),
        candidates=tuple(map(parse_variant, CANDIDATES)),
        prompts=tuple(SuitePrompt(str(number), "any", text) for number, text in enumerate(prompts())),
        texts=(built_in_text(),),
        generation=GenerationSettings(max_new_tokens=NEW_TOKENS, chat_template=False),
        protocol=SweepProtocol(WINDOW_TOKENS, SPEED_PROMPTS, SPEED_TOKENS),
        budget=SweepBudget(text_tokens=WINDOWS * WINDOW_TOKENS // 2),
    )


PARTS = {"sweep": sweep, "passes": passes, "pairwise": pairwise, **{f"pair {name}": pair(name) for name in CANDIDATES}}
ROWS = [
    Row("sweep, the passes it needs", "sweep", "passes", "process_seconds", 1.15, words="bare loads and passes"),
    Row("sweep, processor time", "sweep", "passes", "process_cpu_seconds", None, words="bare loads and passes"),
    Row("sweep, pairwise scripts", "sweep", "pairwise", "process_seconds", 1.0, words="a script for each pair"),
    Row("sweep, memory", "sweep", "pairwise", "peak_pss_bytes", None, words="a script for each pair"),
]

if __name__ == "__main__":
    run_benchmark(__doc__, __file__, PARTS, ROWS, sizes=("demo", "110m"))
