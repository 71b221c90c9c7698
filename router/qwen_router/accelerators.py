"""The accelerators that torch can use."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qwen_router.bandwidth import bandwidth_of
from qwen_router.resources import Device

# What the drivers of NVIDIA, of AMD and of Windows' own Linux leave there.
_LINUX = ("nvidia[0-9]*", "kfd", "dxg")
_WINDOWS = ("nvcuda.dll", "amdhip64*.dll")


def find_accelerators(ram_free: int) -> tuple[Device, ...]:
    """Return the accelerators of this machine; where no driver is, torch isn't imported to ask.

    Args:
        ram_free: Bytes of RAM that can be taken now: a unified memory has no more.
    """
    if not _may_be_there():
        return ()
    import torch

    if torch.cuda.is_available():
        return tuple(_cuda(torch, ram_free))
    if torch.backends.mps.is_available():
        return (_mps(torch, ram_free),)
    return ()


def chip() -> str:
    """Return the name of an Apple chip, such as `Apple M2 Pro`; empty elsewhere, where it says nothing of the RAM."""
    if sys.platform != "darwin":
        return ""
    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _cuda(torch: Any, ram_free: int) -> Iterator[Device]:
    """Yield NVIDIA's devices, or AMD's, which torch calls `cuda` as well."""
    for index in range(torch.cuda.device_count()):
        try:
            free, total = torch.cuda.mem_get_info(index)
            properties = torch.cuda.get_device_properties(index)
        except RuntimeError:
            # Another process has it to itself, or its driver has failed: it can't be used, the others can.
            continue
        # torch 2.6 doesn't tell yet.
        unified = bool(getattr(properties, "is_integrated", False))
        yield Device(
            kind="cuda",
            name=properties.name,
            total=total,
            free=min(free, ram_free) if unified else free,
            unified=unified,
            rocm=torch.version.hip is not None,
            bandwidth=bandwidth_of(properties.name),
        )


def _mps(torch: Any, ram_free: int) -> Device:
    total = int(torch.mps.recommended_max_memory())
    name = chip() or "Apple GPU"
    left = max(0, total - int(torch.mps.driver_allocated_memory()))
    return Device(
        kind="mps", name=name, total=total, free=min(left, ram_free), unified=True, bandwidth=bandwidth_of(name)
    )


def _may_be_there() -> bool:
    """Look for the drivers' own files: importing torch takes seconds."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        return any(_any("C:/Windows/System32", pattern) for pattern in _WINDOWS)
    return any(_any("/dev", pattern) for pattern in _LINUX)


def _any(directory: str, pattern: str) -> bool:
    return next(Path(directory).glob(pattern), None) is not None
