"""Talking to the hub through huggingface_hub, which is imported at the first use: its endpoint, login, proxies.

The one place that names the library. Every failure leaves it as a HubError, without the exception it came from: that
one's text and frames hold signed addresses and headers. No token is ever held in a variable here.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, urlsplit

from quanttui.errors import UsageError
from quanttui.models import hub_errors

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})
# httpx's class, which is httpx2's too: why it is raised
_NO_WAY = {
    "TimeoutException": "it did not answer in time",
    "ConnectError": "its name is not known here, or nothing answers there",
    "ProxyError": "the proxy does not pass it on",
}


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """``digest``: SHA-256 where ``is_lfs``, else git's SHA-1; the name of the blob in the cache."""

    size_bytes: int
    digest: str
    is_lfs: bool


@dataclass(frozen=True, slots=True)
class RemoteRepo:
    """A model on the hub at one commit: its files by name."""

    repo_id: str
    revision: str | None
    commit: str
    files: Mapping[str, RemoteFile]


def check_online(environment: Mapping[str, str]) -> None:
    """Raises OfflineError where the user wants no network, by the variables that the library honours; UsageError for
    an HF_ENDPOINT that it would stumble over."""
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        if environment.get(variable, "").upper() in _TRUE:
            raise hub_errors.OfflineError(variable)
    if not _is_address(environment.get("HF_ENDPOINT") or "https://huggingface.co"):
        raise UsageError("HF_ENDPOINT is no address of a hub", "Unset it, or set it to an http or https address.")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def ask_repo(repo_id: str, revision: str | None) -> RemoteRepo:
    """What the hub says of a model: the commit, and every file with size and digest."""
    with _told_apart(repo_id, revision):
        try:
            info = _hub().HfApi().model_info(repo_id, revision=revision, files_metadata=True, timeout=_patience())
            files = {sibling.rfilename: file for sibling in info.siblings or () if (file := _remote_file(sibling))}
        except (TypeError, KeyError, AttributeError):  # JSON, but not what the library takes for a model
            raise ValueError("no model") from None
    if not isinstance(info.sha, str) or not _COMMIT.fullmatch(info.sha):
        raise hub_errors.HubFailedError(hub_address(), "it names no commit")
    return RemoteRepo(repo_id, revision, info.sha, files)


def read_range(repo: RemoteRepo, name: str, begin: int, end: int) -> bytes:
    """Bytes [``begin``, ``end``) of a file, fewer where it ends before; no more are taken from a hub that sends all."""
    wanted = b""
    with open_stream(repo, name, begin, end) as response:
        skip = 0 if response.status_code == 206 else begin
        for chunk in response.iter_bytes():
            wanted += chunk
            if len(wanted) >= skip + end - begin:
                break
    return wanted[skip : skip + end - begin]


@contextmanager
def open_stream(repo: RemoteRepo, name: str, begin: int = 0, end: int | None = None) -> Iterator[Any]:
    """The answer to a request for a file from byte ``begin`` on, its body unread. A hub may send all the same (200).

    Redirects to a store elsewhere are followed, without the login: the client drops it at another origin.
    """
    hub = _hub()
    url = hub.hf_hub_url(repo.repo_id, quote(name), revision=repo.commit)
    headers = {"Accept-Encoding": "identity"}
    if begin or end is not None:
        headers["Range"] = f"bytes={begin}-{'' if end is None else end - 1}"
    with _told_apart(repo.repo_id, repo.revision):
        request = hub.get_session().stream("GET", url, headers=headers, auth=_sign, timeout=_patience())
        with request as response:
            if response.status_code >= 400 and response.status_code != 416:
                response.read()
                import_module("huggingface_hub.utils").hf_raise_for_status(response)
            yield response


def link_file(repo: RemoteRepo, name: str, cache: Path) -> None:
    """Put a file whose blob is there into the model's snapshot, by the library itself, which knows the layout."""
    with _told_apart(repo.repo_id, repo.revision):
        _hub().hf_hub_download(repo.repo_id, name, revision=repo.commit, cache_dir=str(cache), etag_timeout=_patience())


def hub_address() -> str:
    """The hub's address without login, path or query."""
    parts = urlsplit(str(import_module("huggingface_hub.constants").ENDPOINT))
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _patience() -> float:
    """Seconds to wait for the next bytes of an answer; 10 where HF_HUB_DOWNLOAD_TIMEOUT does not say."""
    return float(import_module("huggingface_hub.constants").HF_HUB_DOWNLOAD_TIMEOUT)


def _hub() -> Any:
    """The library, its warnings and bars off: it writes to stderr, where the screen or the narration is."""
    hub: ModuleType = import_module("huggingface_hub")
    import_module("huggingface_hub.utils.logging").set_verbosity_error()
    import_module("huggingface_hub.utils").disable_progress_bars()
    return hub


def _sign(request: Any) -> Any:
    """Puts the login into a request as it leaves, so that it is in no frame and no message of ours."""
    request.headers.update(import_module("huggingface_hub.utils").build_hf_headers(library_name="quanttui"))
    return request


def _remote_file(sibling: Any) -> RemoteFile | None:
    """None where the hub does not name the content: then nothing could be verified."""
    lfs = sibling.lfs
    digest = lfs.sha256 if lfs else sibling.blob_id
    size = lfs.size if lfs else sibling.size
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or not isinstance(size, int) or size < 0:
        return None
    return RemoteFile(size, digest, is_lfs=lfs is not None)


@contextmanager
def _told_apart(repo_id: str, revision: str | None) -> Iterator[None]:
    """Turns what the library raises into HubErrors; a way that breaks off is a HubUnreachableError, also half-way."""
    errors = import_module("huggingface_hub.errors")
    known = (errors.HTTPError, errors.FileMetadataError, errors.LocalEntryNotFoundError, ConnectionError, ValueError)
    try:
        yield
    except known as error:
        _forget_frames(error)
        raise _meaning(error, errors, repo_id, revision) from None


def _meaning(error: Exception, errors: Any, repo_id: str, revision: str | None) -> hub_errors.HubError:
    if isinstance(error, errors.OfflineModeIsEnabled):
        return hub_errors.OfflineError("HF_HUB_OFFLINE")
    if isinstance(error, errors.HfHubHTTPError):
        return _refusal(error.response, type(error).__name__, repo_id, revision)
    if isinstance(error, (errors.FileMetadataError, ValueError)):
        return hub_errors.HubFailedError(hub_address(), "its answer is not one of a hub")
    return hub_errors.HubUnreachableError(hub_address(), _why_unreachable(error))


def _forget_frames(error: BaseException | None) -> None:
    """An error stays reachable from the one that takes its place; its frames hold headers, which crash screens show."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def _refusal(response: Any, kind: str, repo_id: str, revision: str | None) -> hub_errors.HubError:
    """``kind`` is the library's class for the hub's X-Error-Code, which tells more than the status."""
    hub, status, with_token = hub_address(), response.status_code, "authorization" in response.request.headers
    if kind == "GatedRepoError":
        return hub_errors.GatedModelError(repo_id, hub, with_token=with_token)
    if kind == "RevisionNotFoundError":
        return hub_errors.RevisionNotFoundError(repo_id, revision or "main", hub)
    if kind == "RepositoryNotFoundError":
        return hub_errors.ModelNotFoundError(repo_id, hub, with_token=with_token)
    if status in (401, 403) and with_token:
        return hub_errors.TokenRefusedError(status)
    if status in (401, 403):
        return hub_errors.AccessDeniedError(repo_id, status)
    if status == 404:
        return hub_errors.ModelNotFoundError(repo_id, hub, with_token=with_token)
    if status == 429:
        return hub_errors.RateLimitedError(_retry_after(response))
    return hub_errors.HubFailedError(hub, f"it answered HTTP {status}")


def _retry_after(response: Any) -> int | None:
    """Seconds to wait, from either of the two headers that the hub uses."""
    limits = re.search(r";\s*r=0\s*;\s*t=(\d{1,6})\b", response.headers.get("ratelimit", ""))
    plain = re.fullmatch(r"\s*(\d{1,6})\s*", response.headers.get("retry-after", ""))
    found = limits or plain
    return int(found[1]) if found else None


def _why_unreachable(error: BaseException | None) -> str:
    """The words for the first exception of the chain that has some: the library wraps some of them."""
    seen = 0
    while error is not None and seen < 8:
        if isinstance(error, ssl.SSLError):
            return "its certificate is not accepted"
        names = {kind.__name__ for kind in type(error).__mro__}
        why = next((words for name, words in _NO_WAY.items() if name in names), None)
        if why and not isinstance(error.__cause__ or error.__context__, ssl.SSLError):
            return why
        error, seen = error.__cause__ or error.__context__, seen + 1
    return "the connection broke off"
