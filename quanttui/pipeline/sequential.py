"""The plan that keeps one model resident at a time: the reference first, then each candidate, in one engine."""

from __future__ import annotations

from collections.abc import Callable, Generator

from quanttui.engine.base import Engine
from quanttui.errors import EngineDiedError
from quanttui.pipeline.passage import Passage, Task
from quanttui.pipeline.references import References
from quanttui.records.events import RunEvent


def one_after_another(
    engine: Engine, task: Task, cancelled: Callable[[], bool], process_id: int
) -> Generator[RunEvent, None, None]:
    """``process_id``: of the engine as the run began."""

    def check_same_engine() -> None:
        """A process that was started in place of one that died has not read what the reference read."""
        if task.request.score and engine.describe().process_id != process_id:
            raise EngineDiedError(
                "the engine process ended between two models, and the reference's figures with it",
                "Run again: a fresh engine process is there.",
            )

    references = References()
    for index, variant in enumerate(task.variants):
        loaded = check_same_engine if index else _nothing
        passage = Passage(task, variant, engine, references, cancelled, is_reference=index == 0, loaded=loaded)
        try:
            yield from passage.events()
        except Exception:
            if passage.given_back is not None:
                yield passage.given_back
            raise


def _nothing() -> None: ...
