"""The memory pane follows its readings: a second one of the same shape moves nothing, another shape gets its room."""

from __future__ import annotations

from dataclasses import replace

from scripted_app import HOST_ONLY, make_app, settle

from quanttui.tui.messages import MemoryRead
from quanttui.tui.widgets.memory_pane import MemoryPane


async def test_a_reading_of_another_shape_gets_its_room():
    app = make_app(reading=replace(HOST_ONLY, nvml_problem="no driver"))
    async with app.run_test(size=(120, 50)) as pilot:
        await settle(pilot)
        text = app.main.query_one(MemoryPane).query_one("Static")
        lines = text.size.height
        app.main.post_message(MemoryRead(replace(HOST_ONLY, nvml_problem="NVML said: " + "not supported " * 12)))
        await pilot.pause()
        assert text.size.height > lines


async def test_a_reading_of_the_same_shape_lays_nothing_out_anew():
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        laid_out: list[object] = []
        app.main.screen_layout_refresh_signal.subscribe(app.main, laid_out.append)
        for used in (1, 2, 3):
            host = replace(HOST_ONLY.host, used_bytes=used * 2**30)
            app.main.post_message(MemoryRead(replace(HOST_ONLY, host=host)))
            await pilot.pause()
        assert laid_out == []
