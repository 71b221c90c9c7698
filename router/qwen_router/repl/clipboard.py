"""Reads the clipboard, where the desktop has a tool for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

_TOOLS = (
    ("WAYLAND_DISPLAY", ("wl-paste", "--no-newline")),
    ("DISPLAY", ("xclip", "-selection", "clipboard", "-out")),
    ("DISPLAY", ("xsel", "--clipboard", "--output")),
    ("", ("pbpaste",)),
    ("", ("powershell.exe", "-NoProfile", "-Command", "Get-Clipboard")),
)
_SECONDS = 5


def read_clipboard(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the text of the clipboard; `None` where no tool gives any."""
    for needs, command in _TOOLS:
        if (needs and not environment.get(needs)) or shutil.which(command[0]) is None:
            continue
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, stdin=subprocess.DEVNULL)
            return done.stdout.decode("utf-8")
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
            continue
    return None
