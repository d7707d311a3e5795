"""Who may import whom: the table is the architecture. Read from the source, and seen in processes that really ran."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "quanttui"
GROUND = {"amounts", "errors", "prequantized", "records", "text", "typed_json", "units", "variants", "whole_files"}
WORKROOMS = {"cache", "compare", "engine", "hardware", "models", "runs", "suite"}

# room: the rooms that it may import besides itself. What is not a room here may be imported by none.
ROOMS = {
    "records": set(),
    "amounts": set(),
    "errors": set(),
    "text": set(),
    "typed_json": set(),
    "units": set(),
    "whole_files": set(),
    "variants": {"errors", "records"},
    "prequantized": {"records"},
    "session": {"records", "typed_json", "whole_files"},
    "settings": {"errors", "records", "variants", "whole_files"},
    **dict.fromkeys(WORKROOMS, GROUND),
    "torch_engine": GROUND | {"engine", "compare"},
    "pipeline": GROUND | WORKROOMS,
    "tui": GROUND | WORKROOMS | {"pipeline", "session"},
    "cli": GROUND | WORKROOMS | {"pipeline", "session", "settings", "tui"},
    "__init__": set(),
    "__main__": {"cli"},
}
# library: the only places that may name it. The recipe is a program of its own, run by hand.
RECIPE = "models/demo/recipe.py"
LIBRARIES = {
    "torch": {"torch_engine", RECIPE},
    "transformers": {"torch_engine", RECIPE},
    "bitsandbytes": {"torch_engine"},
    "accelerate": {"torch_engine"},
    "safetensors": {"torch_engine", RECIPE},
    "tokenizers": {"torch_engine", RECIPE},
    "textual": {"tui"},
    "rich": {"tui", "cli"},
    "pynvml": {"hardware/nvml.py"},
    "sqlite3": {"runs/store"},
    "msgspec": {"engine", "typed_json.py"},
    "platformdirs": {"settings"},
    "huggingface_hub": {"models/hub_client.py", "torch_engine"},
}
SOURCES = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, wherever it stands, those for the type checker included."""
    for node in ast.walk(ast.parse((PACKAGE / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_room_imports_only_what_lies_below_it(path: Path) -> None:
    allowed = ROOMS[room_of(path)] | {room_of(path), "__version__"}
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("quanttui.")}
    assert rooms <= allowed


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_library_is_named_only_where_it_belongs(path: Path) -> None:
    places = {room_of(path), str(path), path.parent.as_posix()}
    named = {name.partition(".")[0] for name in imports(path)} & LIBRARIES.keys()
    assert not [library for library in named if not places & LIBRARIES[library]]


def modules_after(program: str) -> set[str]:
    """The top-level modules that a fresh process holds once it has run ``program``."""
    shown = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules, file=sys.__stdout__)"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return {name.partition(".")[0] for name in shown.stdout.splitlines()[-1].split()}


HEAVY = {"torch", "transformers", "bitsandbytes", "accelerate"}
SCREEN = {"textual", "rich"}
PILOT = """
import asyncio
from quanttui.engine.scripted import ScriptedEngine
from quanttui.hardware.probe import MemoryProbe
from quanttui.models.catalog import list_models, resolve_model
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import Services

async def show():
    probe = MemoryProbe(lambda: None)
    app = QuantTuiApp(Services(ScriptedEngine(), list_models, resolve_model, probe.read))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f5")
        await pilot.pause()

asyncio.run(show())
"""


@pytest.mark.parametrize("program", ["import quanttui", "import quanttui.cli", "import quanttui.tui"])
def test_importing_the_package_brings_nothing_heavy(program: str) -> None:
    assert not modules_after(program) & (HEAVY | SCREEN | {"numpy", "huggingface_hub"})


@pytest.mark.parametrize("argv", [["--help"], ["--version"]])
def test_help_and_version_bring_neither_model_nor_screen(argv: list[str]) -> None:
    program = f"from quanttui.cli import main\nassert main({argv}) == 0"
    assert not modules_after(program) & (HEAVY | SCREEN | {"numpy", "huggingface_hub"})


OPENING = """
import quanttui.cli, quanttui.cli.tui, quanttui.tui
quanttui.cli.tui.is_terminal = lambda stream: True
quanttui.tui.run_app = lambda services, **options: 0
assert quanttui.cli.main([]) == 0
"""


def test_what_the_first_frame_does_not_show_is_not_imported_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANTTUI_HOME", str(tmp_path))
    later = {"psutil", "pynvml", "sqlite3", "numpy", "huggingface_hub", "httpx", "markdown_it"}
    assert not modules_after(OPENING) & (HEAVY | SCREEN | later)


def test_the_command_itself_never_holds_torch() -> None:
    program = "from quanttui.cli import main\nassert main(['compare', '--prompt', ' ']) == 2"
    assert not modules_after(program) & (HEAVY | {"textual"})


def test_the_app_never_holds_torch_nor_before_a_sweep_what_draws_its_plot() -> None:
    modules = modules_after(PILOT)
    assert "textual" in modules
    assert not modules & (HEAVY | {"textual_plot", "textual_hires_canvas"})


def test_the_stub_of_the_records_names_each_of_them_where_it_lies() -> None:
    from quanttui import records

    stub = ast.parse(Path(records.__file__).with_suffix(".pyi").read_text("utf-8"))
    told = {alias.name: node.module for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert {name: f"quanttui.records.{module}" for name, module in records._MODULES.items()} == told  # type: ignore[attr-defined]  # no part of the stub
    assert all(hasattr(records, name) for name in records.__all__)
