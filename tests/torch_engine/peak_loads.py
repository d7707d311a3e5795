"""A process that foretells, loads, uses and scores the model in folder ``argv[1]`` as each of ``argv[2:]``.

Prints one JSON list: what was foretold of every load and what was measured.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from driving import finish, generate, load, load_request

from quanttui.records import EstimateRequest, ScoreRequest
from quanttui.torch_engine.engine import TorchEngine

TOKENS = 64


def main(folder: Path, variants: list[str]) -> None:
    engine, rows = TorchEngine(), []
    for index, variant in enumerate(variants):
        predicted = engine.estimate(EstimateRequest(load_request(folder, variant), TOKENS))
        model = load(engine, folder, variant)
        output = generate(model, "once upon a time", max_new_tokens=TOKENS - 16)
        if index == 0:
            text = output.prompt_token_ids + output.token_ids
        finish(model.score(ScoreRequest("text", text, len(output.prompt_token_ids), is_reference=index == 0)))
        weights_bytes = model.report.parameter_bytes
        unloaded = model.unload()
        rows.append(
            {
                "variant": variant,
                "weights_bytes": [predicted.weights_bytes, weights_bytes],
                "peak_bytes": [predicted.peak_bytes, unloaded.peak_bytes],
                "needed_bytes": predicted.needed_bytes,
            }
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
