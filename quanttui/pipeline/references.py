"""What a run's reference leaves for its candidates: outputs, and where its sides are. Any thread may ask, and waits."""

from __future__ import annotations

import threading
from pathlib import Path

from quanttui.pipeline.driving import stopped
from quanttui.records import Output


class References:
    """``folder`` None: the sides stay in the engine that made them, as all models are worked on by that one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._outputs: dict[int, Output] = {}
        self._sides: set[int] = set()
        self._news = threading.Condition()
        self._is_over = False

    def put_output(self, prompt: int, output: Output) -> None:
        with self._news:
            self._outputs[prompt] = output
            self._news.notify_all()

    def output(self, prompt: int) -> Output:
        """Once it is whole. Raises CancelledError where it never will be."""
        with self._news:
            self._news.wait_for(lambda: prompt in self._outputs or self._is_over)
            if prompt not in self._outputs:
                raise stopped()
            return self._outputs[prompt]

    def side_path(self, prompt: int) -> str | None:
        return str(self._folder / f"{prompt}.side") if self._folder is not None else None

    def put_side(self, prompt: int) -> None:
        with self._news:
            self._sides.add(prompt)
            self._news.notify_all()

    def wait_for_side(self, prompt: int) -> None:
        """Raises CancelledError where it never will be there."""
        with self._news:
            self._news.wait_for(lambda: prompt in self._sides or self._is_over)
            if prompt not in self._sides:
                raise stopped()

    def end(self) -> None:
        """Nothing more will come: whoever waits goes on."""
        with self._news:
            self._is_over = True
            self._news.notify_all()
