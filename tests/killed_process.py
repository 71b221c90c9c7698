"""Kills routers at random moments: `python killed_process.py STORE DIRECTORY KILLS SEED`.

Each is forked from this process, which has everything imported. It answers requests, by turns whole and as streams, and
prints the id of each as soon as its answer is delivered. What is printed here are these ids, a line each.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from conftest import GENERAL_SMALL, make_router

from qwen_router import Answer, Hints, Request
from qwen_router.testing import FakeBackend

_MOST_ANSWERS = 6
_A_START, _A_CALL = 0.2, 0.03
"""Seconds, about: a router dies as long as that, at most, after it was begun or after one of its answers."""


def main() -> None:
    """Kill as often as asked."""
    store, directory, kills = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(int(sys.argv[4]))
    # Imports what only a call imports.
    _answer(directory / "unused.sqlite", directory, os.open(os.devnull, os.O_WRONLY), requests=2)
    for _ in range(kills):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _answer(store, directory, writing)
        os.close(writing)
        with os.fdopen(reading) as delivered:
            answers = chance.randint(0, _MOST_ANSWERS)
            for _ in range(answers):
                sys.stdout.write(delivered.readline())
            time.sleep(chance.uniform(0.0, _A_CALL if answers else _A_START))
            os.kill(pid, signal.SIGKILL)
            sys.stdout.write(delivered.read())
        os.waitpid(pid, 0)


def _answer(store: Path, directory: Path, to: int, requests: int = 10**6) -> None:
    traces = {"path": str(store)}
    with make_router(FakeBackend([GENERAL_SMALL]), directory, traces=traces, sizing={"learn": False}) as router:
        for at in range(requests):
            request = Request.of("hello there", hints=Hints(task="general", thinking=False))
            if at % 2:
                router.invoke(request)
            else:
                assert [item for item in router.stream(request) if isinstance(item, Answer)]
            os.write(to, f"{request.id}\n".encode())


if __name__ == "__main__":
    main()
