"""What runs models: the contract of a backend and of a weight source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from langchain_core.language_models import BaseChatModel

from qwen_router import tool_calling
from qwen_router.adapting.job import Job, Trained
from qwen_router.adapting.job import Progress as Training
from qwen_router.catalog import Model, estimate_memory
from qwen_router.choice import Candidate, Format, MemoryEstimate, Offer
from qwen_router.config import Settings
from qwen_router.errors import BackendUnavailable
from qwen_router.request import Sampling
from qwen_router.resources import Resources
from qwen_router.value import Value

Progress = Callable[[str, int, int], None]
"""Told the file's name, the bytes done and the bytes in all (0 when unknown)."""


class ModelFiles(Value):
    """Where a model's files lie.

    Attributes:
        path: A directory of safetensors, or a GGUF file. Empty for a served model.
        source: The weight source that has them.
    """

    path: Path
    format: Format
    source: str

    @classmethod
    def served(cls) -> ModelFiles:
        """Return what stands for the files of a served model: none here."""
        return cls(path=Path(), format="served", source="")


class Stored(Value):
    """What lies on this machine of one form of a model.

    Attributes:
        path: A file, or a directory with all that is in it.
        bytes: Its size on the disk.
        partial: Whether it is what an interrupted fetch left behind.
        keeper: Who keeps it and how it can be removed, in a sentence or two; empty when the router itself put it there.
            Only what the router put there is removed by it.
    """

    path: Path
    bytes: int
    partial: bool = False
    keeper: str = ""


class Backend(ABC):
    """Runs models as LangChain chat models. One instance serves a router's whole life."""

    name: ClassVar[str]

    @property
    def fault(self) -> str | None:
        """Say in one line why there are no offers just now, such as a server that is down; `None` when all is well."""
        return None

    @abstractmethod
    def missing(self, settings: Settings) -> str | None:
        """Say in one line why this backend can't be used here and how to mend it, or `None`."""

    @abstractmethod
    def offers(self, model: Model, settings: Settings, resources: Resources) -> Sequence[Offer]:
        """Return the precisions at which this backend could run `model` on this machine."""

    @abstractmethod
    def load(self, candidate: Candidate, model: Model, files: ModelFiles, settings: Settings) -> BaseChatModel:
        """Load a model. Its `stream` and `invoke` take the keywords of `call_options`.

        A chunk's `content` is text, its `additional_kwargs["reasoning_content"]` thinking where the
        backend can tell them apart (raw `<think>` tags in the text are split by the specialist). A prompt
        that already opened the thought is mended by yielding `<think>` first. With `thought`, the prompt ends with
        that thought between its tags and the answer is what follows; special tokens in it are plain text. A chunk
        holds one token where the backend can tell: thoughts are counted by it. The last chunk carries
        `usage_metadata` and `response_metadata["finish_reason"]` (`stop`, `length`, `tool_calls`). The model asks
        `current_cancellation().stopped` at every token and ends quietly when it is true.

        Raises:
            OutOfMemory: The model doesn't fit.
            BackendUnavailable: The package or the server behind the backend is missing.
            WeightsError: The files can't be used.
        """

    def sequences(self, settings: Settings) -> int:
        """Return how many contexts a loaded model holds at once; its KV cache is sized for them."""
        return 1

    def memory(self, model: Model, offer: Offer, context: int, settings: Settings) -> MemoryEstimate:
        """Predict what a loaded model takes on the offer's device; nothing when it is served elsewhere.

        Pure: the same arguments give the same estimate, and no file is read.
        """
        return estimate_memory(model, offer.precision, context=context, sequences=self.sequences(settings))

    def footprint(self, chat_model: BaseChatModel) -> int | None:
        """Return the bytes that a model which `load` returned has really taken on its device; `None` if it can't tell.

        Without what the framework takes whatever the model, and without what is only taken while it answers: the
        prediction knows both.
        """
        return None

    def adapter_fault(self, form: Format) -> str | None:
        """Say in one line why this backend can't load a LoRA adapter beside files of that format, or `None`.

        Where it can, `load` finds the adapter's directory in `candidate.adapter`.
        """
        return f"An adapter is set, and {self.name} can't load it."

    def tool_fault(self, model: Model) -> str | None:
        """Say in one line why this backend can't let a model call tools, or `None`.

        Where it can, chunks carry `tool_call_chunks`. The catalogue knows which models call any.
        """
        return f"{self.name} takes no tools."

    def training_fault(self) -> str | None:
        """Say in one line why this backend can't train an adapter, or `None`."""
        return f"{self.name} trains no adapters."

    def train(self, job: Job, settings: Settings, progress: Training) -> Trained:
        """Train an adapter and put it into `job.out`, whole or not at all; see `Job` for how.

        Raises:
            InputError: An example doesn't fit into the context, or another job is being resumed.
            OutOfMemory: The model can't be trained in the memory there is.
            WeightsError: Its files can't be used.
            BackendError: The training failed.
        """
        raise BackendUnavailable(f"{self.name} trains no adapters.")

    def unload(self, chat_model: BaseChatModel) -> None:
        """Give back the memory of a model that `load` returned."""
        close = getattr(chat_model, "close", None)
        if callable(close):
            close()


class WeightSource(ABC):
    """Finds and fetches model files."""

    name: ClassVar[str]

    @abstractmethod
    def find(self, model: Model, offer: Offer, settings: Settings) -> ModelFiles | None:
        """Return the files if they are on this machine; never asks the network."""

    @abstractmethod
    def size(self, model: Model, offer: Offer, settings: Settings) -> int | None:
        """Return the bytes a fetch would download, `None` when there is none to be had here; never asks the network.

        0 means that all is on this machine already and `fetch` only has to put it together.
        """

    @abstractmethod
    def fetch(self, model: Model, offer: Offer, settings: Settings, progress: Progress) -> ModelFiles:
        """Bring the files here, whole and verified, or leave nothing behind but what a resume can use.

        Raises:
            WeightsError: They can't be had; the message says why and what to do.
        """

    def stored(self, model: Model, offer: Offer, settings: Settings) -> Sequence[Stored]:
        """Return all that lies on this machine for an offer, what others keep included; never asks the network."""
        files = self.find(model, offer, settings)
        if files is None:
            return ()
        return (Stored(path=files.path, bytes=size_on_disk(files.path), keeper=f"The source {self.name} keeps it."),)

    def remove(self, model: Model, offer: Offer, settings: Settings) -> int:
        """Remove what `stored` returns without a keeper, and return the bytes it took.

        Raises:
            WeightsError: Another process is fetching it just now, or it can't be removed.
        """
        return 0


def size_on_disk(path: Path) -> int:
    """Return the bytes of a file, or of all files in a directory; 0 where there is none."""
    if path.is_dir():
        return sum(size_on_disk(entry) for entry in path.iterdir())
    try:
        return path.stat().st_size
    except OSError:
        return 0


def call_options(
    sampling: Sampling,
    *,
    thinking: bool = False,
    thought: str | None = None,
    json_schema: dict[str, Any] | None = None,
    tools: Sequence[dict[str, Any]] = (),
    tool_choice: str = "auto",
) -> dict[str, Any]:
    """Return the keywords every backend's chat model takes, with unset ones left out.

    Keys: `temperature`, `top_p`, `top_k`, `min_p`, `presence_penalty`, `repetition_penalty`, `max_tokens`, `seed`,
    `stop` (a list), `thinking` (bool: always given), `thought` (the thought so far, a string, closed: the model goes on
    with the answer; only with `thinking`), `json_schema` (a dict), `tools` (a list, in OpenAI's form) and with them
    `tool_choice` (in OpenAI's form, unless it is `auto`).
    """
    options: dict[str, Any] = {
        ("max_tokens" if key == "max_new_tokens" else key): value
        for key, value in sampling
        if value is not None and key != "stop"
    }
    if sampling.stop:
        options["stop"] = list(sampling.stop)
    options["thinking"] = thinking
    if thought is not None:
        options["thought"] = thought
    if json_schema is not None:
        options["json_schema"] = json_schema
    if tools:
        options["tools"] = list(tools)
        if tool_choice != "auto":
            options["tool_choice"] = tool_calling.openai_choice(tool_choice)
    return options
