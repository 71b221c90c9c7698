"""What was typed, across sessions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit.history import FileHistory

_MOST_BYTES = 2**20
_MOST_CHARACTERS = 10_000


class KeptHistory(FileHistory):
    """A history in a file of the user's own. One that can't be read or written lasts for this session, and says so.

    Args:
        path: The file; its directories are made.
        tell: Told once, in one line, that nothing is kept.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        super().__init__(str(path))
        self._path, self._tell = path, tell
        self._told = False

    def load_history_strings(self) -> Iterable[str]:
        """Return what was typed, the newest first; what is no text is left out."""
        try:
            _shorten(self._path)
            return [line for line in super().load_history_strings() if _is_text(line)]
        except OSError as error:
            self._fail(error)
            return []

    def store_string(self, string: str) -> None:
        """Write an entry; a very long one, something pasted, is remembered for this session alone."""
        if len(string) > _MOST_CHARACTERS:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # What people ask is nobody else's business.
            os.close(os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
            super().store_string(string)
        except (OSError, UnicodeEncodeError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            reason = error.strerror if isinstance(error, OSError) else error
            self._tell(f"The history {self._path} can't be used: {reason}. It lasts for this session.")


def _is_text(line: str) -> bool:
    return all(c.isprintable() or c in "\n\t" for c in line) and "\ufffd" not in line


def _shorten(path: Path) -> None:
    """Drop the older half of a file that has become long."""
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        kept = path.read_bytes()[-_MOST_BYTES // 2 :]
        # Entries begin with an empty line.
        half = path.with_name(f"{path.name}.{os.getpid()}")
        half.write_bytes(kept[kept.find(b"\n\n") + 1 :])
        half.chmod(0o600)
        half.replace(path)
