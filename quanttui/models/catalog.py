"""Which models can be chosen: the demo, the Hugging Face cache, folders. Reads files' headers, never weights.

What cannot be run is listed too and says why. Names are untrusted and stay raw.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from quanttui.errors import UsageError
from quanttui.models import demo
from quanttui.models.checkpoint import inspect_checkpoint
from quanttui.models.hub_cache import CachedRepo, Snapshot, cache_folder, is_unfinished, read_cache
from quanttui.models.hub_id import parse_hub_id
from quanttui.models.untouched import last_used_seconds
from quanttui.records import ModelEntry, ModelSource

DEMO_ID = "demo"
_SHORT_COMMIT = 8
_LIST_HINT = "`quanttui models` lists the models that are here."


def demo_entry() -> ModelEntry:
    """The model that comes with the package."""
    return _entry(DEMO_ID, demo.MODEL_FOLDER, ModelSource.DEMO)


def folder_entry(path: str | Path) -> ModelEntry:
    """The model in a folder, under the name that the user gave."""
    return _entry(str(path), _expanded(path).absolute(), ModelSource.FOLDER)


def cached_entries(environment: Mapping[str, str] = os.environ) -> tuple[ModelEntry, ...]:
    """Every snapshot of every model in the cache: the bare id is the one of branch main, else the newest."""
    return tuple(_iter_cached(environment))


def cached_entry(model_id: str, environment: Mapping[str, str] = os.environ) -> ModelEntry:
    """``resolve_model`` for the cache alone. Raises UsageError."""
    return _from_cache(model_id, read_cache(cache_folder(environment)))


def list_models(folders: Sequence[str | Path] = (), environment: Mapping[str, str] = os.environ) -> list[ModelEntry]:
    """All that can be chosen: the demo first, then ``folders``, then the cache."""
    return list(iter_models(folders, environment))


def iter_models(
    folders: Sequence[str | Path] = (), environment: Mapping[str, str] = os.environ
) -> Iterator[ModelEntry]:
    """``list_models``, each as soon as its headers are read: about a millisecond a model, more from a cold disk."""
    yield demo_entry()
    yield from map(folder_entry, folders)
    yield from _iter_cached(environment)


def resolve_model(text: str, environment: Mapping[str, str] = os.environ) -> ModelEntry:
    """The model that ``text`` names: ``demo``, a folder, or a hub id in the cache, with ``@revision`` or without.

    A folder goes before a hub id of the same name, as in transformers. The entry may have a problem of its own.
    Raises UsageError where there is no such model here.
    """
    name = text.strip()
    if not name:
        raise UsageError("no model is named", f"Write demo, a folder or a hub id. {_LIST_HINT}")
    if name == DEMO_ID:
        return demo_entry()
    path = _expanded(name)
    if os.path.isdir(path):
        return folder_entry(name)
    if name.startswith(("/", "./", "../", "~")) or os.path.isfile(path):
        raise _no_folder(name, path)
    return _from_cache(name, read_cache(cache_folder(environment)))


def _entry(model_id: str, path: Path, source: ModelSource, revision: str | None = None) -> ModelEntry:
    used_seconds = last_used_seconds(_files_of(path))
    entry = inspect_checkpoint(path).as_entry(model_id, path, source, revision)
    return replace(entry, last_used_seconds=used_seconds)


def _files_of(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if not entry.is_dir()]
    except (OSError, ValueError):
        return []


def _iter_cached(environment: Mapping[str, str]) -> Iterator[ModelEntry]:
    for repo in read_cache(cache_folder(environment)):
        yield from _repo_entries(repo)


def _repo_entries(repo: CachedRepo) -> Iterator[ModelEntry]:
    if not repo.snapshots:
        yield ModelEntry(repo.repo_id, str(repo.path), ModelSource.CACHE, problem=repo.problem)
    for index, snapshot in enumerate(repo.snapshots):
        yield _snapshot_entry(_snapshot_id(repo, snapshot, is_default=index == 0), repo, snapshot)


def _snapshot_entry(model_id: str, repo: CachedRepo, snapshot: Snapshot) -> ModelEntry:
    entry = _entry(model_id, snapshot.path, ModelSource.CACHE, snapshot.commit)
    if entry.problem is None or not is_unfinished(repo.path):
        return entry
    return replace(entry, problem=f"its download is not finished: {entry.problem}")


def _snapshot_id(repo: CachedRepo, snapshot: Snapshot, *, is_default: bool) -> str:
    if is_default:
        return repo.repo_id
    return f"{repo.repo_id}@{_revision_name(snapshot)}"


def _from_cache(name: str, repos: Sequence[CachedRepo]) -> ModelEntry:
    repo_id, _, revision = name.partition("@")
    repo = next((repo for repo in repos if repo.repo_id == repo_id), None)
    if repo is None:
        raise _not_in_cache(name, repo_id, revision, [repo.repo_id for repo in repos])
    if not revision:
        return next(_repo_entries(repo))
    matches = _snapshots_of(repo, revision)
    if len(matches) != 1:
        raise _no_revision(repo, revision, len(matches))
    return _snapshot_entry(name, repo, matches[0])


def _snapshots_of(repo: CachedRepo, revision: str) -> list[Snapshot]:
    """By branch or tag, else by the commit's hash or the beginning of it."""
    named = [snapshot for snapshot in repo.snapshots if revision in (*snapshot.refs, snapshot.commit)]
    return named or [snapshot for snapshot in repo.snapshots if snapshot.commit.startswith(revision)]


def _no_folder(name: str, path: Path) -> UsageError:
    if os.path.isfile(path):
        return UsageError(f"{name!r} is a file, not a model's folder", f"Name the folder that it lies in. {_LIST_HINT}")
    return UsageError(f"there is no folder {name!r}", _LIST_HINT)


def _not_in_cache(name: str, repo_id: str, revision: str, known: list[str]) -> UsageError:
    nearest, download = _nearest_id(repo_id, known), _download_command(repo_id, revision)
    hints = [f"Did you mean {nearest}?"] if nearest else []
    if download:
        hints.append(f"{download} puts it into the cache.")
    message = f"no model is called {name!r} here: no folder, nothing in the Hugging Face cache"
    return UsageError(message, " ".join([*hints, _LIST_HINT]))


def _nearest_id(repo_id: str, known: list[str]) -> str | None:
    """By the whole id, else by the part after the slash, which is what people remember."""
    by_id = {known_id.casefold(): known_id for known_id in (*known, DEMO_ID)}
    by_name = {known_id.rpartition("/")[2]: known_id for known_id in by_id}
    close = difflib.get_close_matches(repo_id.casefold(), list(by_id), n=1, cutoff=0.6)
    if close:
        return by_id[close[0]]
    close = difflib.get_close_matches(repo_id.casefold().rpartition("/")[2], list(by_name), n=1, cutoff=0.6)
    return by_id[by_name[close[0]]] if close else None


def _download_command(repo_id: str, revision: str) -> str:
    """ "" for what no hub could have: a command that hints offer holds nothing else."""
    try:
        parse_hub_id(f"{repo_id}@{revision}" if revision else repo_id)
    except UsageError:
        return ""
    return f"`quanttui models download {repo_id}{f'@{revision}' if revision else ''}`"


def _no_revision(repo: CachedRepo, revision: str, matches: int) -> UsageError:
    if matches > 1:
        return UsageError(f"{revision!r} begins {matches} revisions of {repo.repo_id}", "Write more of the hash.")
    known = ", ".join(_revision_name(snapshot) for snapshot in repo.snapshots)
    download = _download_command(repo.repo_id, revision)
    hints = [f"In the cache: {known or 'none'}.", f"{download} adds it." if download else ""]
    return UsageError(f"{repo.repo_id} has no revision {revision!r} in the cache", " ".join(filter(None, hints)))


def _revision_name(snapshot: Snapshot) -> str:
    return snapshot.refs[0] if snapshot.refs else snapshot.commit[:_SHORT_COMMIT]


def _expanded(path: str | Path) -> Path:
    """With ``~`` for a home that exists; Path.expanduser raises for one that does not."""
    return Path(os.path.expanduser(path))
