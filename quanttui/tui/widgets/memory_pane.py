"""The Memory pane: every GPU, or the host and the engine process, with a history. Shows readings; takes none."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from quanttui.records import GpuReading, MemoryReading
from quanttui.records.events import ModelLoaded, ModelUnloaded, RunEvent
from quanttui.text import safe_line
from quanttui.tui.bindings import keyed_title
from quanttui.tui.state.memory_history import FREED, LOADED, MemoryHistory
from quanttui.tui.widgets.memory_rows import gpu_foot, gpu_head, host_foot, host_head

_STALE_SECONDS = 3.0
_ENGINE = "engine"
_TALLEST_PLOT = 12


class MemoryPane(VerticalScroll):
    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="memory", classes="pane")
        self._reading: MemoryReading | None = None
        self._history = MemoryHistory()
        self._age_words = ""

    def compose(self) -> ComposeResult:
        yield Static("no reading yet", markup=False)

    def on_mount(self) -> None:
        self.border_title = keyed_title(self.app, "memory", "Memory")

    def show(self, reading: MemoryReading) -> None:
        self._reading = reading
        used = {gpu.uuid: gpu.used_bytes for gpu in reading.gpus if not gpu.problem}
        self._history.add(used | {_ENGINE: reading.host.engine_bytes})
        self._paint()

    def note(self, event: RunEvent) -> None:
        """A model that was loaded or freed gets a mark under the plot."""
        if isinstance(event, ModelLoaded | ModelUnloaded):
            self._history.mark(event.variant.spelling, is_load=isinstance(event, ModelLoaded))

    def age(self, now_seconds: float) -> None:
        """Readings that stopped coming say so."""
        if self._reading is not None:
            age = now_seconds - self._reading.at_seconds
            words = f"{age:.0f} s old" if age > _STALE_SECONDS else ""
            if words != self._age_words:
                self._age_words = self.border_subtitle = words

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        if self._reading is None:
            return
        width = max(16, self.scrollable_content_region.width)
        blocks = [self._gpu(gpu, width) for gpu in self._reading.gpus] or [self._no_gpu(self._reading, width)]
        self.query_one(Static).update(Content("\n\n").join(blocks))

    def _gpu(self, gpu: GpuReading, width: int) -> Content:
        head, foot = gpu_head(gpu, width), gpu_foot(gpu, width)
        plot = [] if gpu.problem else self._plot(gpu.uuid, width, gpu.total_bytes, len(head) + len(foot))
        return Content("\n").join([*head, *plot, *foot])

    def _no_gpu(self, reading: MemoryReading, width: int) -> Content:
        head, foot = host_head(reading.host, width), host_foot(reading.host, reading.nvml_problem, width)
        problem_rows = len(reading.nvml_problem or "") // width + 1
        plot = self._plot(_ENGINE, width, None, len(head) + len(foot) + problem_rows)
        return Content("\n").join([*head, *plot, *foot])

    def _plot(self, key: str, width: int, top: int | None, other_rows: int) -> list[Content]:
        """As tall as the pane has room beside the rows of all blocks, one row at least; its marks below it."""
        blocks = max(1, len(self._reading.gpus)) if self._reading else 1
        room = self.scrollable_content_region.height // blocks - other_rows - 2
        rows = self._history.plot(key, width, max(1, min(_TALLEST_PLOT, room)), top)
        return [*(Content.styled(row, "$primary") for row in rows), *self._marks(key, width)]

    def _marks(self, key: str, width: int) -> list[Content]:
        """The row of marks with what the newest one stands for, while one is in view."""
        row, latest = self._history.marks(key, width), self._history.latest_mark()
        if latest is None or not row.strip():
            return []
        sign, words = (LOADED, "loaded") if latest.is_load else (FREED, "freed")
        return [Content.styled(row, "$muted"), Content.styled(f"{sign} {safe_line(latest.name)} {words}", "$muted")]
