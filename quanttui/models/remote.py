"""What a model on the hub is, by its config.json and the headers of its weights: a few requests, no weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from quanttui.models.checkpoint import CONFIG, INDEX, Checkpoint, inspect_files, weight_files
from quanttui.models.hub_client import RemoteRepo, ask_repo, check_online, read_range
from quanttui.models.hub_id import parse_hub_id
from quanttui.models.model_files import MAX_JSON_BYTES
from quanttui.models.safetensors_header import (
    LENGTH_BYTES,
    DamagedFileError,
    TensorInfo,
    header_length,
    parse_header,
)
from quanttui.records import ModelEntry, ModelSource

# Holds most headers whole (a layer has about 9 tensors of 100 bytes of JSON each), so that one request is enough.
_FIRST_BYTES = 128_000
_REQUESTS_AT_ONCE = 8


class RemoteFiles:
    """The files of a model on the hub, as ModelFiles; what was read once is kept. Raises HubError too."""

    def __init__(self, repo: RemoteRepo) -> None:
        self._repo = repo
        self._read: dict[str, bytes] = {}
        self._headers: dict[str, dict[str, TensorInfo]] = {}

    def names(self) -> list[str]:
        return sorted(self._repo.files)

    def is_file(self, name: str) -> bool:
        return name in self._repo.files

    def size_bytes(self, name: str) -> int:
        if name not in self._repo.files:
            raise DamagedFileError(f"{name} is missing")
        return self._repo.files[name].size_bytes

    def read(self, name: str) -> bytes:
        if name not in self._read:
            self._read[name] = read_range(self._repo, name, 0, min(self.size_bytes(name), MAX_JSON_BYTES))
        return self._read[name]

    def read_header(self, name: str) -> dict[str, TensorInfo]:
        if name not in self._headers:
            self._headers[name] = self._fetch_header(name)
        return self._headers[name]

    def read_headers(self, names: list[str]) -> None:
        """Ask for several at once; what is damaged is told when it is read again."""
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            list(pool.map(self._try_header, names))

    def _try_header(self, name: str) -> None:
        with suppress(DamagedFileError):
            self.read_header(name)

    def _fetch_header(self, name: str) -> dict[str, TensorInfo]:
        size = self.size_bytes(name)
        beginning = read_range(self._repo, name, 0, min(size, _FIRST_BYTES)) if size else b""
        end = LENGTH_BYTES + header_length(name, beginning, size)
        if end > len(beginning):
            beginning += read_range(self._repo, name, len(beginning), end)
        return parse_header(name, beginning[LENGTH_BYTES:end], size)


def inspect_remote(repo: RemoteRepo) -> tuple[RemoteFiles, Checkpoint]:
    """The facts of a model on the hub, and its files as far as they were read for that. Raises HubError.

    config.json is asked for in any case: where a model is gated, the list of its files is not.
    """
    files = RemoteFiles(repo)
    with suppress(DamagedFileError):  # inspect_files says it in its place
        files.read_headers([name for name in weight_files(files) if name != INDEX])
    return files, inspect_files(files)


def remote_headers(model_id: str, folder: Path, environment: Mapping[str, str] = os.environ) -> ModelEntry:
    """The model that a download of ``model_id`` would bring, its config.json put into ``folder``; no weights come.

    What keeps it from running is the entry's ``problem``. Raises HubError, UsageError, and OSError for ``folder``.
    """
    repo_id, revision = parse_hub_id(model_id)
    check_online(environment)
    repo = ask_repo(repo_id, revision)
    files, facts = inspect_remote(repo)
    if files.is_file(CONFIG):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG).write_bytes(files.read(CONFIG))
    return facts.as_entry(model_id.strip(), folder, ModelSource.HUB, repo.commit)
