"""Where a training works, so that an adapter is there whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from qwen_router.adapting.job import Job
from qwen_router.errors import InputError

_DECIDES = ("task", "data_sha256", "epochs", "rank", "learning_rate", "batch", "validation", "patience", "seed")


class Folder:
    """The directory beside the output that becomes it at the end.

    Attributes:
        checkpoints: Where the trainer keeps its own.
        adapter: What is moved into place.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self.checkpoints = job.partial / "checkpoints"
        self.adapter = job.partial / "adapter"
        self._file = job.partial / "job.json"

    def open(self) -> None:
        """Make it, or find it as the same job has left it.

        Raises:
            InputError: It was left by another job, or it can't be made.
        """
        facts = {"base": self._job.model.id, **self._job.model_dump(mode="json", include=set(_DECIDES))}
        if self._file.is_file():
            self._compare(json.loads(self._file.read_text(encoding="utf-8")), facts)
            return
        try:
            self._job.partial.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps(facts, indent=2), encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"Can't write to {self._job.partial}: {error.strerror}.", "Choose another --out."
            ) from None

    def latest(self) -> Path | None:
        """Return the last whole checkpoint; the trainer writes its state last."""
        found = [path.parent for path in self.checkpoints.glob("checkpoint-*/trainer_state.json")]
        return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)

    def publish(self) -> None:
        """Move the adapter into place, and remove the rest."""
        self.adapter.rename(self._job.out)
        shutil.rmtree(self._job.partial)

    def discard(self) -> None:
        """Remove it where it holds nothing to go on with."""
        if self.latest() is None:
            shutil.rmtree(self._job.partial, ignore_errors=True)

    def _compare(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        for key, value in now.items():
            if before.get(key) != value:
                raise InputError(
                    f"{self._job.partial} was begun with {key} = {before.get(key)!r}, not {value!r}.",
                    "Give the same options and data to go on with it, or remove it.",
                )
