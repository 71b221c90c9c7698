"""What is trained, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from langchain_core.messages import AnyMessage
from pydantic import Field

from qwen_router.catalog import Model
from qwen_router.choice import Offer
from qwen_router.types import Task
from qwen_router.value import Value

Progress = Callable[["Progressed"], None]


class Example(Value):
    """One answer to learn, under the prompt that the specialist will give.

    Attributes:
        line: Where it stands in the file, from 1.
    """

    line: int
    messages: tuple[AnyMessage, ...]
    answer: str


class Job(Value):
    """One training of a LoRA adapter.

    Attributes:
        offer: How the base is loaded.
        files: Directory of its safetensors.
        data_sha256: Of the file that the examples were read from.
        context: Most tokens of prompt and answer together.
        out: Where the adapter is put, whole; until then all lies in `partial`.
        rank: Of the two matrices that each linear layer gets.
        learning_rate: Of AdamW at its highest; 2e-4 is that of QLoRA (arXiv:2305.14314, table 9, up to 13B).
        batch: Examples of one step.
        validation: Share of the examples that is kept for measuring, drawn by `seed`.
        patience: Epochs without a lower validation loss after which training ends.
        resume: Go on where an interrupted training of the same job stopped.
    """

    task: Task
    model: Model
    offer: Offer
    files: Path
    examples: tuple[Example, ...]
    data_sha256: str
    context: int
    out: Path
    epochs: int = Field(3, ge=1)
    rank: int = Field(16, ge=1)
    learning_rate: float = Field(2e-4, gt=0)
    batch: int = Field(8, ge=1)
    validation: float = Field(0.1, gt=0, lt=1)
    patience: int = Field(2, ge=1)
    seed: int = 0
    resume: bool = False

    @property
    def partial(self) -> Path:
        """What an interrupted training leaves behind."""
        return self.out.with_name(f"{self.out.name}.partial")

    @property
    def alpha(self) -> int:
        """The scale of the update: twice the rank, so that it doesn't depend on it."""
        return 2 * self.rank


class Progressed(Value):
    """How far a training is.

    Attributes:
        epoch: Epochs done; a fraction within one.
        loss, validation_loss: Nats a token of the answers; only at the end of an epoch, and at the start the latter.
    """

    epoch: float
    epochs: int
    step: int
    steps: int
    loss: float | None = None
    validation_loss: float | None = None


class Trained(Value):
    """A finished adapter.

    Attributes:
        path: Its directory.
        base: Catalogue id of its base.
        history: What was told at the start and at the end of each epoch, in nats a token of the answers.
        best: The epoch whose weights were kept: that of the lowest validation loss.
    """

    path: Path
    base: str
    history: tuple[Progressed, ...]
    best: float
    seconds: float
