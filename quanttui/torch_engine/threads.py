"""How many threads torch computes with on a CPU."""

from __future__ import annotations

import torch

from quanttui.records.plan import SMALL_MODEL_PARAMETERS

SMALL_MODEL_THREADS = 1
_TORCH_THREADS = torch.get_num_threads()


def use_threads(
    device: torch.device, threads: int | None, parameter_count: int, most_threads: int | None = None
) -> list[str]:
    """Set torch's thread count: ``threads``, else one for small models and torch's own choice for large ones, but no
    more than ``most_threads``.

    A small model gains next to nothing from a second thread and loses 26 times its speed to OpenMP's spinning
    barriers where another process wants the core. Depends on the model alone, so reference and candidates agree.
    """
    if device.type != "cpu":
        return []
    chosen = threads or (SMALL_MODEL_THREADS if parameter_count < SMALL_MODEL_PARAMETERS else _TORCH_THREADS)
    chosen = min(chosen, most_threads or chosen)
    torch.set_num_threads(chosen)
    return [f"computes with {chosen} threads"] if chosen != (threads or SMALL_MODEL_THREADS) else []
