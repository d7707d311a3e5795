"""Which plan a comparison takes: the one that was wished, or, left to it, the one that keeps its figures true.

Side by side, models share memory bandwidth and caches, so left to it only what suffers little is run so: models small
enough that each computes with one thread, a core for each. Either way all models that are there at once must fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from quanttui.engine.base import Engine
from quanttui.engine.pool import EnginePool
from quanttui.hardware.cores import free_cores, usable_cores
from quanttui.hardware.probe import MemoryProbe
from quanttui.pipeline.passage import Task, predict
from quanttui.pipeline.rooms import memory_rooms
from quanttui.records import EngineDescription, MemoryEstimate, Plan, PlanChoice, RunRequest
from quanttui.records.plan import SMALL_MODEL_PARAMETERS
from quanttui.units import format_bytes

PROCESS_BYTES = 600 * 2**20
"""What an engine process takes of the host's memory beside its model: torch, transformers, bitsandbytes."""
SPARE_SHARE = 0.25
_LANES_ON_A_GPU = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked of the machine, and only where it matters. ``room_bytes``: what an engine can have on its device,
    None where nothing tells; ``host_bytes``: free on the host."""

    usable_cores: Callable[[], int]
    free_cores: Callable[[], float]
    rooms: Callable[[Engine, EngineDescription, MemoryEstimate], tuple[int | None, int]]


def choose_plan(
    engine: Engine,
    task: Task,
    environment: EngineDescription,
    cancelled: Callable[[], bool] = lambda: False,
    look: Look | None = None,
) -> PlanChoice:
    """The plan of ``task.request``, settled; asks the engine for estimates where there is a choice."""
    wish, look = task.request.plan, look or MACHINE
    if wish is Plan.SEQUENTIAL:
        return PlanChoice(Plan.SEQUENTIAL)
    if not isinstance(engine, EnginePool):
        return PlanChoice(Plan.SEQUENTIAL, "the engine runs inside this process")
    if task.reference in task.request.candidates:
        return PlanChoice(Plan.SEQUENTIAL, "the reference is a candidate too")
    lanes = _lanes(task, environment, look.usable_cores())
    refusal = _too_few(lanes) or (_untrue(task, environment, look, lanes) if wish is Plan.AUTO else "")
    if not refusal and not cancelled():
        refusal = _no_room(engine, task, environment, look, lanes)
    if refusal:
        return PlanChoice(Plan.SEQUENTIAL, refusal)
    why = "as asked" if wish is Plan.PARALLEL else "a small model, and a core for each"
    threads = max(1, look.usable_cores() // lanes) if environment.device == "cpu" else None
    return PlanChoice(Plan.PARALLEL, why, lanes, threads)


@contextmanager
def lanes_ahead(engine: Engine, request: RunRequest) -> Iterator[None]:
    """Where several engines were asked for they warm up while the plan is still open; none is left at the end."""
    lanes = min(len(request.candidates) + 1, MACHINE.usable_cores())
    if request.plan is Plan.PARALLEL and isinstance(engine, EnginePool) and lanes > 1:
        with engine.lanes(lanes):
            yield
    else:
        yield


def _lanes(task: Task, environment: EngineDescription, cores: int) -> int:
    most = cores if environment.device == "cpu" else _LANES_ON_A_GPU
    return min(len(task.variants), most)


def _too_few(lanes: int) -> str:
    return "there is one processor core" if lanes < 2 else ""


def _untrue(task: Task, environment: EngineDescription, look: Look, lanes: int) -> str:
    """Why speeds measured side by side would not be those measured alone; "" where they nearly are."""
    if environment.device != "cpu":
        return "models that share a GPU slow each other"
    parameters = task.request.model.parameter_count
    if parameters is None or parameters >= SMALL_MODEL_PARAMETERS:
        return "a model of this size takes all cores by itself"
    free = look.free_cores()
    return "" if free > lanes - 0.5 else f"{free:.1f} of {look.usable_cores()} cores are free"


def _no_room(engine: EnginePool, task: Task, environment: EngineDescription, look: Look, lanes: int) -> str:
    """Why the models that are there at once do not fit, with a quarter to spare; "" where they do."""
    estimates = [estimate for variant in task.variants if (estimate := predict(engine, task, variant)) is not None]
    if len(estimates) < len(task.variants):
        return "what the variants take is not known"
    room, host = look.rooms(engine, environment, estimates[0])
    needed = _together(estimates, lanes)
    if room is None:
        return "the free memory is not known"
    others = (lanes - 1) * PROCESS_BYTES
    if environment.device == "cpu":
        needed += others
    elif others * (1 + SPARE_SHARE) > host:
        return f"{lanes} engine processes take {format_bytes(others)} of the host's memory"
    if needed * (1 + SPARE_SHARE) > room:
        return f"{lanes} models at once take {format_bytes(needed)}, too much for {format_bytes(room)}"
    return ""


def _together(estimates: Sequence[MemoryEstimate], lanes: int) -> int:
    """The largest that can meet."""
    return sum(sorted((estimate.needed_bytes for estimate in estimates), reverse=True)[:lanes])


def _rooms(engine: Engine, environment: EngineDescription, estimate: MemoryEstimate) -> tuple[int | None, int]:
    engine.memory()  # which GPU is its own an engine process tells from the second question on
    with closing(MemoryProbe(lambda: environment.process_id, engine_memory=engine.memory)) as probe:
        reading = probe.read()
    return memory_rooms(environment.device, reading, estimate).own_bytes, reading.host.available_bytes


MACHINE = Look(usable_cores, free_cores, _rooms)
