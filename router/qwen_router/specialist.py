"""What answers one kind of request: the contract of a specialist."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from langchain_core.messages import BaseMessage, SystemMessage

from qwen_router.parsing import split_thinking
from qwen_router.request import Request, Sampling
from qwen_router.types import Check, Generation, Modality, Task


@dataclass(frozen=True)
class FollowUp:
    """What comes of a model's turn; it becomes part of the answer.

    Attributes:
        text: What the model is told.
        done: Whether that ends the answer: the model isn't asked again.
    """

    text: str
    done: bool = False


class Specialist(ABC):
    """Prompts, parses and checks for one task. Stateless: one instance serves every request.

    Attributes:
        name: Unique among specialists.
        task: What it answers; a new word makes a new task.
        examples: A dozen utterances; the classifier learns a new task from them at start.
        ladder: Catalogue models of its own, best first is not needed: the sizing policy orders them.
        stand_ins: Catalogue models that can serve when none of the ladder can be had here.
        modalities: What its models read.
        sampling: Wins over the models' documented settings while they don't think.
        system: The system prompt that its models expect; a caller's own system message comes before it.
    """

    name: ClassVar[str]
    task: ClassVar[Task]
    examples: ClassVar[Sequence[str]] = ()
    ladder: ClassVar[Sequence[str]]
    stand_ins: ClassVar[Sequence[str]] = ()
    modalities: ClassVar[frozenset[Modality]] = frozenset({"text"})
    system: ClassVar[str] = ""
    sampling: ClassVar[Sampling] = Sampling()

    def messages(self, request: Request) -> list[BaseMessage]:
        """Return what is sent to the model: the conversation under the specialist's system prompt."""
        return self.under(self.system, request.messages)

    @staticmethod
    def under(system: str, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """Return a conversation under a system prompt, which follows the caller's own."""
        given = list(messages)
        if not system:
            return given
        if given and isinstance(given[0], SystemMessage):
            return [SystemMessage(f"{given[0].text}\n\n{system}"), *given[1:]]
        return [SystemMessage(system), *given]

    def parse(self, generation: Generation) -> Generation:
        """Split the thinking off the text. `generation.text` is what the model wrote."""
        text, thinking = split_thinking(generation.text)
        return generation.model_copy(update={"text": text, "thinking": generation.thinking or thinking})

    def follow_up(self, request: Request, generation: Generation) -> FollowUp | None:
        """Return what comes of the model's turn, such as the output of the program it wrote.

        `None` ends the answer; `generation.max_rounds` does so, too. `generation.text` is the latest turn alone, as the
        model wrote it.
        """
        return None

    def same_result(self, first: Generation, second: Generation) -> bool | None:
        """Say whether two answers come to the same result; `None` where answers of this task can't be compared.

        Then `escalation.agree` asks for several answers of the same result.
        """
        return None

    def can_test(self, request: Request) -> bool:
        """Say whether `check` can put an answer to this request to a decisive test, such as running it.

        Then a smaller model may try first: what it gets wrong is noticed, and goes up.
        """
        return False

    def check(self, request: Request, generation: Generation) -> Check:
        """Judge the answer. Abstaining is honest: it neither blocks nor escalates."""
        if not generation.text.strip():
            return Check(status="rejected", why="The model answered nothing.")
        return Check(status="abstained", why="No check for this task.")
