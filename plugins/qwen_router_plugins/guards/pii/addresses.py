"""Finds e-mail addresses and addresses of the Internet Protocol."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from qwen_router_plugins.guards.pii.entity import Entity, follows

# Latin letters alone: a script that sets no spaces would be taken along. `git@` is no person.
_LETTER = "A-Za-z0-9À-ɏ"
_EMAIL = re.compile(
    rf"(?<![{_LETTER}_.%+'-])(?!git@)[{_LETTER}_%+'-](?:[{_LETTER}_.%+'-]{{0,63}})@"
    rf"(?:[{_LETTER}-]{{1,63}}\.){{1,8}}[A-Za-zÀ-ɏ]{{2,24}}(?![{_LETTER}_-])"
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}::?){2,7}[0-9A-Fa-f]{0,4}(?![\w:])", re.ASCII)
_VERSION = re.compile(r"(?i)\bv(?:ersion|er\.)?\s*$")


def find_emails(text: str) -> Iterator[Entity]:
    """Yield e-mail addresses."""
    if "@" in text:
        for found in _EMAIL.finditer(text):
            # An apostrophe before it is a quotation mark.
            yield Entity("EMAIL", found.start() + (found[0][0] == "'"), found.end())


def find_ip_addresses(text: str, start: int, end: int) -> Iterator[Entity]:
    """Yield IP addresses, but not those that every machine has, such as 127.0.0.1."""
    for found in _IPV4.finditer(text, start, end):
        if _personal(found[0]) and not follows(_VERSION, text, found.start()):
            yield Entity("IP", *found.span())
    for found in _IPV6.finditer(text, start, end):
        # `a::b` is how programs write names.
        groups = [group for group in found[0].split(":") if group]
        if len(groups) > 2 and any(map(str.isdigit, found[0])) and _personal(found[0]):
            yield Entity("IP", *found.span())


def _personal(written: str) -> bool:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast or written.startswith("255."))
