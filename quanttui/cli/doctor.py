"""``quanttui doctor``: what is here, what runs here and why not, where things lie. Shows no secret."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from quanttui.cli.arguments import Parser
from quanttui.cli.diagnosis import diagnose
from quanttui.cli.engines import open_configured_engine
from quanttui.cli.narration import narration
from quanttui.cli.page import page_text
from quanttui.cli.stopping import stopping
from quanttui.cli.streams import say_error, write_data
from quanttui.errors import UsageError
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.settings.template import template_text, write_template
from quanttui.text import safe_line
from quanttui.tui.key_table import SCOPES, written_keys
from quanttui.units import NOT_AVAILABLE, format_memory

DESCRIPTION = "Show versions, devices, which variants run here and why not, folders and the environment that matters."
_LABEL_CELLS = 24


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--write-settings", action="store_true", help="write a settings file with every setting explained, and end"
    )
    parser.add_argument("--force", action="store_true", help="with --write-settings: replace the file that is there")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")


def run(arguments: Namespace, settings: Settings) -> int:
    if arguments.force and not arguments.write_settings:
        raise UsageError("--force is for --write-settings", "Leave it out, or give both.")
    if arguments.write_settings:
        return _write_settings(settings, replace=arguments.force)
    engine = open_configured_engine(settings)
    with narration(arguments.quiet) as narrator, stopping(engine, narrator.wait_for) as stop_asked:
        narrator.wait_for("Starting the engine")
        diagnosis = diagnose(engine, settings, os.environ)
    if stop_asked():
        raise KeyboardInterrupt
    if arguments.json:
        write_data(document_text(diagnosis))
    else:
        write_data(page_text(Group(*_sections(diagnosis))))
    if settings.problem is not None:
        say_error(settings.problem)
        return settings.problem.exit_code
    return 1 if diagnosis["engine"]["problem"] else 0


def _write_settings(settings: Settings, *, replace: bool) -> int:
    bindings = {
        where: [(command.id, written_keys(command), command.tooltip) for command in commands]
        for where, commands in SCOPES.items()
    }
    path = settings.places.settings_file
    write_template(path, template_text(bindings), replace=replace)
    write_data(f"{safe_line(str(path))}\n")
    return 0


def _sections(diagnosis: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield from _section("Versions", diagnosis["versions"])
    engine = {name: value for name, value in diagnosis["engine"].items() if value is not None}
    yield from _section("Engine", engine)
    runs = {name: f"runs; {caution}" for name, caution in diagnosis["cautions"].items()}
    variants = {name: reason or runs.get(name, "runs") for name, reason in diagnosis["variants"].items()}
    yield from _section("Variants", variants)
    yield from _section("Memory", {"host": _memory(diagnosis["host"], "available"), **_gpus(diagnosis)})
    yield from _section("Folders", diagnosis["folders"])
    yield from _section("Settings", _settings(diagnosis["settings"]))
    yield from _section("Environment", diagnosis["environment"])


def _settings(told: Mapping[str, Any]) -> dict[str, str]:
    """The file, and what is not the default."""
    if told["problem"] is not None:
        return {"set aside": told["problem"]}
    file = "read" if told["file_read"] else "none there; quanttui doctor --write-settings writes one"
    changed = {name: f"{given['value']} ({given['from']})" for name, given in told["changed"].items()}
    return {"file": f"{told['file']} ({file})", **(changed or {"changed": "nothing: all as it ships"})}


def _gpus(diagnosis: Mapping[str, Any]) -> dict[str, str]:
    if not diagnosis["gpus"]:
        return {"gpu": f"none ({diagnosis['nvml_problem']})"}
    return {f"gpu {gpu['index']}": f"{gpu['name']}, {_memory(gpu, 'free')}" for gpu in diagnosis["gpus"]}


def _memory(reading: Mapping[str, Any], which: str) -> str:
    return f"{format_memory(reading[f'{which}_bytes'])} {which} of {format_memory(reading['total_bytes'])}"


def _section(title: str, lines: Mapping[str, object]) -> Iterator[Text]:
    yield Text(title, "bold")
    for label, value in lines.items():
        shown = NOT_AVAILABLE if value is None else safe_line(str(value))
        yield Text(f"  {safe_line(label):<{_LABEL_CELLS}} {shown}")
