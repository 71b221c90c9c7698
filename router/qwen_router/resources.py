"""What this machine has: RAM, VRAM, cores, disk."""

from __future__ import annotations

import os
from pathlib import Path

from qwen_router.types import Value

_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class Device(Value):
    """One accelerator. Sizes in bytes; `free` is what no process has taken."""

    kind: str
    name: str
    total: int
    free: int
    bandwidth: float | None = None


class Resources(Value):
    """A machine at one moment. Sizes in bytes.

    Attributes:
        ram_total: What this process may use at most: the cgroup's limit where it is lower than the machine's.
        ram_free: What can be taken now without swapping.
    """

    ram_total: int
    ram_free: int
    cores: int
    disk_free: int
    ram_bandwidth: float | None = None
    devices: tuple[Device, ...] = ()

    @property
    def accelerator(self) -> Device | None:
        """The device with the most free memory."""
        return max(self.devices, key=lambda d: d.free, default=None)


def probe(disk: Path) -> Resources:
    """Measure this machine; `disk` is any path on the file system that holds the weights."""
    import psutil

    memory = psutil.virtual_memory()
    total, free = int(memory.total), int(memory.available)
    if (limit := _cgroup_limit()) is not None and limit < total:
        used = psutil.Process().memory_info().rss
        total, free = limit, min(free, max(0, limit - used))
    while not disk.exists() and disk != disk.parent:
        disk = disk.parent
    return Resources(
        ram_total=total,
        ram_free=free,
        cores=psutil.cpu_count(logical=False) or os.cpu_count() or 1,
        disk_free=psutil.disk_usage(str(disk)).free,
        devices=_accelerators(),
    )


def _cgroup_limit() -> int | None:
    for path in _CGROUP_LIMITS:
        try:
            return int(path.read_text())
        except (OSError, ValueError):
            continue
    return None


def _accelerators() -> tuple[Device, ...]:
    """Ask the NVIDIA driver's own files first, so that a machine without a GPU never pays for importing torch."""
    if not _may_have_accelerator():
        return ()
    import torch

    if torch.cuda.is_available():
        found = []
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            found.append(Device(kind="cuda", name=torch.cuda.get_device_name(index), total=total, free=free))
        return tuple(found)
    if torch.backends.mps.is_available():
        total = int(torch.mps.recommended_max_memory())
        return (
            Device(kind="mps", name="Apple GPU", total=total, free=total - int(torch.mps.driver_allocated_memory())),
        )
    return ()


def _may_have_accelerator() -> bool:
    import sys

    return (
        sys.platform != "linux"
        or Path("/dev/nvidia0").exists()
        or Path("/dev/kfd").exists()
        or Path("/dev/dxg").exists()
    )
