"""Fine-tunes a LoRA adapter for a task, on a model that is on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qwen_router.adapting.job import Example, Job, Progress, Progressed, Trained
from qwen_router.adapting.rows import Data, Row, read_rows
from qwen_router.backend import Backend
from qwen_router.catalog import Model
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router.errors import BackendUnavailable, InputError
from qwen_router.manager import build_manager
from qwen_router.request import Request
from qwen_router.services import Services
from qwen_router.serving import serving
from qwen_router.specialist import Specialist

_DENSE = ("bf16", "fp32", "fp16")
_WHOLE = Offer(precision="bf16", format="safetensors")
"""What stands for a directory of safetensors, whatever the precision."""


def _silent(progressed: Progressed) -> None:
    """Report nothing."""


def adapt(
    task: str,
    data: str | Path,
    *,
    settings: Settings | None = None,
    model: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress = _silent,
    **parameters: Any,
) -> Trained:
    """Train a LoRA adapter for a task on rows of questions and answers, and put it into a directory.

    Every row is checked before anything is written. An interrupted training leaves `OUT.partial`, with which `resume`
    goes on.

    Args:
        data: JSON lines; see `qwen_router.adapting.rows`.
        model: The base; `None` takes the task's model that is on disk, if there is but one.
        out: The adapter's directory, which must not be there yet; `None` takes `TASK-adapter` in the current one.
        parameters: Fields of `qwen_router.adapting.job.Job` to change, such as `epochs` and `rank`.

    Raises:
        InputError: A row, an option or the output can't be used.
        UnknownTask, UnknownModel: There is none of that name.
        BackendUnavailable: peft, trl or datasets is missing.
        OutOfMemory: The model can't be trained in the memory there is.
        WeightsError: The model's files can't be used.
    """
    target = Path(out) if out is not None else Path(f"{task}-adapter")
    given = settings or Settings()
    services = Services.build(_own(given), build_manager(given), stages=1)
    try:
        specialist = services.registry.specialist(task)
        rows = read_rows(Path(data))
        backend = _trainer(services)
        base = _base(services, specialist, model)
        job = _job(services, specialist, backend, base, rows, {**parameters, "out": target, "resume": resume})
        _check_output(job)
        return backend.train(job, services.settings, progress)
    finally:
        services.close()


def _own(settings: Settings) -> Settings:
    """Return the settings without adapters, one of which may be still to be trained, and without a track record."""
    sizing = settings.sizing.model_copy(update={"learn": False})
    return settings.model_copy(update={"specialists": {}, "sizing": sizing})


def _trainer(services: Services) -> Backend:
    """Return the backend that trains.

    Raises:
        BackendUnavailable: None can; the message holds what is missing.
    """
    backends = list(services.registry.backends.values())
    reasons = {b.name: b.missing(services.settings) or b.training_fault() for b in backends}
    for backend in backends:
        if reasons[backend.name] is None:
            return backend
    # Those that never train say nothing that helps.
    told = sorted(filter(None, reasons.values()), key=lambda reason: "pip install" not in reason)
    raise BackendUnavailable(f"No adapter can be trained here. {told[0]}")


def _base(services: Services, specialist: Specialist, name: str | None) -> Model:
    """Return the model to train on.

    Raises:
        InputError: It doesn't serve the task, isn't here, reads more than text, or nobody said which.
    """
    serves = [model for model, _ in serving(services.catalogue, specialist)]
    if name is not None:
        model = services.catalogue.find(name)
        if model not in serves:
            raise InputError(
                f"{model.name} is no model of the task {specialist.task!r}.",
                f"Its models: {', '.join(sorted(m.name for m in serves))}.",
            )
        if services.weights.find(model, _WHOLE) is None:
            raise InputError(
                f"{model.name} has no safetensors on disk.", f"Run `qwen-router pull {model.name} --precision bf16`."
            )
        if not _trainable(model):
            raise InputError(
                f"{model.name} can't be trained on answers alone.", "Take a model that reads text and need not think."
            )
        return model
    here = [m for m in serves if _trainable(m) and services.weights.find(m, _WHOLE) is not None]
    if not here:
        raise InputError(
            f"No text model of the task {specialist.task!r} has safetensors on disk.",
            f"Fetch one, such as `qwen-router pull {serves[-1].name} --precision bf16`.",
        )
    if len(here) > 1:
        raise InputError(f"{len(here)} models could be trained: {', '.join(m.name for m in here)}.", "Add --model.")
    return here[0]


def _trainable(model: Model) -> bool:
    """Say whether the rows hold all that it reads and writes: text, without a thought."""
    return model.modalities == ("text",) and model.thinking != "only"


def _job(
    services: Services, specialist: Specialist, backend: Backend, model: Model, data: Data, fields: dict[str, Any]
) -> Job:
    files = services.weights.find(model, _WHOLE)
    offers = backend.offers(model, services.settings, services.resources())
    offer = next((o for o in offers if o.format == "safetensors" and o.precision in _DENSE), None)
    if offer is None or files is None:
        raise InputError(
            f"{backend.name} can't load {model.name} at {', '.join(_DENSE[:-1])} or {_DENSE[-1]}.",
            "Training needs one of them in backends.transformers.precisions.",
        )
    try:
        return Job(
            task=specialist.task,
            model=model,
            offer=offer,
            files=files.path,
            examples=_examples(specialist, data.rows),
            data_sha256=data.sha256,
            context=min(services.settings.sizing.context, model.context),
            **fields,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{first['loc'][-1]} = {first['input']!r} can't be used.", f"{first['msg']}.") from None


def _examples(specialist: Specialist, rows: Sequence[Row]) -> tuple[Example, ...]:
    """Put each question as the specialist will, under its own system prompt."""
    return tuple(
        Example(
            line=row.line,
            messages=tuple(specialist.messages(Request.of([{"role": r, "content": t} for r, t in row.turns]))),
            answer=row.answer,
        )
        for row in rows
    )


def _check_output(job: Job) -> None:
    """Refuse to write over anything.

    Raises:
        InputError: The output is there, an interrupted training is in the way, or there is none to go on with.
    """
    if job.out.exists():
        raise InputError(f"{job.out} is already there.", "Remove it, or choose another directory with --out.")
    if job.partial.exists() and not job.resume:
        raise InputError(
            f"{job.partial} holds an interrupted training.", "Add --resume to go on with it, or remove it."
        )
    if job.resume and not job.partial.exists():
        raise InputError(f"There is no {job.partial} to go on with.", "Leave out --resume.")
