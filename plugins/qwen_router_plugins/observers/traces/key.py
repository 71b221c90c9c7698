"""The key of the hashes that stand for names and texts."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from qwen_router import Settings

_LEAST, _BYTES = 16, 32


def read_key(settings: Settings) -> bytes:
    """Return the key: that of `security.pii_key_env` where it is set, else one that is made once on this machine.

    Raises:
        OSError: The file of the key can be neither read nor made.
    """
    given = os.environ.get(settings.security.pii_key_env, "")
    if len(given) >= _LEAST:
        return given.encode("utf-8", "surrogateescape")
    path = settings.state_dir / "traces.key"
    return _read(path) or _made(path)


def _made(path: Path) -> bytes:
    """Make the key where another process hasn't been first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        # Whole or not at all, and never over one that is there.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_bytes()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
