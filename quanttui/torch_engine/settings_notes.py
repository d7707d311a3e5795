"""Which of a checkpoint's own generation settings are set aside, said in one line."""

from __future__ import annotations

from typing import Any

_NEUTRAL = {"do_sample": False, "temperature": 1.0, "top_p": 1.0, "repetition_penalty": 1.0, "num_beams": 1}
# What a generation config may hold without changing which token is chosen, or what this engine follows.
_HARMLESS = {
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "decoder_start_token_id",
    "transformers_version",
    "use_cache",
    "max_length",
    "max_new_tokens",
    "output_attentions",
    "output_hidden_states",
    "output_scores",
    "output_logits",
    "return_dict_in_generate",
    "cache_implementation",
    "trust_remote_code",
}


def settings_set_aside(generation_config: Any) -> list[str]:
    """Sampling, penalties, banned words and the like: a comparison uses the user's settings alone."""
    told = {
        name: value
        for name, value in generation_config.to_diff_dict().items()
        if name not in _HARMLESS and not name.startswith("_") and value is not None and value != _NEUTRAL.get(name)
    }
    if not told:
        return []
    listed = ", ".join(f"{name}={value}" for name, value in sorted(told.items()))
    return [f"the checkpoint's own generation settings are set aside: {listed}"]
