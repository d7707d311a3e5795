"""What can go wrong with the hub, each in three lines: what, why, what to do. Knows no token and quotes no address
but the hub's own name: signed addresses and headers are secrets."""

from __future__ import annotations

import errno

from quanttui.errors import QuantTuiError
from quanttui.units import format_bytes, format_seconds

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_GOES_ON = "The same command goes on from what is here."


class HubError(QuantTuiError):
    """The hub, the way to it, or the disk does not give a model."""


class OfflineError(HubError):
    def __init__(self, variable: str) -> None:
        super().__init__(
            "the hub is not asked in offline mode",
            f"Unset {variable} to allow the network; what is in the cache works without it.",
            why=f"{variable} is set",
        )


class GatedModelError(HubError):
    def __init__(self, repo_id: str, hub: str, *, with_token: bool) -> None:
        lacking = "the token in use was not given it yet" if with_token else "no token was sent"
        login = "then try again" if with_token else "then log in with `hf auth login` or set HF_TOKEN"
        super().__init__(
            f"{repo_id} is gated",
            f"Ask for access at {hub}/{repo_id}, {login}.",
            why=f"its owners give access on request, and {lacking}",
        )


class ModelNotFoundError(HubError):
    def __init__(self, repo_id: str, hub: str, *, with_token: bool) -> None:
        who = "the token in use may not see it" if with_token else "no token was sent"
        super().__init__(
            f"the hub has no model {repo_id!r}",
            f"Check the name at {hub}/models; a private model needs `hf auth login` or HF_TOKEN.",
            why=f"there is none of that name, or it is private and {who}",
        )


class RevisionNotFoundError(HubError):
    def __init__(self, repo_id: str, revision: str, hub: str) -> None:
        super().__init__(
            f"{repo_id} has no revision {revision!r}",
            f"Its branches and tags are at {hub}/{repo_id}/tree/main; without @ it is branch main.",
            why="the hub knows the model, but no branch, tag or commit of that name",
        )


class TokenRefusedError(HubError):
    def __init__(self, status: int) -> None:
        super().__init__(
            f"the hub refused the token (HTTP {status})",
            "Log in anew with `hf auth login`, correct HF_TOKEN, or unset it for models that need none.",
            why="the token is wrong, has expired, or may not read this model",
        )


class AccessDeniedError(HubError):
    def __init__(self, repo_id: str, status: int) -> None:
        super().__init__(
            f"the hub does not give {repo_id} (HTTP {status})",
            "Log in with `hf auth login` or set HF_TOKEN to a token that may read it.",
            why="it may be read by some accounts only, and no token was sent",
        )


class RateLimitedError(HubError):
    """``retry_after_seconds`` is what the hub asks for, None where it does not say."""

    def __init__(self, retry_after_seconds: int | None) -> None:
        self.retry_after_seconds = retry_after_seconds
        wait = "a few minutes" if retry_after_seconds is None else format_seconds(retry_after_seconds)
        super().__init__(
            "the hub asks to wait (HTTP 429)",
            f"Try again in {wait}. {_GOES_ON} Who is logged in may ask more often.",
            why="too many requests came from this address or token",
        )


class HubUnreachableError(HubError):
    def __init__(self, hub: str, why: str) -> None:
        super().__init__(
            f"the hub at {hub} cannot be reached",
            "Check the network, the proxy (HTTPS_PROXY) and HF_ENDPOINT; what is in the cache works without it.",
            why=why,
        )


class HubFailedError(HubError):
    def __init__(self, hub: str, why: str) -> None:
        super().__init__(f"the hub at {hub} did not answer as a hub does", f"Try again later. {_GOES_ON}", why=why)


class ConnectionCutError(HubError):
    def __init__(self, name: str, done_bytes: int, total_bytes: int) -> None:
        here = f"{format_bytes(done_bytes)} of its {format_bytes(total_bytes)} are here"
        super().__init__(
            f"the connection broke off while {name} came",
            f"Check the network. {_GOES_ON}",
            why=f"{here}, and trying again brought no more",
        )


class CorruptDownloadError(HubError):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{name} came damaged and was thrown away",
            "The same command fetches it anew; if it happens again, something between here and the hub changes data.",
            why=why,
        )


class DiskFullError(HubError):
    def __init__(self, repo_id: str, folder: str, why: str) -> None:
        super().__init__(
            f"the disk has no room for {repo_id}",
            f"Make room in {folder}, or set HF_HUB_CACHE to a folder on a larger disk. {_GOES_ON}",
            why=why,
        )


class CacheNotWritableError(HubError):
    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(
            "the cache cannot be written",
            f"Make {folder} writable, or set HF_HUB_CACHE to a folder that is.",
            why=f"{folder}: {reason}",
        )


class AlreadyDownloadingError(HubError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is being downloaded already",
            "Wait until the other download has ended, then try again: what it brought is used.",
            why="another process writes this file",
        )


class UnusableModelError(HubError):
    def __init__(self, repo_id: str, why: str) -> None:
        super().__init__(
            f"{repo_id} is not downloaded: it could not be compared",
            "Choose a causal language model that has safetensors weights.",
            why=why,
        )


def disk_error(error: OSError, repo_id: str, folder: str, so_far: str = "") -> HubError:
    """What a failed write means."""
    if error.errno in _FULL:
        return DiskFullError(repo_id, folder, f"{error.strerror}{f', after {so_far}' if so_far else ''}")
    return CacheNotWritableError(folder, error.strerror or type(error).__name__)
