"""Runs one program and watches it."""

from __future__ import annotations

import fcntl
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from qwen_router import current_cancellation
from qwen_router_plugins.sandbox.availability import Unavailable, require
from qwen_router_plugins.sandbox.bubblewrap import command
from qwen_router_plugins.sandbox.limits import Limits
from qwen_router_plugins.sandbox.seccomp import refused_calls

Status = Literal["ok", "error", "timeout", "memory", "output"]

_CHUNK = 65_536
_ASK_EVERY = 0.1
_KILLED = 128 + signal.SIGKILL
_NO_MEMORY = re.compile(r"^MemoryError\b|^[\w.]*Error: .*[Cc]annot allocate memory", re.M)
_FORBIDDEN = (
    "Allow user namespaces (on Ubuntu `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; "
    "in a container add the SYS_ADMIN capability), or leave generated code unrun."
)


@dataclass(frozen=True)
class Run:
    """How a program ended.

    Attributes:
        status: `ok` for exit code 0, `error` for any other, `timeout` for a limit on wall or processor time, `memory`
            for the one on memory, `output` for a program that wrote more than is kept.
        stdout: What it printed, cut at the limit; bytes that are not UTF-8 are replaced.
        stderr: The same for its errors.
        exit_code: 128 plus the signal's number for a program that a signal ended.
        seconds: Wall-clock time, the sandbox's own start included.
    """

    status: Status
    stdout: str
    stderr: str
    exit_code: int
    seconds: float


def run_python(source: str, *, stdin: str = "", limits: Limits | None = None) -> Run:
    """Run a program in the sandbox and wait for its end. Any thread may call this.

    Args:
        source: The program. Only the standard library can be imported.
        stdin: What it reads; after that comes the end of the file.

    Raises:
        Unavailable: This machine can't hold a program in.
        Cancelled: The caller stopped the call.
        DeadlineExceeded: The call's deadline has passed.
    """
    return start(require(), source, stdin=stdin, limits=limits or Limits())


def start(bwrap: str, source: str, *, stdin: str = "", limits: Limits | None = None) -> Run:
    """Run a program with this bubblewrap, which nobody has tried yet.

    Raises:
        Unavailable: The sandbox could not be set up.
        Cancelled: The caller stopped the call.
        DeadlineExceeded: The call's deadline has passed.
    """
    limits = limits or Limits()
    began = time.monotonic()
    ready, tell_ready = os.pipe()
    try:
        with _file(_bytes(source)) as program, _file(_bytes(stdin)) as reads, _file(refused_calls()) as refused:
            process = subprocess.Popen(
                command(bwrap, limits, source=program, refused=refused, ready=tell_ready),
                stdin=reads,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(program, refused, tell_ready),
                env={},
                start_new_session=True,
            )
        os.close(tell_ready)
        tell_ready = -1
        with process:
            try:
                cut, stdout, stderr = _watch(process, began + limits.wall_seconds, limits.output_bytes)
            finally:
                _kill(process)
        exit_code = process.returncode
        if cut is None and not os.read(ready, 1):
            raise Unavailable(f"The code sandbox can't be set up here: {stderr.strip()[-300:]}", _FORBIDDEN)
    finally:
        os.close(ready)
        if tell_ready >= 0:
            os.close(tell_ready)
    exit_code = exit_code if exit_code >= 0 else 128 - exit_code
    seconds = time.monotonic() - began
    return Run(cut or _status(exit_code, stderr, seconds >= limits.cpu_seconds), stdout, stderr, exit_code, seconds)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


@contextmanager
def _file(content: bytes) -> Iterator[int]:
    """Hold content in a sealed file in memory: unlike a pipe it needs no writer and is never full."""
    file = os.memfd_create("content", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(os.dup(file), "wb") as out:
            out.write(content)
        os.lseek(file, 0, os.SEEK_SET)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        yield file
    finally:
        os.close(file)


def _watch(
    process: subprocess.Popen[bytes], until: float, most: int
) -> tuple[Literal["timeout", "output"] | None, str, str]:
    """Read both streams to their end, or to the first limit; return which, and what was read.

    Raises:
        Cancelled: The caller stopped the call.
        DeadlineExceeded: The call's deadline has passed.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    kept = {process.stdout: bytearray(), process.stderr: bytearray()}
    cut: Literal["timeout", "output"] | None = None
    cancellation = current_cancellation()
    with selectors.DefaultSelector() as selector:
        for stream in kept:
            selector.register(stream, selectors.EVENT_READ)
        while cut is None and selector.get_map():
            cancellation.check()
            left = until - time.monotonic()
            if left <= 0:
                cut = "timeout"
            for key, _ in selector.select(max(0.0, min(left, _ASK_EVERY))):
                data = os.read(key.fd, _CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                    continue
                buffer = kept[key.fileobj]  # type: ignore[index]
                room = most - len(buffer)
                buffer += data[:room]
                if len(data) > room:
                    cut = "output"
    with suppress(subprocess.TimeoutExpired):
        # A program may close its streams and live on.
        process.wait(0.0 if cut else max(0.0, until - time.monotonic()))
    if cut is None and process.poll() is None:
        cut = "timeout"
    stdout, stderr = (bytes(buffer).decode("utf-8", "replace") for buffer in kept.values())
    return cut, stdout, stderr


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End bubblewrap: the kernel then ends every process of its namespace."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _status(exit_code: int, stderr: str, late: bool) -> Status:
    """Tell the limits from the program's own mistakes.

    Args:
        late: It ran for so long that it may have used up its processor time.
    """
    if exit_code == 0:
        return "ok"
    if exit_code == 128 + signal.SIGXCPU or (exit_code == _KILLED and late):
        return "timeout"
    # The kernel kills when the machine itself has no memory left.
    return "memory" if exit_code == _KILLED or _NO_MEMORY.search(stderr) else "error"
