"""The command line of bubblewrap: what the program sees of the machine, and what it may do there."""

from __future__ import annotations

import os
import secrets
import sys
import sysconfig
from functools import cache
from pathlib import Path

from qwen_router_plugins.sandbox.limits import Limits

PROGRAM = "/run/main.py"
_INSIDE = Path(__file__).with_name("inside.py")
# A range that container runtimes map, above the accounts of people and services.
_FIRST_USER, _USERS = 30_000, 30_000


def command(bwrap: str, limits: Limits, *, source: int, refused: int, ready: int) -> list[str]:
    """Return the command that runs a program in new namespaces, with nothing writable but small folders in memory.

    An ordinary user gets a user namespace. For root the kernel counts no processes, inside a user namespace neither, so
    root's runs become a user of their own that owns nothing and that no other run shares.

    Args:
        source: Descriptor of the program's text.
        refused: Descriptor of the filter of system calls.
        ready: Descriptor that gets one byte when the limits are set.
    """
    root = os.geteuid() == 0
    user = _FIRST_USER + secrets.randbelow(_USERS) if root else 0
    rights = (
        ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        if root
        else ["--unshare-user", "--disable-userns"]
    )
    # bubblewrap's first process in the namespace counts for an ordinary user.
    processes = limits.processes + (0 if root else 1)
    bounds = (limits.cpu_seconds, limits.memory_bytes, processes, limits.file_bytes, limits.open_files)
    return [
        bwrap, *rights, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        "--new-session", "--die-with-parent", "--seccomp", str(refused), "--hostname", "sandbox",
        "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8",
        # First, as the interpreter may lie in a folder of the same name.
        *_writable("/tmp", limits), *_system(), "--dev", "/dev", *_writable("/dev/shm", limits),
        "--perms", "0444", "--ro-bind-data", str(source), PROGRAM,
        "--remount-ro", "/",
        # Isolated, without site-packages, without bytecode files, in UTF-8 whatever the locale says.
        "--", _interpreter(), "-I", "-S", "-B", "-X", "utf8", "-c", _inside(),
        PROGRAM, str(ready), str(user), *map(str, bounds),
    ]  # fmt: skip


def _writable(path: str, limits: Limits) -> list[str]:
    return ["--perms", "1777", "--size", str(limits.disk_bytes), "--tmpfs", path]


@cache
def _inside() -> str:
    return _INSIDE.read_text(encoding="utf-8")


@cache
def _interpreter() -> str:
    """Return the real interpreter: a virtual environment's own is a link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


@cache
def _system() -> tuple[str, ...]:
    """Return the arguments that show the system's libraries and the interpreter, read-only."""
    shown = ["--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for name in ("bin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            shown += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            shown += ["--ro-bind", str(path), str(path)]
    # Interpreters of Nix link to libraries all over its store.
    lib = os.path.join(sys.base_prefix, "lib")
    exec_lib = os.path.join(sys.base_exec_prefix, sys.platlibdir)
    parts = [lib, exec_lib, sysconfig.get_path("stdlib"), sysconfig.get_config_var("LIBDIR"), "/nix/store"]
    shared = [part for part in dict.fromkeys(map(os.path.realpath, filter(None, parts))) if os.path.isdir(part)]
    for part in (*shared, _interpreter()):
        if not Path(part).is_relative_to("/usr"):
            shown += [*_folders_above(part), "--ro-bind", part, part]
    return tuple(shown)


def _folders_above(path: str) -> list[str]:
    """Return the arguments that make the folders above a path.

    Left to bubblewrap, they would be as closed as the real ones are.
    """
    above = [str(folder) for folder in reversed(Path(path).parents)][1:]
    return [word for folder in above for word in ("--perms", "0755", "--dir", folder)]
