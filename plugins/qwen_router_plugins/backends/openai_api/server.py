"""What is known of a server before it is asked anything."""

from __future__ import annotations

import os
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from qwen_router.config_backends import OpenAISection
from qwen_router.errors import ConfigError

NO_KEY = "not-needed"
"""What is sent when there is no key: servers without one take anything, and the SDK wants something."""


class Server(NamedTuple):
    """A server's address and the key to it.

    Attributes:
        timeout: Seconds without a byte.
        key_env: Name of the environment variable that holds the key.
    """

    base_url: str
    key: SecretStr
    key_env: str
    timeout: float

    @property
    def host(self) -> str:
        """The host's name in lower case."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def shown(self) -> str:
        """The address for messages, without a user or a password."""
        parts = urlsplit(self.base_url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def clean(self, text: str) -> str:
        """Return one line of what the server said, at most 300 characters, without the key if it echoes it."""
        key = self.key.get_secret_value()
        line = " ".join((text.replace(key, "***") if key else text).split())
        return line if len(line) <= 300 else line[:299] + "…"


def fault_of_address(base_url: str) -> str | None:
    """Say what is wrong with an address and how to mend it, or `None`."""
    if not base_url:
        return "No server is configured. Set [backends.openai_api] base_url, such as http://localhost:11434/v1."
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if usable:
        return None
    return f"[backends.openai_api] base_url = {base_url!r} is not an address. It looks like http://localhost:11434/v1."


def server_of(section: OpenAISection) -> Server:
    """Return the configured server, its key read from the environment.

    Raises:
        ConfigError: The key holds characters that no header can carry.
    """
    key = os.environ.get(section.api_key_env, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"The environment variable {section.api_key_env} holds characters that no key has.", "Set it again."
        )
    return Server(section.base_url.rstrip("/"), SecretStr(key or NO_KEY), section.api_key_env, section.timeout)
