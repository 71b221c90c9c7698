"""What is fetched from other hosts, and what is not."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from qwen_router import Request, Settings
from qwen_router.cancellation import Cancellation, cancellation_scope
from qwen_router.config import LimitsSection
from qwen_router.errors import Cancelled, ConfigError, MediaError
from qwen_router.settings_file import load_settings
from qwen_router_plugins.guards.attachments import check_request
from qwen_router_plugins.media import fetch


def png() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (9, 7), "red").save(buffer, "PNG")
    return buffer.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Serves a picture, redirects and faults."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        path, _, query = self.path.partition("?")
        if path == "/to":
            self.send_response(302)
            self.send_header("Location", query)
            self.end_headers()
            return
        body = png() if path == "/a.png" else b"x" * 100_000
        self.send_response(404 if path == "/gone" else 200)
        # No length: the limit has to hold while it streams.
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def origin(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def allowing(*hosts: str, **limits: Any) -> LimitsSection:
    return LimitsSection(allowed_hosts=hosts, **limits)


def loopback(host: str, port: int) -> list[str]:
    """Say that every host is this machine."""
    return ["127.0.0.1"]


def refused(url: str, limits: LimitsSection, said: str, **options: Any) -> None:
    with pytest.raises(MediaError, match=said) as error:
        fetch(url, "image", limits, **options)
    assert "\n" not in str(error.value)
    assert error.value.fix


def test_a_picture_of_an_allowed_host_is_fetched(origin: str):
    assert fetch(f"{origin}/a.png?size=1", "image", allowing(origin)) == png()


def test_nothing_is_asked_of_a_host_that_is_not_allowed(server: Any, origin: str):
    for hosts in ((), ("example.org",), ("127.0.0.1",), (origin.replace("http", "https"),), ("http://127.0.0.1",)):
        refused(f"{origin}/a.png?key=secret", allowing(*hosts), "limits.allowed_hosts doesn't name its host")
    assert server.asked == []


def test_the_message_says_what_to_add_and_keeps_keys_to_itself(origin: str):
    with pytest.raises(MediaError) as error:
        fetch(f"{origin}/a.png?key=secret", "image", allowing())
    assert f'add "{origin}" there' in str(error.value)
    assert "secret" not in str(error.value)
    with pytest.raises(MediaError, match=r'add "example\.org" there'):
        fetch("https://example.org/a.png", "image", allowing())


def test_redirects_lead_to_allowed_hosts_alone(server: Any, origin: str):
    assert fetch(f"{origin}/to?/a.png", "image", allowing(origin)) == png()
    for there in ("http://169.254.169.254/latest", "https://example.org/a.png", "http://localhost:1/"):
        refused(f"{origin}/to?{there}", allowing(origin), "doesn't name its host")
    refused(f"{origin}/to?file:///etc/passwd", allowing(origin), "Only https and http")
    refused(f"{origin}/to?/to?/to?/to?/to?/to?/a.png", allowing(origin), "redirected again and again")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "169.254.169.254", "192.168.1.1", "::1", "fe80::1%eth0", "::ffff:10.0.0.8", "224.0.0.1"],
)
def test_a_star_never_leads_to_a_private_address(address: str):
    limits = allowing("*.example.org")
    refused("https://in.example.org/", limits, "lies at a private address", resolve=lambda host, port: [address])
    # One public address among them doesn't help.
    both = ["93.184.216.34", address]
    refused("https://in.example.org/", limits, "lies at a private address", resolve=lambda host, port: both)


def test_a_host_that_is_named_may_be_private_and_the_checked_address_is_asked(server: Any):
    port = server.server_address[1]
    limits = allowing(f"http://pictures.internal:{port}", f"http://*.internal:{port}")
    assert fetch(f"http://pictures.internal:{port}/a.png", "image", limits, resolve=loopback) == png()
    assert server.asked == [("/a.png", f"pictures.internal:{port}")]


def test_a_star_stands_for_what_is_below_and_for_nothing_else():
    limits = allowing("*.example.org")
    for host in ("example.org", "notexample.org", "example.org.evil.net"):
        refused(f"https://{host}/", limits, "doesn't name its host", resolve=loopback)


@pytest.mark.parametrize(
    ("path", "said"), [("/gone", "the server answers 404"), ("/large", "is larger than 50,000 bytes")]
)
def test_what_goes_wrong_on_the_way_is_said(origin: str, path: str, said: str):
    refused(origin + path, allowing(origin, max_attachment_bytes=50_000), said)


def test_a_server_that_is_not_there_is_said():
    refused("http://127.0.0.1:9/", allowing("http://127.0.0.1:9"), "can't be fetched")


def test_addresses_with_a_user_or_of_no_sense_are_refused():
    refused("https://me:secret@example.org/a.png", allowing("example.org"), "names a user")
    refused("https://example.org:port/", allowing("example.org"), "can't be read")


def test_a_cancelled_call_stops_fetching(origin: str):
    cancellation = Cancellation()
    cancellation.cancel()
    with cancellation_scope(cancellation), pytest.raises(Cancelled):
        fetch(f"{origin}/a.png", "image", allowing(origin))


def test_the_guard_puts_what_it_fetched_into_the_request(server: Any, origin: str):
    blocks = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": f"{origin}/a.png"}},
        {"type": "image", "url": f"{origin}/a.png", "mime_type": "image/png"},
    ]
    request = Request.of([{"role": "user", "content": blocks}])
    verdict = check_request(request, Settings(limits={"allowed_hosts": [origin]}))
    assert verdict is not None
    assert verdict.action == "rewrite"
    assert verdict.messages is not None
    text, *images = verdict.messages[0].content
    assert text == blocks[0]
    assert [base64.b64decode(image["base64"]) for image in images] == [png()] * 2
    assert not any("url" in image for image in images)
    with pytest.raises(MediaError, match="is remote"):
        check_request(request, Settings())


def test_a_host_that_is_none_is_an_error_of_the_configuration():
    for entry in ("https://example.org/path", "example.org:65536", "*", "ftp://example.org", ""):
        with pytest.raises(ConfigError, match="allowed_hosts"):
            load_settings(limits={"allowed_hosts": [entry]})
