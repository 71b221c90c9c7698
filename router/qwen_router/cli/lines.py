"""What commands do with a file of JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from qwen_router.cli.console import err
from qwen_router.errors import InputError

Work = Callable[[Iterable[bytes], TextIO, Callable[[str], None]], int]


def run_lines(source: Path, target: Path | None, work: Work) -> None:
    """Let `work` read a file and write to another, or to standard output, and name the lines that it couldn't use.

    Raises:
        InputError: A file can't be opened, or there were bad lines.
    """
    try:
        with ExitStack() as files:
            lines = files.enter_context(source.open("rb"))
            to = sys.stdout if target is None else files.enter_context(target.open("w", encoding="utf-8"))
            bad = work(lines, to, lambda fault: err.print(f"[yellow]{source}[/] {fault}"))
    except OSError as error:
        raise InputError(f"Can't use {error.filename}: {error.strerror}.", "Check the path.") from None
    if bad:
        raise InputError(f"{bad} bad lines were skipped.", "The others were done.")
