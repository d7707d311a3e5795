"""What a user types to find runs, as a filter. Pure; knows the words, not the database and not the screen.

    model:llama variant:nf4 state:failed since:2026-11-01 "once upon" a time

Every part has to hold. Words without a name are looked for in the prompts; quotes keep words together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from quanttui.errors import UsageError
from quanttui.records.history import RunKind, RunState

_PART = re.compile(r'(?:(?P<name>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<word>[^\s"]*))')
_DAYS = re.compile(r"(\d{1,9})d", re.ASCII)
_NAMES = ("model", "variant", "kind", "state", "since", "until", "date")
_STATES = {state.value.replace(" ", "-"): state for state in RunState}
HELP = (
    "model:NAME  variant:nf4  kind:sweep  state:failed  since:2026-11-01  since:7d  until:2026-11-30  date:today  "
    "words of a prompt"
)


@dataclass(frozen=True, slots=True)
class RunFilter:
    """All have to hold; the default lets every run through.

    ``model``, ``text``: parts of the model's name and of a prompt, case-folded. ``variant``: beginnings of the
    spelling of the reference or a candidate. Times are seconds since the epoch, ``since`` in, ``before`` out.
    """

    model: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    kind: RunKind | None = None
    state: RunState | None = None
    since_seconds: float | None = None
    before_seconds: float | None = None


def parse_filter(text: str, now: datetime) -> RunFilter:
    """The filter that ``text`` means; days are those of ``now``'s zone, or of the machine's. Raises UsageError."""
    found = RunFilter()
    for match in _PART.finditer(text):
        value = match["quoted"] if match["quoted"] is not None else match["word"]
        if match["name"]:
            found = _with_named(found, match["name"].lower(), value.strip(), now)
        elif value.strip():
            found = replace(found, text=(*found.text, value.casefold()))
    return found


def _with_named(found: RunFilter, name: str, value: str, now: datetime) -> RunFilter:
    if name not in _NAMES:
        raise UsageError(f"a filter knows no {name!r}", f'Allowed: {HELP}. Quotes search for it as it is: "{name}:…"')
    if not value:
        raise UsageError(f"{name}: has no value", f"Allowed: {HELP}")
    match name:
        case "model":
            return replace(found, model=(*found.model, value.casefold()))
        case "variant":
            return replace(found, variant=(*found.variant, value.casefold()))
        case "kind":
            return replace(found, kind=_kind(value))
        case "state":
            return replace(found, state=_state(value))
        case "since":
            return replace(found, since_seconds=_day_seconds(value, now))
        case "until":
            return replace(found, before_seconds=_day_seconds(value, now, later=1))
    return replace(found, since_seconds=_day_seconds(value, now), before_seconds=_day_seconds(value, now, later=1))


def _kind(value: str) -> RunKind:
    try:
        return RunKind(value.casefold())
    except ValueError:
        raise UsageError(
            f"no run is a {value!r}", f"Allowed: {', '.join(f'kind:{kind}' for kind in RunKind)}"
        ) from None


def _state(value: str) -> RunState:
    state = _STATES.get(value.casefold().replace(" ", "-"))
    if state is None:
        raise UsageError(f"no run is ever {value!r}", f"Allowed: {', '.join(f'state:{name}' for name in _STATES)}")
    return state


def _day_seconds(value: str, now: datetime, later: int = 0) -> float:
    """When the day ``value`` begins, or the one so many days ``later``: counted in days, for not all have 24 hours."""
    try:
        day = _day(value.casefold(), now.date()) + timedelta(days=later)
        return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(f"{value!r} is no day", "Write 2026-11-21, today, yesterday, or 7d: seven days ago.") from None


def _day(word: str, today: date) -> date:
    if days := _DAYS.fullmatch(word):
        return today - timedelta(days=int(days[1]))
    if word in ("today", "yesterday"):
        return today - timedelta(days=word == "yesterday")
    return datetime.strptime(word, "%Y-%m-%d").date()
