"""Whether this machine can hold a program in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache

from qwen_router import RouterError
from qwen_router_plugins.sandbox.seccomp import supported

# The first release with --size and --disable-userns.
_OLDEST = (0, 8)


class Unavailable(RouterError):
    """The sandbox can't be used here, and nothing weaker takes its place."""


def missing() -> str | None:
    """Return why programs can't be run here and how to mend it, or `None` when they can.

    The first call runs a one-line program; the result is kept for the process.
    """
    found = _tried()
    return None if found is None else f"{found[0]} {found[1]}"


def require() -> str:
    """Return the path of bubblewrap.

    Raises:
        Unavailable: It is missing, too old, or forbidden here.
    """
    if found := _tried():
        raise Unavailable(*found)
    return str(shutil.which("bwrap"))


@cache
def _tried() -> tuple[str, str] | None:
    """Return what is wrong and its remedy, having tried the real thing."""
    if sys.platform != "linux" or not supported():
        return "The code sandbox needs Linux on x86-64 or arm64.", "Leave generated code unrun here."
    path = shutil.which("bwrap")
    if path is None:
        return "The code sandbox needs bubblewrap.", "Install it: `apt install bubblewrap` or `dnf install bubblewrap`."
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        return f"The code sandbox needs bubblewrap {wanted} or newer, and finds {said.strip()!r}.", "Update bubblewrap."
    # Here, because a run asks this module first.
    from qwen_router_plugins.sandbox.run import start

    try:
        run = start(path, "print(1)")
    except Unavailable as error:
        return error.what, error.fix
    if run.stdout != "1\n":
        return f"A trial of the code sandbox ended with {run.status}: {run.stderr.strip()[-200:]}", ""
    return None
