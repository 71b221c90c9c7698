"""The system calls that a program in the sandbox may not make.

Numbers are those of the kernel's `asm/unistd.h`; the form is that of `seccomp(2)`: classic BPF over
`struct seccomp_data`.
"""

from __future__ import annotations

import errno
import platform
import struct
from functools import cache

# Kernel interfaces that no program of a few lines needs and that breakouts start from: other namespaces, mounts, other
# processes' memory, keys, kernel programs, counters, asynchronous rings. From 428 on the numbers are every machine's.
_EVERYWHERE = (*range(425, 434), 442)
_X86 = (101, 155, 161, 165, 166, 175, 246, 248, 249, 250, 272, 298, 304, 308, 310, 311, 313, 321, 323)
_ARM = (39, 40, 41, 51, 97, 104, 105, 117, 217, 218, 219, 241, 265, 268, 270, 271, 273, 280, 282)
# machine: (AUDIT_ARCH_*, refused calls, clone)
_MACHINES = {"x86_64": (0xC000003E, _X86, 56), "aarch64": (0xC00000B7, _ARM, 220)}
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020000
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def supported() -> bool:
    """Return whether the calls of this machine's processor are known."""
    return platform.machine() in _MACHINES


@cache
def refused_calls() -> bytes:
    """Return the filter as an array of `struct sock_filter`.

    Raises:
        KeyError: The processor is not `supported`.
    """
    arch, refused, clone = _MACHINES[platform.machine()]
    numbers = (*refused, *_EVERYWHERE)
    # What matches jumps over the rest to the last instruction but one: "not permitted".
    checks = [(_AT_LEAST, _X32), *((_EQUAL, number) for number in numbers)]
    body = [(_LOAD, 0, 0, _NUMBER)]
    body += [(how, len(checks) - i + 4, 0, value) for i, (how, value) in enumerate(checks)]
    body += [
        # The flags of clone3 lie in memory, out of a filter's reach; without it libraries use clone.
        (_EQUAL, 5, 0, _CLONE3),
        (_EQUAL, 0, 2, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 1, 0, _NEW_NAMESPACES),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    head = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in head + body)
