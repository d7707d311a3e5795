"""A hub on 127.0.0.1 for the real client: its API, its resolve addresses with their redirects, and a store beside it.

As on the real one, small files are redirected within the hub, large ones to signed addresses at another origin, which
sees no login. What goes wrong is asked for by file name.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_theTokenThatMustNeverBeShown"
SIGNATURE = "X-Amz-Signature=theSignatureThatMustNeverBeShown"


@dataclass
class Repo:
    files: Mapping[str, bytes]
    commit: str = "c" * 40
    branches: tuple[str, ...] = ("main",)
    is_private: bool = False
    is_gated: bool = False
    lets_in_token: bool = True


@dataclass
class Fault:
    """What goes wrong with a file: ``times`` answers are so, then it is well."""

    times: int = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None  # sent in place of the file's own
    cut_after: int | None = None  # bytes after which the connection breaks off
    stalls: bool = False  # ... or nothing more comes until the hub closes
    ignores_range: bool = False
    at_plan: bool = False  # goes wrong when a part with an end is asked for too, as a plan does


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    is_store: bool


class LoopbackHub:
    """``endpoint`` is for HF_ENDPOINT. ``requests`` is what was asked, in order."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.faults: dict[str, Fault] = {}
        self.refusal: Fault | None = None  # of every request to the API
        self.requests: list[Request] = []
        self.speaks_xet = True  # offers the store's own protocol too, which nobody speaks here
        self.closing = threading.Event()
        self._servers = [_Server(self, is_store=False), _Server(self, is_store=True)]
        self.endpoint, self.store = (server.address for server in self._servers)

    def close(self) -> None:
        self.closing.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add(self, repo_id: str, files: Mapping[str, bytes], **options: Any) -> Repo:
        self.repos[repo_id] = Repo(files, **options)
        return self.repos[repo_id]

    def asked_of_store(self) -> list[Request]:
        return [request for request in self.requests if request.is_store]

    def reset(self) -> None:
        self.repos.clear()
        self.faults.clear()
        self.requests.clear()
        self.refusal = None
        self.speaks_xet = True
        self.closing.set()  # lets go of what still stalls
        self.closing = threading.Event()

    def file_of_digest(self, digest: str) -> tuple[str, bytes]:
        for repo in self.repos.values():
            for name, content in repo.files.items():
                if hashlib.sha256(content).hexdigest() == digest:
                    return name, content
        raise KeyError(digest)

    def take_fault(self, name: str, asked: str) -> Fault | None:
        fault = self.faults.get(name)
        if fault is None or fault.times == 0 or (asked and not asked.endswith("-") and not fault.at_plan):
            return None
        fault.times -= 1
        return fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: LoopbackHub, *, is_store: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub, self.is_store = hub, is_store
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


def is_large(name: str) -> bool:
    return name.endswith(".safetensors")


def git_digest(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    @property
    def hub(self) -> LoopbackHub:
        return self.server.hub

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.requests.append(Request(self.command, path, headers, self.server.is_store))
        if self.server.is_store:
            return self.answer_store(path, headers)
        if path.startswith("/api/models/"):
            return self.answer_api(path.removeprefix("/api/models/"))
        if path.startswith("/api/resolve-cache/models/"):
            return self.answer_small(*path.removeprefix("/api/resolve-cache/models/").split("/", 3))
        repo_id, _, rest = path.strip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        return self.answer_resolve(repo_id, revision, name)

    def answer_api(self, path: str) -> None:
        if "/tree/" in path:
            return self.answer_tree(*path.split("/tree/"))
        repo_id, _, revision = path.partition("/revision/")
        if self.hub.refusal:
            return self.refuse(self.hub.refusal.status or 500, "", self.hub.refusal.headers)
        repo = self.readable(repo_id, revision or "main")
        if repo:
            files = [_sibling(name, content) for name, content in repo.files.items()]
            gated = "manual" if repo.is_gated else False
            self.send_document({"id": repo_id, "sha": repo.commit, "siblings": files, "gated": gated})

    def answer_tree(self, repo_id: str, revision: str) -> None:
        """What the library's own snapshot_download asks for."""
        repo = self.readable(repo_id, revision)
        if repo:
            self.send_document([_tree_entry(name, content) for name, content in repo.files.items()])

    def send_document(self, document: object) -> None:
        self.send(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def answer_resolve(self, repo_id: str, revision: str, name: str) -> None:
        repo = self.readable(repo_id, revision)
        if repo is None:
            return
        if repo.is_gated and not (self.has_token() and repo.lets_in_token):
            return self.refuse(403 if self.has_token() else 401, "GatedRepo")
        if name not in repo.files:
            return self.refuse(404, "EntryNotFound", {"X-Repo-Commit": repo.commit})
        content, commit = repo.files[name], {"X-Repo-Commit": repo.commit}
        if not is_large(name):
            etag = {"ETag": f'"{git_digest(content)}"', "X-Linked-Size": str(len(content))}
            location = f"/api/resolve-cache/models/{repo_id}/{repo.commit}/{name}"
            return self.send(307, b"", commit | etag | {"Location": location})
        digest = hashlib.sha256(content).hexdigest()
        linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
        if self.hub.speaks_xet:
            linked |= {"X-Xet-Hash": digest, "X-Xet-Refresh-Route": f"{self.hub.endpoint}/nobody-answers-there"}
        self.send(302, b"", commit | linked | {"Location": f"{self.hub.store}/{digest}?{SIGNATURE}"})

    def answer_small(self, organisation: str, repo: str, commit: str, name: str) -> None:
        content = self.hub.repos[f"{organisation}/{repo}"].files[name]
        self.send_file(name, content, {"ETag": f'"{git_digest(content)}"', "X-Repo-Commit": commit})

    def answer_store(self, path: str, headers: Mapping[str, str]) -> None:
        if "authorization" in headers or SIGNATURE not in self.path:
            return self.refuse(400, "")
        name, content = self.hub.file_of_digest(path.strip("/"))
        return self.send_file(name, content, {"ETag": '"the store has names of its own"'})

    def readable(self, repo_id: str, revision: str) -> Repo | None:
        """The repository; None where there is none for who asks, which it has been told then."""
        repo = self.hub.repos.get(repo_id)
        if self.headers.get("Authorization") not in (None, f"Bearer {TOKEN}"):
            return self.refuse(401, "", {"X-Error-Message": "Invalid credentials in Authorization header"})
        if repo is None or (repo.is_private and not self.has_token()):
            return self.refuse(404 if self.has_token() else 401, "RepoNotFound")
        if revision not in (*repo.branches, repo.commit):
            return self.refuse(404, "RevisionNotFound")
        return repo

    def has_token(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def refuse(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        error = {"X-Error-Code": code} if code else {}
        self.send(status, b'{"error": "no"}', {**error, **(headers or {})})

    def send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_file(self, name: str, content: bytes, headers: Mapping[str, str]) -> None:
        fault = (self.command == "GET" and self.hub.take_fault(name, self.headers.get("Range", ""))) or Fault()
        if fault.status:
            return self.refuse(fault.status, "", fault.headers)
        content = content if fault.content is None else fault.content
        begin, end = 0, len(content)
        asked = "" if fault.ignores_range else self.headers.get("Range", "")
        if asked:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            begin, end = int(first), min(int(last) + 1 if last else end, end)
            if begin >= len(content):
                return self.send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            headers = {**headers, "Content-Range": f"bytes {begin}-{end - 1}/{len(content)}"}
        self.send_body(206 if asked else 200, content[begin:end], fault, headers)

    def send_body(self, status: int, body: bytes, fault: Fault, headers: Mapping[str, str]) -> None:
        if fault.cut_after is None or self.command == "HEAD":
            return self.send(status, body, headers)
        closing = self.hub.closing
        self.send(status, b"", {**headers, "Content-Length": str(len(body))})
        self.wfile.write(body[: fault.cut_after])
        self.wfile.flush()
        if fault.stalls:
            closing.wait(60)
        self.close_connection = True


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    facts = {"rfilename": name, "size": len(content), "blobId": git_digest(content)}
    if is_large(name):
        digest = hashlib.sha256(content).hexdigest()
        facts["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
    return facts


def _tree_entry(name: str, content: bytes) -> dict[str, Any]:
    facts = _sibling(name, content)
    entry = {"type": "file", "path": name, "size": len(content), "oid": facts["blobId"]}
    if "lfs" in facts:
        entry["lfs"] = {"oid": facts["lfs"]["sha256"], "size": len(content), "pointerSize": 134}
    return entry


@contextmanager
def running_hub() -> Iterator[LoopbackHub]:
    hub = LoopbackHub()
    try:
        yield hub
    finally:
        hub.close()
