"""Trains an adapter, from the job to the finished directory."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator
from typing import Any

from qwen_router.adapting.job import Job, Progress, Progressed, Trained
from qwen_router.backend import ModelFiles
from qwen_router.choice import Candidate
from qwen_router.config import Settings
from qwen_router.errors import BackendError, OutOfMemory, RouterError
from qwen_router_plugins.backends.heap import eager_heap
from qwen_router_plugins.backends.transformers.checkpoint import load_checkpoint, quiet
from qwen_router_plugins.backends.transformers.faults import first_line, is_out_of_memory
from qwen_router_plugins.backends.transformers.training.card import model_card
from qwen_router_plugins.backends.transformers.training.examples import split_examples
from qwen_router_plugins.backends.transformers.training.folder import Folder
from qwen_router_plugins.backends.transformers.training.trainer import history_of, make_trainer


def train(job: Job, settings: Settings, tell: Progress) -> Trained:
    """Train what the job says; see `Backend.train`."""
    with eager_heap(), quiet(), _no_warnings(), _named_faults(job):
        files = ModelFiles(path=job.files, format="safetensors", source="local")
        checkpoint = load_checkpoint(_candidate(job), job.model, files)
        split = split_examples(job, checkpoint.prompts, checkpoint.context, settings.limits)
        folder = Folder(job)
        folder.open()
        began = time.monotonic()
        try:
            latest = folder.latest()
            trainer = make_trainer(job, checkpoint.network, split, folder.checkpoints, tell, fresh=latest is None)
            trainer.train(resume_from_checkpoint=None if latest is None else str(latest))
            history = history_of(trainer, job)
            best = _best(trainer, history, job)
            _save(trainer, job, folder)
            card = model_card(job, history, best, learned=len(split.learned), measured=len(split.measured))
            (folder.adapter / "README.md").write_text(card, encoding="utf-8")
            folder.publish()
        except BaseException:
            folder.discard()
            raise
    return Trained(
        path=job.out, base=job.model.id, history=history, best=best, seconds=round(time.monotonic() - began, 3)
    )


def _candidate(job: Job) -> Candidate:
    return Candidate(
        model=job.model.id,
        offer=job.offer,
        backend="transformers",
        memory_bytes=0,
        tokens_per_second=0.0,
        quality=0.0,
        context=job.context,
    )


def _best(trainer: Any, history: tuple[Progressed, ...], job: Job) -> float:
    """Return the epoch of the lowest validation loss, whose weights the trainer has loaded.

    Raises:
        BackendError: There is none: no loss was a number.
    """
    if trainer.state.best_model_checkpoint is None:
        raise BackendError(f"Training {job.model.name} came to no loss that is a number.", "Check the data.")
    return next(h.epoch for h in history if h.step == trainer.state.best_global_step)


def _save(trainer: Any, job: Job, folder: Folder) -> None:
    # Until here it was the base's directory, where peft looks for its configuration.
    trainer.model.peft_config["default"].base_model_name_or_path = job.model.id
    trainer.model.save_pretrained(str(folder.adapter), save_embedding_layers=False)


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    """Keep the libraries' advice to each other, such as of names to be renamed, off the screen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _named_faults(job: Job) -> Iterator[None]:
    try:
        yield
    except RouterError:
        raise
    # The libraries raise whatever a fault leads to.
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemory(
                f"{job.model.name} can't be trained in the memory there is.",
                "Shorten the rows, or take a smaller model.",
            ) from error
        raise BackendError(
            f"Training {job.model.name} failed: {first_line(error)}.",
            f"Mend the cause; if there is {job.partial}, --resume goes on with it.",
        ) from error
