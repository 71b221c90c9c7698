"""What a session at the terminal took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from qwen_router.types import Answer, Usage


@dataclass
class Statistics:
    """Counts of one session.

    Attributes:
        answers: Whole answers; `stopped` and `failed` are the calls without one.
        seconds: What models generated for.
        models: Answers by model, that of each step.
    """

    answers: int = 0
    stopped: int = 0
    failed: int = 0
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    models: Counter[str] = field(default_factory=Counter)

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers += 1
        self.usage += answer.usage
        self.seconds += answer.timings.generate
        self.models.update(choice.winner.model.rpartition("/")[2] for choice in answer.decision.choices.values())

    @property
    def tokens_per_second(self) -> float:
        """The mean speed of all answers; 0 before the first."""
        return self.usage.output_tokens / self.seconds if self.seconds else 0.0
