"""One conversation and what it is held with: router, hints, attachments."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from qwen_router.app import Router
from qwen_router.cli.console import content_of
from qwen_router.errors import InputError, RouterError
from qwen_router.repl.statistics import Statistics
from qwen_router.request import Chunk, Hints, Request
from qwen_router.types import Answer, Decision

Open = Callable[[dict[str, Any]], Router]
"""Makes a router of the configuration, with tables that win over it."""


class Session:
    """Holds the conversation and asks the router to go on with it.

    Only turns that were answered, if not to the end, are part of it: a request that fails leaves it as it was.

    Attributes:
        overrides: What was set for this session, in nested tables.
        messages: The conversation.
        hints: What the person decides instead of the router.
        images: Those that go with the next turn, by path or address; `sounds` likewise.
        unfolded: Whether thoughts are shown whole.
        answer: The latest whole answer.
        thinking: The latest thought; `said` is what was answered last, whole or not.
    """

    def __init__(self, open_router: Open) -> None:
        self._open = open_router
        self.overrides: dict[str, Any] = {}
        self.router = open_router(self.overrides)
        self.hints = Hints()
        self.unfolded = False
        self.statistics = Statistics()
        self.clear()

    def clear(self) -> None:
        """Begin a new conversation."""
        self.messages: list[BaseMessage] = []
        self.images: list[str] = []
        self.sounds: list[str] = []
        self.turn: HumanMessage | None = None
        self.answer: Answer | None = None
        self.thinking = self.said = ""

    @property
    def decision(self) -> Decision | None:
        """What was decided for the latest answer."""
        return self.answer.decision if self.answer else None

    def close(self) -> None:
        """Unload the models."""
        self.router.close()

    def reopen(self, overrides: dict[str, Any]) -> None:
        """Take a new router, of the configuration as it is now; the conversation stays.

        Args:
            overrides: Tables that win over the configuration from now on.

        Raises:
            RouterError: The configuration is wrong; the old router stays.
        """
        router = self._open(overrides)
        self.router.close()
        self.router, self.overrides = router, overrides

    def resume(self, messages: list[BaseMessage]) -> None:
        """Go on with another conversation."""
        self.clear()
        self.messages = messages
        self.turn = next((m for m in reversed(messages) if isinstance(m, HumanMessage)), None)
        self.said = messages[-1].text if isinstance(messages[-1], AIMessage) else ""

    def ask(self, text: str) -> Generator[Chunk | Answer]:
        """Yield the answer to the next turn, which takes the attachments along; closing keeps what was said so far."""
        turn = HumanMessage(content_of(text, self.images, self.sounds))
        self.images, self.sounds = [], []
        return self._run(self.messages, turn, self.hints)

    def retry(self, **hints: Any) -> Generator[Chunk | Answer]:
        """Yield another answer to the latest turn; it takes the place of the one before.

        Args:
            hints: What is different this time.

        Raises:
            InputError: Nothing was asked yet.
        """
        if self.turn is None:
            raise InputError("Nothing was asked yet.", "Ask something first.")
        at = next((i for i, m in enumerate(self.messages) if m is self.turn), len(self.messages))
        return self._run(self.messages[:at], self.turn, self.hints.model_copy(update=hints))

    def _run(self, before: list[BaseMessage], turn: HumanMessage, hints: Hints) -> Generator[Chunk | Answer]:
        self.turn = turn
        said, whole = Said(), False
        try:
            with closing(self.router.stream(Request.of([*before, turn], hints=hints))) as items:
                for item in items:
                    if isinstance(item, Chunk):
                        said.add(item)
                    else:
                        whole = True
                        self._answered(before, turn, item)
                    yield item
        except (KeyboardInterrupt, GeneratorExit):
            if not whole:
                self._stopped(before, turn, said)
            raise
        except RouterError:
            self.statistics.failed += 1
            raise

    def _answered(self, before: list[BaseMessage], turn: HumanMessage, answer: Answer) -> None:
        self.answer = answer
        if answer.refused:
            self.statistics.failed += 1
            return
        self.statistics.add(answer)
        self.thinking, self.said = answer.thinking, answer.text
        self.messages = [*before, turn, answer.message]

    def _stopped(self, before: list[BaseMessage], turn: HumanMessage, said: Said) -> None:
        self.statistics.stopped += 1
        self.thinking = said.thinking or self.thinking
        if said.text:
            self.said = said.text
            self.messages = [*before, turn, AIMessage(said.text)]


class Said:
    """What has streamed so far: of each step the latest attempt."""

    def __init__(self) -> None:
        self._steps: dict[str, tuple[int, list[str], list[str]]] = {}

    def add(self, chunk: Chunk) -> None:
        """Take the next piece."""
        attempt, text, thinking = self._steps.get(chunk.step, (0, [], []))
        if chunk.attempt > attempt:
            text, thinking = [], []
        (text if chunk.kind == "text" else thinking).append(chunk.text)
        self._steps[chunk.step] = chunk.attempt, text, thinking

    @property
    def text(self) -> str:
        """The answer so far."""
        return "\n\n".join(filter(None, ("".join(text) for _, text, _ in self._steps.values())))

    @property
    def thinking(self) -> str:
        """The thoughts so far."""
        return "\n\n".join(filter(None, ("".join(thinking) for _, _, thinking in self._steps.values())))
