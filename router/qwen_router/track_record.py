"""What models have shown on this machine: how fast they are, how long they load, how their answers were judged."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from qwen_router.catalog import chance_of_success
from qwen_router.choice import Candidate
from qwen_router.types import Task

_VERSION = 1
_SCHEMA = f"""
drop table if exists speed;
drop table if exists load;
drop table if exists outcome;
create table speed (model text, precision text, quant text, backend text, device text,
    tokens real, seconds real, primary key (model, precision, quant, backend, device));
create table load (model text, precision text, quant text, backend text, device text,
    seconds real, primary key (model, precision, quant, backend, device));
create table outcome (model text, precision text, quant text, thinking integer, task text,
    answers integer, shift real, variance real, primary key (model, precision, quant, thinking, task));
pragma user_version = {_VERSION};
"""
# Older speeds count less, so that a machine that became faster or slower is noticed within about ten answers.
_FADE = 0.9
_LEAST_TOKENS = 100
_LEAST_ANSWERS = 20
# How far a model's ability here may lie from the published one, as a variance in logits.
_VARIANCE = 0.25

_Place = tuple[str, str, str, str, str]


class Outcome(NamedTuple):
    """How far a model's ability for one task lies from the published one, in logits, after so many answers."""

    answers: int = 0
    shift: float = 0.0
    variance: float = _VARIANCE


class TrackRecord:
    """Remembers measurements in an SQLite file. Threads and processes may share it.

    What one process writes, another reads when it starts next. A file that can't be used is done without: the
    measurements then last as long as the process.

    Args:
        path: The file; `None` keeps nothing beyond the process.
    """

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._file = _open(path)
        self._speeds: dict[_Place, tuple[float, float]] = {}
        self._loads: dict[_Place, float] = {}
        self._outcomes: dict[tuple[str, str, str, bool, Task], Outcome] = {}
        self._notes: Counter[str] = Counter()
        if self._file is not None:
            for *place, tokens, seconds in self._file.execute("select * from speed"):
                self._speeds[_place(place)] = tokens, seconds
            for *place, seconds in self._file.execute("select * from load"):
                self._loads[_place(place)] = seconds
            for model, precision, quant, thinking, task, *counts in self._file.execute("select * from outcome"):
                self._outcomes[model, precision, quant, bool(thinking), task] = Outcome(*counts)

    @property
    def kept(self) -> bool:
        """Whether what is noted outlasts the process."""
        return self._file is not None

    def answered(self, candidate: Candidate, tokens: int, seconds: float) -> None:
        """Note the decoding of one answer: tokens after the first, and the seconds they took."""
        if tokens < 1 or seconds <= 0:
            return
        place = _of(candidate)
        with self._lock:
            before = self._speeds.get(place, (0.0, 0.0))
            self._notes[candidate.variant] += 1
            value = self._speeds[place] = before[0] * _FADE + tokens, before[1] * _FADE + seconds
            self._write("insert or replace into speed values (?, ?, ?, ?, ?, ?, ?)", (*place, *value))

    def loaded(self, candidate: Candidate, seconds: float) -> None:
        """Note how long a load took; the latest counts."""
        place = _of(candidate)
        with self._lock:
            self._notes[candidate.variant] += 1
            self._loads[place] = seconds
            self._write("insert or replace into load values (?, ?, ?, ?, ?, ?)", (*place, seconds))

    def judged(self, candidate: Candidate, task: Task, published: float, difficulty: float, *, rejected: bool) -> None:
        """Note what a decisive check said of an answer.

        The ability moves as a player's rating does after a game against the request (Glickman 1999, "Parameter
        estimation in large dynamic paired comparison experiments"): by the surprise, and less from game to game.
        """
        key = (candidate.variant, candidate.precision, candidate.offer.quant, candidate.thinking, task)
        with self._lock:
            before = self._outcomes.get(key, Outcome())
            chance = chance_of_success(_shifted(published, before.shift), difficulty)
            variance = 1 / (1 / before.variance + chance * (1 - chance))
            shift = before.shift + variance * ((not rejected) - chance)
            self._notes[candidate.variant] += 1
            value = self._outcomes[key] = Outcome(before.answers + 1, shift, variance)
            self._write("insert or replace into outcome values (?, ?, ?, ?, ?, ?, ?, ?)", (*key, *value))

    def notes(self, variant: str) -> int:
        """Return how often anything was noted of a model since the start; see `Candidate.variant`."""
        return self._notes.get(variant, 0)

    def tokens_per_second(self, candidate: Candidate) -> float | None:
        """Return the measured decoding speed, once there are a hundred tokens to go by."""
        tokens, seconds = self._speeds.get(_of(candidate), (0.0, 0.0))
        return tokens / seconds if tokens >= _LEAST_TOKENS else None

    def load_seconds(self, candidate: Candidate) -> float | None:
        """Return how long the last load took."""
        return self._loads.get(_of(candidate))

    def quality(self, candidate: Candidate, task: Task, published: float) -> tuple[float, int] | None:
        """Return the share of right answers, the published figure taken into account, and the answers it rests on.

        Returns:
            `None` below twenty answers.
        """
        seen = self._outcomes.get(
            (candidate.variant, candidate.precision, candidate.offer.quant, candidate.thinking, task)
        )
        if seen is None or seen.answers < _LEAST_ANSWERS:
            return None
        return _shifted(published, seen.shift), seen.answers

    def close(self) -> None:
        """Close the file; what is noted later is kept in memory only."""
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                file.close()

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        # Another process may hold the file, or the disk be full: a measurement is not worth an answer.
        with contextlib.suppress(sqlite3.Error):
            if self._file is not None:
                self._file.execute(statement, values)


def _shifted(quality: float, logits: float) -> float:
    return 1 / (1 + (1 - quality) / quality * math.exp(-logits))


def _open(path: Path | None) -> sqlite3.Connection | None:
    if path is None:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
        file.execute("pragma journal_mode = wal")
        file.execute("pragma synchronous = normal")
        # Measurements in another form are made again rather than carried over.
        if file.execute("pragma user_version").fetchone()[0] != _VERSION:
            file.executescript(f"begin immediate; {_SCHEMA} commit;")
    except (sqlite3.Error, OSError):
        return None
    return file


def _of(candidate: Candidate) -> _Place:
    offer = candidate.offer
    return candidate.variant, offer.precision, offer.quant, candidate.backend, offer.device


def _place(values: list[str]) -> _Place:
    model, precision, quant, backend, device = values
    return model, precision, quant, backend, device
