"""The values that flow through the router: frozen, validated, JSON-serialisable."""

from __future__ import annotations

from typing import Literal

from langchain_core.messages import AIMessage, AnyMessage, ToolCall
from pydantic import Field

from qwen_router.attached import Attached
from qwen_router.choice import Choice
from qwen_router.value import Value

Task = str
Modality = Literal["text", "image", "audio"]


class Reason(Value):
    """One signal that weighed in a classification; `weight` is in logits for the chosen task."""

    signal: str
    weight: float


class Classification(Value):
    """What the request is.

    Attributes:
        scores: Probability of each task; they sum to 1.
        difficulty: Probability that a small model gets it wrong.
        language: BCP 47 tag; `und` when it can't be told.
        attack: Probability that the text tries to misuse the model.
        confidence: Probability of the chosen task.
        stage: The classifier stage that decided.
        media: The images of the conversation, then its sounds, as their headers describe them.
    """

    scores: dict[Task, float]
    task: Task
    difficulty: float = Field(ge=0, le=1)
    language: str = "und"
    modalities: tuple[Modality, ...] = ("text",)
    attack: float = Field(0.0, ge=0, le=1)
    confidence: float = Field(1.0, ge=0, le=1)
    runner_up: Task | None = None
    stage: int = 1
    media: tuple[Attached, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Step(Value):
    """One part of a request; `needs` names the steps whose answers it reads, `language` is what to answer in."""

    id: str
    task: Task
    prompt: str
    needs: tuple[str, ...] = ()
    language: str = ""


class Plan(Value):
    """The steps of a request, in the order of their answers.

    Attributes:
        context: What the request says that every step has to know.
        merged: Whether the last step makes one answer of the others; otherwise each answer stands under a heading.
    """

    steps: tuple[Step, ...] = Field(min_length=1)
    context: str = ""
    merged: bool = False


class Usage(Value):
    """Tokens; `thinking_tokens` are part of `output_tokens`."""

    input_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            thinking_tokens=self.thinking_tokens + other.thinking_tokens,
        )


class Timings(Value):
    """Seconds. `wait` is queueing and loading, `first_token` counts from the call to the model."""

    wait: float = 0.0
    first_token: float = 0.0
    generate: float = 0.0
    total: float = 0.0

    @property
    def router(self) -> float:
        """The router's own share of `total`."""
        return max(0.0, self.total - self.wait - self.generate)


class CodeBlock(Value):
    """A fenced block; `language` is empty when the fence names none."""

    language: str
    text: str


class Generation(Value):
    """What one model call gave.

    Attributes:
        finish_reason: `stop`, `length`, `tool_calls`, `deadline` (the caller's) or `ceiling` (of the escalation).
        warnings: What the user should know of how it was made.
        tool_calls: What it calls instead of answering, or beside it.
        final: The last `\\boxed{}` answer, where the specialist asks for one.
        code: The fenced blocks, where the specialist reads them.
    """

    text: str
    thinking: str = ""
    usage: Usage = Usage()
    timings: Timings = Timings()
    finish_reason: str = "stop"
    warnings: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    final: str | None = None
    code: tuple[CodeBlock, ...] = ()


class Check(Value):
    """A specialist's judgement of its own model's answer.

    Attributes:
        decisive: Whether it was put to a test that a wrong answer hardly passes and a right one hardly fails, such as
            running it. Only these count when a model's quality is learned.
        feedback: What to tell the model so that it can mend a rejected answer; empty when there is nothing to go by.
    """

    status: Literal["accepted", "rejected", "abstained"]
    why: str = ""
    decisive: bool = False
    feedback: str = ""


class Verdict(Value):
    """A guard's word.

    Attributes:
        score: Probability that the request is of that kind, from a guard that estimates it.
        text: The rewritten text of the last turn, or of the answer.
        messages: The whole conversation as rewritten; `text` is then not looked at.
        placeholders: What now stands in the request for what the caller wrote: each is put back where it comes up in
            the answer, as it streams too. Never part of a record.
        retry_after: Seconds until the same call may pass; `None` when waiting won't help.
    """

    action: Literal["allow", "rewrite", "deny"]
    kind: str = ""
    why: str = ""
    fix: str = ""
    score: float | None = Field(None, ge=0, le=1)
    text: str | None = None
    messages: tuple[AnyMessage, ...] | None = Field(None, exclude=True, repr=False)
    placeholders: dict[str, str] = Field({}, exclude=True, repr=False)
    retry_after: float | None = None


class Moderation(Value):
    """What a moderator says of the user's turns.

    Attributes:
        model: Its catalogue id.
        categories: Of harm, in the words of Qwen3Guard.
        whole: Whether it was told all of them; where not, the trained score counts too.
    """

    model: str
    safety: Literal["Safe", "Controversial", "Unsafe"]
    categories: tuple[str, ...] = ()
    whole: bool = True


class Escalation(Value):
    """What to try after a rejected answer; `task` names the specialist to ask for the action `specialist`."""

    action: Literal["fix", "sample", "thinking", "larger", "specialist", "stop"]
    why: str
    task: Task | None = None


class Shape(Value):
    """What of a request decisions rest on, without a word of it.

    Attributes:
        turns: Messages of the conversation so far, `tokens` those of their words as they are estimated.
        task: The caller's hint; so are `model`, `thinking` and `thinking_budget`.
        switch: What the latest `/think` or `/no_think` says.
        structured: Whether the answer has to follow a JSON schema.
    """

    user: str = ""
    turns: int
    tokens: int
    modalities: tuple[Modality, ...] = ("text",)
    task: Task | None = None
    model: str | None = None
    thinking: bool | None = None
    thinking_budget: int | None = None
    switch: bool | None = None
    max_new_tokens: int | None = None
    deadline: float | None = None
    languages: tuple[str, ...] = ()
    structured: bool = False


class Attempt(Value):
    """One try at a step, by the specialist of `task`."""

    step: str
    task: Task = ""
    choice: Choice
    check: Check
    usage: Usage = Usage()
    timings: Timings = Timings()
    finish_reason: str = "stop"


class Decision(Value):
    """Everything that was decided for one request: what `explain` prints and traces store.

    Attributes:
        choices: The choice made for each step, by step id; the latest when there were several.
        created: Unix time in seconds.
        noted: What guards had to say of a request that they let pass: what they rewrote, what they suspect.
    """

    request_id: str
    created: float
    request: Shape | None = None
    classification: Classification | None = None
    plan: Plan | None = None
    choices: dict[str, Choice] = {}
    attempts: tuple[Attempt, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    denied: Verdict | None = None
    noted: tuple[Verdict, ...] = ()


class Answer(Value):
    """The router's answer to one request."""

    text: str
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    decision: Decision
    usage: Usage = Usage()
    timings: Timings = Timings()
    warnings: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether a guard denied it."""
        return self.decision.denied is not None

    @property
    def message(self) -> AIMessage:
        """The answer as the conversation's next message; thinking stays out of it."""
        task = self.decision.classification.task if self.decision.classification else None
        metadata = {"task": task} if task else {}
        return AIMessage(self.text, tool_calls=list(self.tool_calls), response_metadata=metadata)
