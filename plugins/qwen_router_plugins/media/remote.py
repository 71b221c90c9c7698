"""Images and sounds of other hosts, fetched where the operator allows it."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from qwen_router.cancellation import current_cancellation
from qwen_router.config import LimitsSection
from qwen_router.errors import MediaError
from qwen_router_plugins.media.reading import first_line, too_large

_MOST_REDIRECTS = 3
_WAIT_SECONDS, _MOST_SECONDS = 10.0, 60.0
"""Longest silence of a server, and longest fetch."""
_PORTS = {"https": 443, "http": 80}

Resolve = Callable[[str, int], list[str]]


def is_remote(block: Mapping[str, Any]) -> bool:
    """Return whether a block names an address of the web."""
    return str(block.get("url") or "").lower().startswith(("http://", "https://"))


def addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


def fetch(url: str, noun: str, limits: LimitsSection, resolve: Resolve = addresses) -> bytes:
    """Return what is at a URL of a host that `limits.allowed_hosts` names; redirects lead to such hosts alone.

    Proxies of the environment are left out: they would look the host up once more, perhaps elsewhere.

    Args:
        noun: `image` or `audio`.

    Raises:
        MediaError: The host is not allowed or has no public address, it can't be reached, or it sends too much.
        Cancelled: The caller stopped the call.
        DeadlineExceeded: The caller's deadline has passed.
    """
    until = time.monotonic() + _MOST_SECONDS
    at = _parsed(url, noun)
    with httpx.Client(timeout=_WAIT_SECONDS, trust_env=False, headers={"Accept-Encoding": "identity"}) as client:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = _get(client, at, _places(at, noun, limits, resolve), noun, limits, until)
            if isinstance(answer, bytes):
                return answer
            at = answer
    raise MediaError(f"The {noun} {_name(httpx.URL(url))} is redirected again and again.", "Give its last address.")


@dataclass(frozen=True)
class _Allowed:
    """One entry of `limits.allowed_hosts`."""

    scheme: str
    host: str
    port: int
    below: bool
    """Whether it stands for the hosts below it."""

    @classmethod
    def of(cls, entry: str) -> _Allowed:
        parts = urlsplit(entry if "://" in entry else f"https://{entry}")
        host = parts.hostname or ""
        return cls(parts.scheme, host.removeprefix("*."), parts.port or _PORTS[parts.scheme], host.startswith("*."))

    def names(self, url: httpx.URL) -> bool:
        if (url.scheme, _port(url)) != (self.scheme, self.port):
            return False
        return url.host.endswith(f".{self.host}") if self.below else url.host == self.host


def _parsed(url: str, noun: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise MediaError(f"The {noun}'s address can't be read: {first_line(error)}.", "Check the address.") from None
    if parsed.scheme not in _PORTS:
        raise MediaError(f"The {noun} {_name(parsed)} is remote.", "Only https and http addresses are fetched.")
    if parsed.userinfo:
        raise MediaError(f"The {noun}'s address {_name(parsed)} names a user.", "Download it and give the file's path.")
    return parsed


def _places(url: httpx.URL, noun: str, limits: LimitsSection, resolve: Resolve) -> list[str]:
    """Return the addresses to connect to.

    Raises:
        MediaError: The host is not on the list, is unknown, or only a star names it and it is not a public one.
    """
    naming = [a for a in map(_Allowed.of, limits.allowed_hosts) if a.names(url)]
    if not naming:
        origin = _origin(url)
        raise MediaError(
            f"The {noun} {_name(url)} is remote, and limits.allowed_hosts doesn't name its host.",
            f'Download it and give the file\'s path, or add "{origin}" there.',
        )
    try:
        found = resolve(url.host, _port(url))
    except OSError as error:
        raise MediaError(f"The host {url.host} is not known: {first_line(error)}.", "Check the address.") from None
    if all(a.below for a in naming) and not all(map(_is_public, found)):
        raise MediaError(
            f"The {noun} {_name(url)} lies at a private address.",
            f'Add "{_origin(url)}" to limits.allowed_hosts if that is meant.',
        )
    return found


def _get(
    client: httpx.Client, url: httpx.URL, places: list[str], noun: str, limits: LimitsSection, until: float
) -> bytes | httpx.URL:
    """Return the bytes at a URL, or where it is redirected to; the addresses are tried in turn."""
    for place in places:
        # The address that was checked is the one that is asked: looked up again, it might be another.
        request = client.build_request(
            "GET",
            url.copy_with(host=place),
            headers={"Host": url.netloc.decode()},
            extensions={"sni_hostname": url.host},
        )
        try:
            response = client.send(request, stream=True)
        except httpx.ConnectError as error:
            fault: httpx.HTTPError = error
            continue
        except httpx.HTTPError as error:
            fault = error
            break
        try:
            if response.has_redirect_location:
                return _parsed(str(url.join(response.headers["Location"])), noun)
            return _body(response, url, noun, limits, until)
        except httpx.HTTPError as error:
            fault = error
            break
        finally:
            response.close()
    why = first_line(fault) or type(fault).__name__
    raise MediaError(f"The {noun} {_name(url)} can't be fetched: {why}.", "Try again, or give a file's path.")


def _body(response: httpx.Response, url: httpx.URL, noun: str, limits: LimitsSection, until: float) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise MediaError(
            f"The {noun} {_name(url)} can't be fetched: the server answers {response.status_code}.",
            "Check the address.",
        )
    cancellation = current_cancellation()
    body = bytearray()
    for piece in response.iter_bytes():
        cancellation.check()
        body += piece
        if len(body) > limits.max_attachment_bytes:
            raise too_large(f"The {noun} {_name(url)}", limits)
        if time.monotonic() > until:
            raise MediaError(f"The {noun} {_name(url)} comes too slowly.", "Download it and give the file's path.")
    return bytes(body)


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = inner or found
    return found.is_global and not found.is_multicast


def _port(url: httpx.URL) -> int:
    return url.port or _PORTS[url.scheme]


def _origin(url: httpx.URL) -> str:
    netloc = url.netloc.decode()
    return netloc if url.scheme == "https" else f"{url.scheme}://{netloc}"


def _name(url: httpx.URL) -> str:
    """Return a URL without its query, which may hold a key."""
    return f"{url.scheme}://{url.netloc.decode()}{url.path}"
