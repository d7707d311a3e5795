"""What every test of the screen shares: a pilot that waits by the event loop, and rare collections of garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import count

import pytest
from quiet import wait_for_quiet

# An app is some 80,000 objects that point at each other: left alone, the collector goes through all that lives
# once a test, which was two fifths of these tests' time. A test leaves some 10 MB behind.
TESTS_PER_COLLECTION = 10
_tests = count(1)


@pytest.fixture(autouse=True)
def _quiet_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.pilot.wait_for_idle", wait_for_quiet)
    monkeypatch.setattr("textual.app.wait_for_idle", wait_for_quiet)


@pytest.fixture(autouse=True, scope="module")
def _no_collections_by_themselves() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def _rare_collections() -> Iterator[None]:
    yield
    if next(_tests) % TESTS_PER_COLLECTION == 0:
        gc.collect()
