"""The garbage collector stays out of the painting thread's way; the app says when what there is stays for good."""

from __future__ import annotations

import subprocess
import sys

from scripted_app import make_app, until

FROZEN = """
import gc
from quanttui.tui.collecting import collect_what_is_new, put_off_collecting
put_off_collecting()
assert not gc.isenabled()
kept = [[] for _ in range(1000)]
collect_what_is_new()
seen = {id(thing) for thing in gc.get_objects()}
assert gc.isenabled() and not any(id(thing) in seen for thing in kept)
young, middle, full = gc.get_threshold()
assert young * middle * full >= 500_000
"""


def test_what_starting_up_left_is_never_walked_again():
    subprocess.run([sys.executable, "-c", FROZEN], check=True)


async def test_the_app_says_when_the_cockpit_is_up_and_when_the_engine_is():
    app = make_app()
    told: list[bool] = []
    app.settled = lambda: told.append(app.main.idle_status is not None)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: len(told) == 2)
        assert told[-1]
