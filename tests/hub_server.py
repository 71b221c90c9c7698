"""A model hub on the loopback: the two APIs that the weight sources speak, and the faults that real ones have."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request.

    Attributes:
        status: Answer this instead.
        cut: Close the connection after this many bytes of the body.
        flip: Change the first byte of the body.
        whole: Ignore the range and send everything.
        pause_at: After this many bytes of the body, set `paused` and wait for `go_on`.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    flip: bool = False
    whole: bool = False
    pause_at: int | None = None
    paused: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that arrived; `cdn` says whether at the host that large files are redirected to.

    Attributes:
        revision: Which version ModelScope was asked for.
    """

    path: str
    range: str | None
    authorization: str | None
    cdn: bool
    revision: str | None = None


class Hub:
    """Repositories by name, each a mapping of paths to bytes; files of weights are large files with a checksum."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.seen: list[Seen] = []
        self.url = ""
        self.cdn_url = ""

    def downloads(self, name: str) -> list[Seen]:
        """Return the requests for a file's bytes, in order."""
        return [s for s in self.seen if s.path.endswith(name) and (s.cdn or not _is_large(name))]

    def next_fault(self, path: str) -> Fault:
        for name, faults in self.faults.items():
            if path.endswith(name) and faults:
                return faults.pop(0)
        return Fault()


@contextmanager
def serving() -> Iterator[Hub]:
    """Run a hub and the host of its large files until the end of the block."""
    hub = Hub()
    api, cdn = (ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub, is_cdn)) for is_cdn in (False, True))
    hub.url = f"http://127.0.0.1:{api.server_port}"
    # Another name for the same address, so that it counts as another host.
    hub.cdn_url = f"http://localhost:{cdn.server_port}"
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in (api, cdn)]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server, thread in zip((api, cdn), threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def write_cache(root: Path, repository: str, files: dict[str, bytes], revision: str) -> Path:
    """Lay files out as huggingface_hub caches them: a reference, blobs, and a snapshot of links, which is returned."""
    base = root / f"models--{repository.replace('/', '--')}"
    snapshot = base / "snapshots" / COMMIT
    for directory in (base / "refs", base / "blobs", snapshot):
        directory.mkdir(parents=True)
    (base / "refs" / revision).write_text(COMMIT)
    for name, body in files.items():
        blob = base / "blobs" / hashlib.sha256(body).hexdigest()
        blob.write_bytes(body)
        (snapshot / name).symlink_to(blob)
    return snapshot


def _is_large(path: str) -> bool:
    return path.endswith((".safetensors", ".gguf", ".bin"))


def _handler(hub: Hub, is_cdn: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            path, query = unquote(url.path), parse_qs(url.query)
            name = query["FilePath"][0] if "FilePath" in query else path
            (revision,) = query.get("Revision", [None])
            hub.seen.append(Seen(name, self.headers["Range"], self.headers["Authorization"], is_cdn, revision))
            if is_cdn or not _is_large(name):
                fault = hub.next_fault(name)
                if fault.status:
                    self._send(fault.status, b"", fault.headers)
                    return
            else:
                fault = Fault()
            repository, kind, rest = _route(path, query)
            files = hub.repositories.get(repository)
            if files is None or (kind == "file" and rest not in files):
                self._send(404, b"", {})
            elif kind == "hub":
                self._json(_hub_listing(files))
            elif kind == "modelscope":
                self._json(_modelscope_listing(files))
            elif _is_large(rest) and not is_cdn:
                self._send(302, b"", {"Location": f"{hub.cdn_url}/{repository}/resolve/{COMMIT}/{rest}"})
            else:
                self._file(files[rest], fault)

        def _file(self, body: bytes, fault: Fault) -> None:
            if fault.flip:
                body = bytes([body[0] ^ 1]) + body[1:]
            start = 0
            headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "Accept-Ranges": "bytes"}
            if (wanted := self.headers["Range"]) and not fault.whole:
                start = int(wanted.removeprefix("bytes=").split("-")[0])
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self._send(206 if start else 200, body[start:], headers, fault)

        def _json(self, value: Any) -> None:
            self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, body: bytes, headers: dict[str, str], fault: Fault = Fault()) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            # A client that stops in the middle is part of what is tested.
            with suppress(ConnectionError):
                if fault.pause_at is not None:
                    self.wfile.write(body[: fault.pause_at])
                    body = body[fault.pause_at :]
                    fault.paused.set()
                    fault.go_on.wait(60)
                self.wfile.write(body[: fault.cut])
            if fault.cut is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    return Handler


def _route(path: str, query: dict[str, list[str]]) -> tuple[str, str, str]:
    """Return the repository, what is asked of it, and the file."""
    if path.startswith("/api/v1/models/"):
        repository, _, rest = path.removeprefix("/api/v1/models/").rpartition("/repo")
        return (repository, "modelscope", "") if rest == "/files" else (repository, "file", query["FilePath"][0])
    if path.startswith("/api/models/"):
        return path.removeprefix("/api/models/").partition("/revision/")[0], "hub", ""
    repository, _, rest = path[1:].partition("/resolve/")
    return repository, "file", rest.partition("/")[2]


def _hub_listing(files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "sha": COMMIT,
        "siblings": [
            {"rfilename": path, "size": len(body), "blobId": hashlib.sha1(body).hexdigest()}
            | ({"lfs": {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}} if _is_large(path) else {})
            for path, body in files.items()
        ],
    }


def _modelscope_listing(files: dict[str, bytes]) -> dict[str, Any]:
    listed = [
        {"Path": path, "Type": "blob", "Size": len(body), "Sha256": hashlib.sha256(body).hexdigest()}
        for path, body in files.items()
    ]
    folder = {"Path": "figures", "Type": "tree"}
    return {"Code": 200, "Success": True, "Message": "", "Data": {"Files": [folder, *listed]}}
