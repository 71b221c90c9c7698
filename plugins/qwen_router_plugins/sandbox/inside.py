"""Runs inside the sandbox, before the untrusted program and in its interpreter: sets the limits, then steps aside.

It is handed to `python -c` as text and imports nothing but the standard library.
"""

from __future__ import annotations

import builtins
import os
import resource
import sys
from types import CodeType


def prepare(arguments: list[str]) -> CodeType:
    """Give up every right, set the limits, report ready and return the compiled program.

    Args:
        arguments: The program's path, the ready pipe's descriptor, the user to become (0 keeps the user), and the
            limits: CPU seconds, address space, processes, file size, open files.

    Raises:
        SyntaxError: The program doesn't parse.
    """
    path = arguments[0]
    ready, user, cpu, memory, processes, file_size, files = map(int, arguments[1:])
    with open(path, encoding="utf-8") as file:
        source = file.read()
    bounds = {
        resource.RLIMIT_CORE: (0, 0),
        # The soft limit's signal tells a timeout from a crash; the hard one can't be ignored.
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_NPROC: (processes, processes),
        resource.RLIMIT_FSIZE: (file_size, file_size),
        resource.RLIMIT_NOFILE: (files, files),
        resource.RLIMIT_AS: (memory, memory),
    }
    for what, limit in bounds.items():
        resource.setrlimit(what, limit)
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    # `site` would bring these, but is not loaded: it costs time and finds packages.
    vars(builtins).update(exit=sys.exit, quit=sys.exit)
    sys.argv[:] = [path]
    os.chdir("/tmp")
    os.write(ready, b"1")
    os.close(ready)
    return compile(source, path, "exec", dont_inherit=True)


if __name__ == "__main__":
    _program = prepare(sys.argv[1:])
    del prepare, builtins, os, resource, sys, CodeType, annotations
    exec(_program)
