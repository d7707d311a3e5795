"""The Hugging Face cache, as it lies on disk. Knows its layout; does not know what a model folder holds.

    models--ORG--NAME/refs/BRANCH          a file with the commit's hash
    models--ORG--NAME/snapshots/COMMIT/    links into ../../blobs
    models--ORG--NAME/blobs/ETAG           a file's content; ETAG...incomplete: the part of it that has come

Walked by hand: ``huggingface_hub.scan_cache_dir`` stats every blob of every data set too, and takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_MODEL_PREFIX = "models--"
_MAX_REF_BYTES = 200
_UNFINISHED = ".incomplete"
MAIN = "main"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One commit of a model in the cache; ``refs``: the branches and tags that point to it."""

    commit: str
    path: Path
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CachedRepo:
    """A model's folder in the cache. The first snapshot is the one that the bare id means.

    ``problem``: why there is no snapshot, else None.
    """

    repo_id: str
    path: Path
    snapshots: tuple[Snapshot, ...]
    problem: str | None = None


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the hub's tools keep models, by the variables that they honour.

    https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
    """
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environment.get(variable):
            return _expanded(environment[variable])
    if environment.get("HF_HOME"):
        return _expanded(environment["HF_HOME"]) / "hub"
    return _expanded(environment.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "hub"


def read_cache(folder: Path) -> tuple[CachedRepo, ...]:
    """Every model of the cache by its id; none where there is no cache or it cannot be read."""
    names = [name for name in _names_in(folder) if name.startswith(_MODEL_PREFIX)]
    return tuple(sorted((_read_repo(folder / name) for name in names), key=lambda repo: repo.repo_id.casefold()))


def repo_folder(cache: Path, repo_id: str) -> Path:
    """Where ``cache`` keeps the model, whether it is there or not."""
    return cache / (_MODEL_PREFIX + repo_id.replace("/", "--"))


def is_unfinished(repo: Path) -> bool:
    """Whether parts of files lie in the model's folder, which a download left behind or is writing now."""
    return any(name.endswith(_UNFINISHED) for name in _names_in(repo / "blobs"))


def write_ref(repo: Path, revision: str, commit: str) -> None:
    """Let ``revision`` stand for ``commit`` from now on. Raises OSError."""
    path = repo / "refs" / revision
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(commit)
    os.replace(fresh, path)


def _read_repo(path: Path) -> CachedRepo:
    repo_id = path.name.removeprefix(_MODEL_PREFIX).replace("--", "/") or path.name
    try:
        commits = [entry for entry in os.scandir(path / "snapshots") if entry.is_dir()]
    except FileNotFoundError:
        return CachedRepo(repo_id, path, (), f"its download never ended: {path.name} holds no snapshot")
    except OSError as error:
        return CachedRepo(repo_id, path, (), f"{path.name} cannot be read: {error.strerror}")
    if not commits:
        return CachedRepo(repo_id, path, (), f"its download never ended: {path.name} holds no snapshot")
    refs = _read_refs(path / "refs")
    newest_first = sorted(commits, key=_changed_seconds, reverse=True)
    snapshots = [Snapshot(entry.name, Path(entry.path), refs.get(entry.name, ())) for entry in newest_first]
    return CachedRepo(repo_id, path, tuple(sorted(snapshots, key=lambda snapshot: MAIN not in snapshot.refs)))


def _read_refs(folder: Path) -> dict[str, tuple[str, ...]]:
    """Names by commit. A name may hold slashes (refs/pr/1); what cannot be read points nowhere."""
    refs: dict[str, tuple[str, ...]] = {}
    for parent, _, files in os.walk(folder):
        for name in sorted(files):
            path = Path(parent, name)
            commit = _read_ref(path)
            if commit:
                refs[commit] = (*refs.get(commit, ()), path.relative_to(folder).as_posix())
    return refs


def _read_ref(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would block
            return ""
        with path.open("rb") as file:
            return file.read(_MAX_REF_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _changed_seconds(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(os.path.expanduser(path)))
