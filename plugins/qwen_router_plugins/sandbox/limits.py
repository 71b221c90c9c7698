"""What one run may use."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds of one run.

    Attributes:
        wall_seconds: Time from start to end, after which every process of the run is killed.
        cpu_seconds: Processor time of each process.
        memory_bytes: Address space of each process.
        processes: Processes and threads at once, the first one included.
        file_bytes: Size of one file.
        disk_bytes: Size of each writable folder; they live in memory.
        open_files: File descriptors of each process.
        output_bytes: What is kept of stdout and of stderr each; a run that writes more is killed.
    """

    wall_seconds: float = 10.0
    cpu_seconds: int = 8
    memory_bytes: int = 512 * _MIB
    processes: int = 16
    file_bytes: int = 16 * _MIB
    disk_bytes: int = 32 * _MIB
    open_files: int = 64
    output_bytes: int = 1 * _MIB
