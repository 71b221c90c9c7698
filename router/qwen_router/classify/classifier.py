"""The classifier: which task a request is, how hard, in which language, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qwen_router.classify import artefact, conversation, encoder
from qwen_router.classify.attack import attack_of
from qwen_router.classify.brain import Brain, Look
from qwen_router.classify.decide import decide
from qwen_router.classify.learned import Learned
from qwen_router.classify.text import window
from qwen_router.types import Classification

if TYPE_CHECKING:
    from qwen_router.request import Request

MIN_CONFIDENCE = 0.4


class Classifier:
    """Says what a request needs, and why.

    Args:
        tasks: example utterances of the tasks that are not built in (math, code, vision,
            audio, general), by task name. A dozen each is enough.
        min_confidence: below it the task is general.
        stages: 2 asks the sentence encoder, where it is installed, when the first stage is unsure.

    Raises:
        ArtefactError: the trained artefact is missing or damaged.
    """

    def __init__(
        self,
        tasks: Mapping[str, Sequence[str]] | None = None,
        *,
        min_confidence: float = MIN_CONFIDENCE,
        stages: int = 2,
    ) -> None:
        self._brain = Brain(artefact.load())
        self._min_confidence = min_confidence
        self._stages = stages if encoder.available() else 1
        examples = {
            task: np.array([self._brain.look(text).vector for text in texts])
            for task, texts in (tasks or {}).items()
            if task not in self._brain.tasks and texts
        }
        self._learned = Learned(examples, self._brain.centroids) if examples else None

    def classify(self, request: Request) -> Classification:
        """Classify a whole conversation by its last user turn, in the light of the earlier ones."""
        told = conversation.read(request.messages)
        return self._classify(told.turn, self._previous(told))

    def classify_text(self, text: str, *, has_image: bool = False, has_audio: bool = False) -> Classification:
        """Classify one turn."""
        return self._classify(conversation.Turn(text, has_image, has_audio), None)

    def classify_many(self, rows: Iterable[str | Mapping[str, Any]]) -> Iterator[Classification]:
        """Classify texts, or mappings with ``text`` and the attachment flags, one after the other."""
        for row in rows:
            if isinstance(row, str):
                yield self.classify_text(row)
            else:
                image, audio = bool(row.get("has_image")), bool(row.get("has_audio"))
                yield self.classify_text(row["text"], has_image=image, has_audio=audio)

    def _previous(self, told: conversation.Conversation) -> str | None:
        if told.answered_by is not None:
            return told.answered_by
        return None if told.earlier is None else self._classify(told.earlier, None).task

    def _classify(self, turn: conversation.Turn, previous: str | None) -> Classification:
        look = self._brain.look(turn.text)
        decision = decide(self._brain, self._learned, look, turn, previous, self._min_confidence)
        if self._stages > 1 and self._unsure(look, turn, decision.confidence):
            look = self._brain.look_again(look, encoder.embed(window(turn.text)))
            decision = decide(self._brain, self._learned, look, turn, previous, self._min_confidence)
        return decision.model_copy(update={"attack": attack_of(turn.text).score})

    def _unsure(self, look: Look, turn: conversation.Turn, confidence: float) -> bool:
        attached = turn.has_image or turn.has_audio
        return bool(look.words) and not attached and confidence < self._brain.sure
