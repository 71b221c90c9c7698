"""Which packages are installed."""

import functools
import importlib.util


@functools.cache
def is_installed(package: str) -> bool:
    """Say whether a package could be imported. Looked up once a process: it walks the import path each time."""
    return importlib.util.find_spec(package) is not None
