"""Whether the files of a cached model are what the hub sent: their hashes against the names of their blobs.

The hub's client names a blob by its ETag: the SHA-256 of a large file's content, or git's own hash of a small file.
https://huggingface.co/docs/huggingface_hub/guides/manage-cache. Reads every byte, changes nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from quanttui.models.blob_hash import blob_hash
from quanttui.models.safetensors_header import DamagedFileError, reason_of, regular_file_size
from quanttui.records.verification import FileChecked, FileState, HashProgress

_CHUNK_BYTES = 4 * 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT_SHA1 = re.compile(r"[0-9a-f]{40}")
_NO_NAME = "outside the hub's cache no hash is known"


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the model; ``etag``: the name of its blob, None outside the hub's cache."""

    name: str
    path: Path
    size_bytes: int
    etag: str | None


def verify_files(folder: Path) -> Iterator[HashProgress | FileChecked]:
    """Check every file in ``folder``, telling how far it is; one ``FileChecked`` each, by name."""
    files, unreadable = _files_of(folder)
    yield from unreadable
    done_bytes, total_bytes = 0, sum(file.size_bytes for file in files if file.etag)
    for file in files:
        if file.etag is None:
            yield FileChecked(file.name, file.size_bytes, FileState.UNKNOWN, _NO_NAME)
            continue
        hasher = blob_hash(file.size_bytes, is_lfs=_SHA256.fullmatch(file.etag) is not None)
        try:
            for chunk in _chunks(file.path):
                hasher.update(chunk)
                done_bytes += len(chunk)
                yield HashProgress(file.name, done_bytes, total_bytes)
        except OSError as error:
            yield FileChecked(file.name, file.size_bytes, FileState.DAMAGED, f"it cannot be read: {reason_of(error)}")
            continue
        yield _compared(file, hasher.hexdigest())


def _files_of(folder: Path) -> tuple[list[_File], list[FileChecked]]:
    """Those that can be read, in the order of their names, and a word on each that cannot."""
    files, unreadable = [], []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            shown = path.relative_to(folder).as_posix()
            try:
                files.append(_File(shown, path, regular_file_size(path), _etag(path)))
            except DamagedFileError as error:
                unreadable.append(FileChecked(shown, None, FileState.DAMAGED, str(error)))
    return files, unreadable


def _etag(path: Path) -> str | None:
    """The name of the blob that ``path`` links to, if it has the form of a hash that can be checked."""
    if not path.is_symlink():
        return None
    blob = path.resolve()
    is_hash = _SHA256.fullmatch(blob.name) or _GIT_SHA1.fullmatch(blob.name)
    return blob.name if is_hash and blob.parent.name == "blobs" else None


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _compared(file: _File, found: str) -> FileChecked:
    if found == file.etag:
        return FileChecked(file.name, file.size_bytes, FileState.OK)
    reason = f"its hash is {found[:12]}…, the hub names it {str(file.etag)[:12]}…"
    return FileChecked(file.name, file.size_bytes, FileState.DAMAGED, reason)
