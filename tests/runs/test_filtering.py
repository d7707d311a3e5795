"""What a user types into a filter, and what it means."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from quanttui.errors import UsageError
from quanttui.records.history import RunState
from quanttui.runs.filtering import RunFilter, parse_filter

EAST = timezone(timedelta(hours=3))
NOW = datetime(2026, 11, 21, 18, 30, tzinfo=EAST)


def at(day: str) -> float:
    return datetime.fromisoformat(f"{day}T00:00:00+03:00").timestamp()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", RunFilter()),
        ("   ", RunFilter()),
        ("model:Llama", RunFilter(model=("llama",))),
        ("MODEL:a model:b", RunFilter(model=("a", "b"))),
        ("variant:NF4+dq", RunFilter(variant=("nf4+dq",))),
        ("once Upon", RunFilter(text=("once", "upon"))),
        ('"Once  upon" a', RunFilter(text=("once  upon", "a"))),
        ('model:"my model" x', RunFilter(model=("my model",), text=("x",))),
        ('"model:x"', RunFilter(text=("model:x",))),
        ('"unfinished quote', RunFilter(text=("unfinished", "quote"))),
        ("10:30", RunFilter(text=("10:30",))),
        ("state:cut-off", RunFilter(state=RunState.CUT_OFF)),
        ('state:"cut off"', RunFilter(state=RunState.CUT_OFF)),
        ("since:2026-11-01", RunFilter(since_seconds=at("2026-11-01"))),
        ("since:7d", RunFilter(since_seconds=at("2026-11-14"))),
        ("until:2026-11-30", RunFilter(before_seconds=at("2026-12-01"))),
        ("date:today", RunFilter(since_seconds=at("2026-11-21"), before_seconds=at("2026-11-22"))),
        ("date:yesterday", RunFilter(since_seconds=at("2026-11-20"), before_seconds=at("2026-11-21"))),
    ],
)
def test_a_filter_means_what_it_says(text: str, wanted: RunFilter) -> None:
    assert parse_filter(text, NOW) == wanted


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("modle:x", "model:"),
        ("http://x", '"http:'),
        ("model:", "model:NAME"),
        ("state:fine", "state:cut-off"),
        ("since:2026-13-01", "2026-11-21"),
        ("since:soon", "7d"),
        ("since:99999999d", "7d"),
        ("date:0000-00-00", "today"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_allowed(text: str, allowed: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(text, NOW)
    assert allowed in caught.value.hint


def test_days_are_those_of_the_machine_where_no_zone_is_given() -> None:
    found = parse_filter("date:2026-11-21", datetime(2026, 11, 21, 12))
    assert found.since_seconds == datetime(2026, 11, 21).timestamp()
