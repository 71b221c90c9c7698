"""What the control group of this process may use, on Linux: in containers, services and batch jobs.

Both versions are read: https://docs.kernel.org/admin-guide/cgroup-v2.html and
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html. A limit of any group above counts as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_OCTAL = re.compile(r"\\([0-7]{3})")


class Memory(NamedTuple):
    """The tightest limit of memory and what is left of it, in bytes; the two may be those of different groups."""

    limit: int
    free: int


def memory(process: Path = Path("/proc/self")) -> Memory | None:
    """Return the group's memory, or `None` where nothing limits it.

    Files that were read and can be dropped at once (`inactive_file`) count as free, as Kubernetes counts them.
    """
    found: list[Memory] = []
    for directory in _groups(process, "memory"):
        limit = _number(directory / "memory.max", directory / "memory.limit_in_bytes")
        if limit is not None:
            used = _number(directory / "memory.current", directory / "memory.usage_in_bytes") or 0
            working = max(0, used - _droppable(directory))
            found.append(Memory(limit, max(0, limit - working)))
    return Memory(min(m.limit for m in found), min(m.free for m in found)) if found else None


def processors(process: Path = Path("/proc/self")) -> float | None:
    """Return how many processors' time the group may take, such as 1.5, or `None` where nothing limits it."""
    quotas = [q for directory in _groups(process, "cpu") if (q := _quota(directory)) is not None]
    return min(quotas, default=None)


def _groups(process: Path, controller: str) -> Iterator[Path]:
    """Yield the directories of this process's group and of those above it, for version 2 and for version 1."""
    try:
        lines = (process / "cgroup").read_text().splitlines()
        mounts = (process / "mountinfo").read_text().splitlines()
    except OSError:
        return
    # `0::/path` is version 2, `4:memory:/path` version 1: cgroups(7).
    paths = {name: path for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")}
    for mount in mounts:
        # `31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,memory`: proc_pid_mountinfo(5).
        left, _, right = mount.partition(" - ")
        root, point = (_OCTAL.sub(lambda m: chr(int(m[1], 8)), field) for field in left.split()[3:5])
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup2":
            path = paths.get("")
        elif kind == "cgroup" and controller in options.split(","):
            path = paths.get(controller)
        else:
            continue
        if path is not None:
            yield from _upwards(Path(point), root, path)


def _upwards(point: Path, root: str, path: str) -> Iterator[Path]:
    """Yield the group's directory and its parents up to the mount point, which shows `root` of the hierarchy.

    A container often sees its own group as the mount point, while `path` is told from the host's root.
    """
    inside = path.removeprefix(root) if path.startswith(root) else ""
    directory = point / inside.strip("/")
    while ".." in directory.parts or not directory.is_dir():
        if directory == point:
            return
        directory = directory.parent
    yield directory
    while directory != point:
        directory = directory.parent
        yield directory


def _number(*files: Path) -> int | None:
    """Return what the first readable file holds; `max` is no number, and so no limit."""
    for file in files:
        try:
            return int(file.read_text())
        except (OSError, ValueError):
            continue
    return None


def _droppable(directory: Path) -> int:
    try:
        lines = (directory / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    values = {key: int(value) for key, _, value in (line.partition(" ") for line in lines) if value.isdigit()}
    return values.get("total_inactive_file", values.get("inactive_file", 0))


def _quota(directory: Path) -> float | None:
    try:
        quota, _, period = (directory / "cpu.max").read_text().partition(" ")
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        pass
    quota_us, period_us = _number(directory / "cpu.cfs_quota_us"), _number(directory / "cpu.cfs_period_us")
    return quota_us / period_us if quota_us and quota_us > 0 and period_us else None
