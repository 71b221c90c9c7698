"""Servers on the loopback that speak the OpenAI API: one that plays a script of replies, one with a real model."""

from __future__ import annotations

import json
import select
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAME = "qwen2.5-coder:0.5b"
"""What the scripted server calls its model unless a test says otherwise."""

Reply = Callable[["Handler"], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that a server got; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class ScriptedServer(ThreadingHTTPServer):
    """Plays one reply a chat request, the last one again and again; `/models` is answered from `models`.

    Attributes:
        asked: The chat requests, in order.
        listed: How often `/models` was asked for.
        left: Set when a client has gone away during a hang.
    """

    daemon_threads = True
    # A test that fails while a handler hangs shouldn't hang itself.
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Reply] = []
        self.models: list[dict[str, Any]] = [{"id": NAME, "object": "model", "owned_by": "vllm"}]
        self.models_reply: Reply | None = None
        self.asked: list[Asked] = []
        self.listed = 0
        self.hanging = threading.Event()
        self.left = threading.Event()
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """The address to put into `base_url`."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def next_reply(self) -> Reply:
        """Return the reply to the chat request that was asked last."""
        return self.script[min(len(self.asked), len(self.script)) - 1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: clients of these tests go away on purpose."""


class Handler(BaseHTTPRequestHandler):
    """Writes replies."""

    server: ScriptedServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.listed += 1
        if self.server.models_reply is not None:
            self.server.models_reply(self)
        else:
            json_reply(200, {"object": "list", "data": self.server.models})(self)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.server.next_reply()(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def event(self, data: Any) -> None:
        """Send one event of a stream as a chunk of its own."""
        line = f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()

    def hang(self) -> None:
        """Send nothing until the client goes away."""
        self.server.hanging.set()
        while not self.server.stopping.is_set():
            if select.select([self.connection], [], [], 0.02)[0] and not self.connection.recv(1):
                self.server.left.set()
                break
        self.close_connection = True


def json_reply(status: int, body: Any, **headers: str) -> Reply:
    """Answer with a status and JSON; `retry_after="1"` becomes the header `Retry-After`."""

    def reply(handler: Handler) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return reply


def error(status: int, message: str, **headers: str) -> Reply:
    """Answer with an error in OpenAI's form."""
    return json_reply(status, {"error": {"message": message, "type": "test", "code": status}}, **headers)


def delta(**fields: Any) -> dict[str, Any]:
    """Return an event with one delta."""
    return {"id": "1", "object": "chat.completion.chunk", "model": NAME, "choices": [{"index": 0, "delta": fields}]}


def finish(reason: str = "stop") -> list[dict[str, Any]]:
    """Return the two events that end an answer: the finish reason, then the usage."""
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    last = delta()
    last["choices"][0]["finish_reason"] = reason
    return [last, {**delta(), "choices": [], "usage": usage}]


def says(*words: str, reason: str = "stop") -> list[Any]:
    """Return the events of a whole answer."""
    return [delta(role="assistant", content=""), *(delta(content=word) for word in words), *finish(reason), "[DONE]"]


def stream(*events: Any, then: str = "end") -> Reply:
    """Stream events, then `end`, `cut` the connection, or `hang`."""

    def reply(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for event in events:
            handler.event(event)
        if then == "hang":
            handler.hang()
        elif then == "end":
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.close_connection = True

    return reply


def hang(handler: Handler) -> None:
    """Answer nothing, not even a status."""
    handler.hang()


def refuse_unknown(handler: Handler) -> None:
    """Answer like a strict server: a field beyond the OpenAI API is an error, named one at a time."""
    known = {"model", "messages", "stream", "max_tokens", "temperature", "top_p", "stop", "seed", "response_format"}
    unknown = [field for field in handler.server.asked[-1].body if field not in known]
    if unknown:
        error(400, f"Unrecognized request argument supplied: {unknown[0]}")(handler)
    else:
        stream(*says("Hi"))(handler)


@contextmanager
def scripted(*script: Reply) -> Iterator[ScriptedServer]:
    """Serve a script of replies."""
    server = ScriptedServer()
    server.script = list(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def llama_server(gguf: Path, template: str = "") -> Iterator[str]:
    """Serve a real model with llama.cpp's own server; yield its address without `/v1`.

    Args:
        template: A chat template in place of the model's own.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.n_ctx = 4096
    params.n_parallel = 2
    params.warmup = False
    params.port = 0
    if template:
        params.chat_template, params.use_jinja = template, True
    params.verbosity = -1
    server = xllamacpp.Server(params)
    try:
        yield server.listening_address
    finally:
        # Its destructor stops the server.
        del server
