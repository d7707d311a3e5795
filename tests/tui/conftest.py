"""The pilot of every test waits by the event loop instead of by the clock."""

from __future__ import annotations

import pytest
from quiet import wait_for_quiet


@pytest.fixture(autouse=True)
def _quiet_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.pilot.wait_for_idle", wait_for_quiet)
    monkeypatch.setattr("textual.app.wait_for_idle", wait_for_quiet)
