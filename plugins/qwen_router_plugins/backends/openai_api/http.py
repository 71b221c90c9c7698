"""HTTP clients whose calls can be broken off."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Any

import openai

from qwen_router.cancellation import Cancellation, current_cancellation
from qwen_router_plugins.backends.openai_api.server import Server

_CONNECT_SECONDS = 10.0
_HEADERS = {
    "host",
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "user-agent",
    # The SDK's note to itself about how to read the answer.
    "x-stainless-raw-response",
}


class Line:
    """The connection of one call, cut when the call is cancelled or late.

    Closing a socket doesn't wake a thread that waits for its bytes; shutting it down does. So the connection's socket
    is remembered from the moment there is one, and shut down when the call should end.
    """

    def __init__(self, cancellation: Cancellation) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False
        self._held = ExitStack()
        self._held.enter_context(cancellation.on_cancel(self.cut))
        if (seconds := cancellation.remaining) is not None:
            timer = threading.Timer(seconds, self.cut)
            timer.daemon = True
            timer.start()
            self._held.callback(timer.cancel)

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow the connection; this is httpx's `trace` extension."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self._is_cut:
                    self._shut_down()
        elif event.endswith(".response_closed.complete"):
            self.close()

    def cut(self) -> None:
        """End the connection now, and with it the wait of the thread that reads from it."""
        with self._lock:
            self._is_cut = True
            self._shut_down()

    def close(self) -> None:
        """Stop watching: the call has ended."""
        self._held.close()

    def _shut_down(self) -> None:
        if self._socket is not None:
            # A TLS socket's own `shutdown` would pull its state from under the reading thread.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class BreakableClient(openai.DefaultHttpxClient):
    """An HTTP client that watches the cancellation of the call it works for."""

    def send(self, request: Any, **options: Any) -> Any:
        """Send a request; cancelling the current call ends the wait for its answer."""
        line = Line(current_cancellation())
        request.extensions = {**request.extensions, "trace": line.trace}
        try:
            return super().send(request, **options)
        except BaseException:
            line.close()
            raise


def clients(server: Server, *, timeout: float | None = None) -> tuple[openai.OpenAI, openai.AsyncOpenAI]:
    """Return a client for threads and one for asyncio.

    They talk to the server's address alone: redirects are not followed, and none of OpenAI's own environment variables
    counts. The headers say nothing about this machine or an OpenAI account. Proxies of the environment are used as by
    every other program, except for an address on this machine, which no proxy can reach. Each call has a connection of
    its own, so that cutting it ends that call only, and no call meets a connection the server has given up meanwhile.
    """
    seconds = server.timeout if timeout is None else timeout
    given: dict[str, Any] = {
        "base_url": server.base_url,
        "api_key": server.key.get_secret_value(),
        "timeout": openai.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS)),
        # The SDK also tries again after timeouts, and can't be stopped while it waits.
        "max_retries": 0,
    }
    transport: dict[str, Any] = {"follow_redirects": False, "headers": {"Connection": "close"}}
    if _is_loopback(server.host):
        transport["mounts"] = {"all://": None, "http://": None, "https://": None}

    def bare(request: Any) -> None:
        for name in [name for name in request.headers if name.lower() not in _HEADERS]:
            del request.headers[name]
        # OPENAI_CUSTOM_HEADERS may have put another one there.
        request.headers["Authorization"] = f"Bearer {given['api_key']}"

    async def bare_async(request: Any) -> None:
        bare(request)

    return (
        openai.OpenAI(http_client=BreakableClient(event_hooks={"request": [bare]}, **transport), **given),
        openai.AsyncOpenAI(
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"request": [bare_async]}, **transport), **given
        ),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
