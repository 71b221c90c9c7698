"""The directory in which several processes share what they count, as the Prometheus library does it."""

from __future__ import annotations

import os
from pathlib import Path

from qwen_router import ConfigError

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the directory; the library of every process that has it writes there."""


def shared_directory() -> Path | None:
    """Return the directory; `None` where nothing is shared."""
    name = os.environ.get(VARIABLE)
    return Path(name) if name else None


def make_directory() -> None:
    """Make the directory, if there is to be one.

    Raises:
        ConfigError: It can't be made.
    """
    directory = shared_directory()
    if directory is None:
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{VARIABLE} names {directory}, where no metrics can be shared: {error.strerror}.",
            "Name another directory, or unset it.",
        ) from None
