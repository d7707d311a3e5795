"""The Memory pane: every GPU, or the host and the engine process, with a history. Shows readings; takes none."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from quanttui.records import GpuReading, MemoryReading
from quanttui.records.events import ModelLoaded, ModelUnloaded, RunEvent
from quanttui.text import safe_line
from quanttui.tui.bindings import keyed_title
from quanttui.tui.state.memory_history import FREED, LOADED, MemoryHistory
from quanttui.tui.widgets.memory_rows import gpu_foot, gpu_head, host_foot, host_head
from quanttui.tui.widgets.steady_text import SteadyText

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
        yield SteadyText("no reading yet")

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
        if gpus := self._reading.gpus:
            others = [self._gpu(gpu, width, 0) for gpu in gpus[1:]]
            first = self._gpu(gpus[0], width, sum(len(rows) + 1 for rows in others))
            blocks = [first, *others]
        else:
            blocks = [self._no_gpu(self._reading, width)]
        self.query_one(SteadyText).show(Content("\n\n").join(Content("\n").join(rows) for rows in blocks))

    def _gpu(self, gpu: GpuReading, width: int, rows_below: int) -> list[Content]:
        """The first GPU, the engine's own, has what room the others leave for its plot; theirs is one row."""
        head, foot = gpu_head(gpu, width), gpu_foot(gpu, width)
        if gpu.problem:
            return [*head, *foot]
        room = self._room(len(head) + len(foot) + rows_below) if rows_below or self._is_alone else 1
        marks = self._marks(gpu.uuid, width) if room > 1 or self._is_alone else []
        return [*head, *self._plot(gpu.uuid, width, room, gpu.total_bytes), *marks, *foot]

    def _no_gpu(self, reading: MemoryReading, width: int) -> list[Content]:
        head, foot = host_head(reading.host, width), host_foot(reading.host, reading.nvml_problem, width)
        wrapped = len(reading.nvml_problem or "") // width
        plot = self._plot(_ENGINE, width, self._room(len(head) + len(foot) + wrapped), None)
        return [*head, *plot, *self._marks(_ENGINE, width), *foot]

    @property
    def _is_alone(self) -> bool:
        return self._reading is not None and len(self._reading.gpus) == 1

    def _room(self, other_rows: int) -> int:
        """Rows for a plot with its two rows of marks."""
        return max(1, min(_TALLEST_PLOT, self.scrollable_content_region.height - other_rows - 2))

    def _plot(self, key: str, width: int, height: int, top: int | None) -> list[Content]:
        return [Content.styled(row, "$primary") for row in self._history.plot(key, width, height, top)]

    def _marks(self, key: str, width: int) -> list[Content]:
        """The row of marks with what the newest one stands for, while one is in view."""
        row, latest = self._history.marks(key, width), self._history.latest_mark()
        if latest is None or not row.strip():
            return []
        sign, words = (LOADED, "loaded") if latest.is_load else (FREED, "freed")
        return [Content.styled(row, "$muted"), Content.styled(f"{sign} {safe_line(latest.name)} {words}", "$muted")]
