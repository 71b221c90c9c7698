"""What this machine has: RAM, VRAM, cores, disk."""

from __future__ import annotations

import os
from pathlib import Path

import pydantic

from qwen_router.errors import ConfigError
from qwen_router.suggestion import nearest
from qwen_router.value import Value

VARIABLE = "QWEN_ROUTER_RESOURCES"
"""The environment variable that names a recorded machine, which then stands for this one."""


Machine = tuple[int, float | None, tuple[tuple[str, str, float | None], ...]]
"""What of the resources never changes: cores, the RAM's bandwidth, the accelerators with theirs."""


class Device(Value):
    """One accelerator. Sizes in bytes; `free` is what no process has taken.

    Attributes:
        kind: `cuda` or `mps`, as torch calls it; AMD's are `cuda` as well.
        unified: Whether its memory is the machine's RAM: what one takes, the other lacks.
        rocm: Whether it is AMD's.
        bandwidth: Bytes read from its memory in a second at most, by the vendor; `None` when unknown.
    """

    kind: str
    name: str
    total: int
    free: int
    unified: bool = False
    rocm: bool = False
    bandwidth: float | None = None


class Resources(Value):
    """A machine at one moment. Sizes in bytes.

    Attributes:
        ram_total: What this process may use at most: the cgroup's limit where it is lower than the machine's.
        ram_free: What can be taken now without swapping.
        ram_own: What this process itself has taken.
        ram_bandwidth: Bytes read from RAM in a second at most, by the vendor; `None` when unknown.
        cores: Physical cores that this process may use: those it is bound to, as far as its cgroup's quota goes.
    """

    ram_total: int
    ram_free: int
    cores: int
    disk_free: int
    devices: tuple[Device, ...] = ()
    ram_own: int = 0
    ram_bandwidth: float | None = None

    @property
    def accelerator(self) -> Device | None:
        """The device with the most free memory."""
        return max(self.devices, key=lambda d: d.free, default=None)

    @property
    def lasting(self) -> Machine:
        """What of the machine doesn't change from moment to moment."""
        return self.cores, self.ram_bandwidth, tuple((d.kind, d.name, d.bandwidth) for d in self.devices)

    @property
    def ram_others(self) -> int:
        """What other processes have taken of the RAM."""
        return max(0, self.ram_total - self.ram_free - self.ram_own)


def recorded() -> Path | None:
    """Return the file of the machine that stands for this one, or `None` where this one is measured."""
    name = os.environ.get(VARIABLE)
    return Path(name) if name else None


def probe(disk: Path) -> Resources:
    """Measure this machine, or read the recorded one that `QWEN_ROUTER_RESOURCES` names.

    Args:
        disk: Any path on the file system that holds the weights.

    Raises:
        ConfigError: The recorded machine can't be read.
    """
    if file := recorded():
        return _replay(file)
    import psutil

    from qwen_router import cgroup
    from qwen_router.accelerators import chip, find_accelerators
    from qwen_router.bandwidth import bandwidth_of

    memory = psutil.virtual_memory()
    total, free = int(memory.total), int(memory.available)
    if group := cgroup.memory():
        total, free = min(total, group.limit), min(free, group.free)
    while not disk.exists() and disk != disk.parent:
        disk = disk.parent
    return Resources(
        ram_total=total,
        ram_free=free,
        ram_own=int(psutil.Process().memory_info().rss),
        ram_bandwidth=bandwidth_of(chip()),
        cores=usable_cores(),
        disk_free=psutil.disk_usage(str(disk)).free,
        devices=find_accelerators(free),
    )


def usable_cores() -> int:
    """Return the physical cores that this process may use, at least 1."""
    import psutil

    from qwen_router import cgroup

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    if (quota := cgroup.processors()) is not None:
        # A thread more than the quota covers stops all the others for the rest of each period.
        cores = min(cores, int(quota))
    return max(1, cores)


def _replay(file: Path) -> Resources:
    fix = f"Record one with `qwen-router machine --json > {file}`, or unset {VARIABLE}."
    try:
        return Resources.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"{VARIABLE} names {file}, which doesn't exist.", fix) from None
    except OSError as error:
        raise ConfigError(f"{VARIABLE} names {file}, which can't be read: {error.strerror}.", fix) from None
    except pydantic.ValidationError as error:
        faults = error.errors()
        # A misspelled field is missing as well.
        first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
        key = ".".join(map(str, first["loc"]))
        if first["type"] == "json_invalid":
            raise ConfigError(f"The recorded machine {file} is no JSON: {first['ctx']['error']}.", fix) from None
        if first["type"] == "extra_forbidden":
            known = Device if first["loc"][0] == "devices" else Resources
            raise ConfigError(
                f"The recorded machine {file} has an unknown field {key}.",
                nearest(str(first["loc"][-1]), known.model_fields),
            ) from None
        what = f"{key}: {first['msg']}" if key else first["msg"]
        raise ConfigError(f"The recorded machine {file} is wrong: {what}.", fix) from None
