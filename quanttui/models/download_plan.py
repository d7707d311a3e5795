"""What a download will take, before it begins: which files, how much of them is here, whether the disk holds the rest.

Only what transformers reads, and only safetensors: a file that could run code is never fetched.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from quanttui.models.checkpoint import weight_files
from quanttui.models.hub_cache import cache_folder, repo_folder
from quanttui.models.hub_client import RemoteFile, RemoteRepo, ask_repo, check_online
from quanttui.models.hub_errors import UnusableModelError
from quanttui.models.hub_id import parse_hub_id
from quanttui.models.partial_file import partial_path
from quanttui.models.remote import inspect_remote
from quanttui.records.download import DownloadPlan, PlannedFile

MARGIN_BYTES = 256_000_000
# What the hub's store sends in one piece without its own protocol (huggingface_hub's MAX_HTTP_DOWNLOAD_SIZE).
_LARGEST_FILE_BYTES = 50_000_000_000
_SMALL_FILES = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "*.model", "*.tiktoken", "tekken.json",
    "chat_template.jinja", "chat_template.json", "additional_chat_templates/*.jinja",
)  # fmt: skip


def plan_download(model_id: str, environment: Mapping[str, str] = os.environ) -> DownloadPlan:
    """Asks the hub what ``model_id`` is made of, and looks at the disk. Writes nothing. Raises HubError, UsageError."""
    repo_id, revision = parse_hub_id(model_id)
    check_online(environment)
    repo = ask_repo(repo_id, revision)
    wanted = _wanted(repo)
    cache = cache_folder(environment)
    folder = repo_folder(cache, repo_id)
    files = tuple(_planned(name, repo, folder) for name in wanted)
    _check_sizes(repo_id, files)
    return DownloadPlan(repo_id, revision, repo.commit, str(cache), files, _free_bytes(cache), MARGIN_BYTES)


def _wanted(repo: RemoteRepo) -> list[str]:
    """Small files first: a download that stops then leaves a model that says of itself what it is.

    Raises UnusableModelError for a model that no run could use: better now than after its weights have come.
    """
    files, facts = inspect_remote(repo)
    if facts.problems:
        raise UnusableModelError(repo.repo_id, "; ".join(facts.problems))
    small = sorted(name for name in repo.files if any(fnmatchcase(name, pattern) for pattern in _SMALL_FILES))
    return [*small, *weight_files(files)]


def _planned(name: str, repo: RemoteRepo, folder: Path) -> PlannedFile:
    file = repo.files[name]
    return PlannedFile(
        name, file.size_bytes, file.digest, file.is_lfs, _here_bytes(file, folder / "blobs" / file.digest)
    )


def _here_bytes(file: RemoteFile, blob: Path) -> int:
    if blob.exists():
        return file.size_bytes
    try:
        come = partial_path(blob).stat().st_size
    except OSError:
        return 0
    return come if come <= file.size_bytes else 0


def _check_sizes(repo_id: str, files: tuple[PlannedFile, ...]) -> None:
    large = next((file.name for file in files if file.size_bytes > _LARGEST_FILE_BYTES), None)
    if large:
        raise UnusableModelError(repo_id, f"{large} is larger than 50 GB, which only `hf download {repo_id}` fetches")


def _free_bytes(folder: Path) -> int | None:
    """Room on the disk that ``folder`` is on, or will be on once it is made."""
    for place in (folder, *folder.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return None
