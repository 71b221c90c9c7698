"""The request: a conversation, and what its caller decides."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal, Self

from langchain_core.messages import AnyMessage, BaseMessage, HumanMessage, SystemMessage, convert_to_messages
from pydantic import Field, field_validator, model_validator

from qwen_router import tool_calling
from qwen_router.errors import InputError
from qwen_router.soft_switch import last_switch
from qwen_router.types import Modality, Moderation, Shape, Task
from qwen_router.value import Value


class Sampling(Value):
    """How tokens are drawn. `None` leaves a setting to the model's own documented value."""

    temperature: float | None = Field(None, ge=0)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0)
    min_p: float | None = Field(None, ge=0, le=1)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    repetition_penalty: float | None = Field(None, gt=0)
    max_new_tokens: int | None = Field(None, gt=0)
    seed: int | None = None
    stop: tuple[str, ...] = ()

    def over(self, defaults: Sampling) -> Sampling:
        """Return these settings, with `defaults` wherever one is unset."""
        own = {k: v for k, v in vars(self).items() if v is not None and v != ()}
        return defaults.model_copy(update=own)


class Hints(Value):
    """What the caller decides instead of the router. `None` leaves the decision to it.

    Attributes:
        thinking_budget: Most tokens of a thought, if there is one.
    """

    task: Task | None = None
    model: str | None = None
    thinking: bool | None = None
    thinking_budget: int | None = Field(None, gt=0)


class Request(Value):
    """One request: a conversation whose last turn is to be answered.

    Attributes:
        messages: LangChain messages; images and sounds are standard content blocks with `url` (a path or an address),
            `base64` or `bytes`.
        user: Whose limits apply.
        thread: Name of a kept conversation; `None` for a request that stands alone.
        deadline: Seconds from the start of the call within which the answer must be complete.
        json_schema: A JSON schema the answer has to follow.
        tools: What the model may call: functions, LangChain tools or pydantic models, kept in OpenAI's form. The calls
            are in the `Answer`; running them is the caller's part.
        tool_choice: `auto`, `none`, `required` (also `any`), or the name of the tool that must be called.
        languages: BCP 47 codes to answer in, one section each; empty for the language of the request.
        placeholders: What guards put in place of what the caller wrote; see `Verdict`. Never part of a record.
        moderation: What the moderator says of it; set by the router. Never part of a record.
    """

    messages: tuple[AnyMessage, ...] = Field(min_length=1)
    user: str = "local"
    thread: str | None = None
    sampling: Sampling = Sampling()
    hints: Hints = Hints()
    deadline: float | None = Field(None, gt=0)
    json_schema: dict[str, Any] | None = None
    tools: tuple[dict[str, Any], ...] = ()
    tool_choice: str = "auto"
    languages: tuple[str, ...] = ()
    id: str = Field(default_factory=lambda: uuid.uuid4().hex)
    placeholders: dict[str, str] = Field({}, exclude=True, repr=False)
    moderation: Moderation | None = Field(None, exclude=True, repr=False)

    @field_validator("messages")
    @classmethod
    def _bytes_as_base64(cls, messages: tuple[AnyMessage, ...]) -> tuple[AnyMessage, ...]:
        return tuple(_encoded(m) if isinstance(m.content, list) else m for m in messages)

    @field_validator("tools", mode="before")
    @classmethod
    def _described(cls, tools: Sequence[Any] | None) -> tuple[dict[str, Any], ...]:
        return tool_calling.describe(tools or ())

    @model_validator(mode="after")
    def _choice_is_known(self) -> Self:
        tool_calling.check_choice(self.tools, self.tool_choice)
        return self

    @classmethod
    def of(cls, value: Request | str | BaseMessage | Sequence[Any], **fields: Any) -> Request:
        """Make a request of a string, a message, a list of messages or a request.

        Raises:
            ValueError: The value is none of these.
        """
        if isinstance(value, Request):
            return value.model_copy(update=fields) if fields else value
        if isinstance(value, str):
            messages: tuple[BaseMessage, ...] = (HumanMessage(value),)
        elif isinstance(value, BaseMessage):
            messages = (value,)
        else:
            messages = tuple(convert_to_messages(list(value)))
        return cls.model_validate({"messages": messages, **fields})

    @property
    def text(self) -> str:
        """The text of the last user turn, or of the last message when there is none."""
        for message in reversed(self.messages):
            if isinstance(message, HumanMessage):
                return text_of(message)
        return text_of(self.messages[-1])

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What the conversation carries, sorted."""
        kinds: set[Modality] = {"text"} if any(text_of(m) for m in self.messages) else set()
        for message in self.messages:
            if any(True for _ in blocks_of(message, "image")):
                kinds.add("image")
            if any(True for _ in blocks_of(message, "audio")):
                kinds.add("audio")
        return tuple(sorted(kinds))

    @property
    def thinking_switch(self) -> bool | None:
        """What the latest `/think` or `/no_think` in a user's or system turn says; `None` when there is none."""
        return last_switch([text_of(m) for m in self.messages if isinstance(m, HumanMessage | SystemMessage)])

    @property
    def shape(self) -> Shape:
        """What decisions rest on."""
        return Shape(
            user=self.user,
            turns=len(self.messages),
            tokens=estimated_tokens(self, 0),
            modalities=self.modalities,
            switch=self.thinking_switch,
            max_new_tokens=self.sampling.max_new_tokens,
            deadline=self.deadline,
            languages=self.languages,
            structured=self.json_schema is not None,
            **dict(self.hints),
        )

    def with_text(self, text: str, *, kinds: Collection[Modality] = ("text", "image", "audio")) -> Request:
        """Return a copy whose last user turn says `text`, with the conversation's attachments of these kinds alone."""
        at = max(
            (i for i, m in enumerate(self.messages) if isinstance(m, HumanMessage)),
            default=len(self.messages) - 1,
        )
        messages = [m if set(self.modalities) <= {"text", *kinds} else _with_kinds(m, kinds) for m in self.messages]
        turn = messages[at]
        kept = (
            [b for b in turn.content if isinstance(b, dict) and b.get("type") != "text"]
            if (isinstance(turn.content, list))
            else []
        )
        content: Any = [*kept, {"type": "text", "text": text}] if kept else text
        messages[at] = turn.model_copy(update={"content": content})
        return self.model_copy(update={"messages": tuple(messages)})

    def with_texts(self, change: Callable[[str], str]) -> Request:
        """Return a copy with `change` applied to the text of every message, or this very request if none changes."""
        messages = tuple(_with_text(m, change) for m in self.messages)
        if all(new is old for new, old in zip(messages, self.messages, strict=True)):
            return self
        return self.model_copy(update={"messages": messages})


def _with_text(message: Any, change: Callable[[str], str]) -> Any:
    content = message.content
    if isinstance(content, str):
        changed: Any = change(content)
    else:
        changed = [_block_with_text(block, change) for block in content]
    return message if changed == content else message.model_copy(update={"content": changed})


def _block_with_text(block: Any, change: Callable[[str], str]) -> Any:
    if isinstance(block, str):
        return change(block)
    if block.get("type") == "text" and isinstance(block.get("text"), str):
        return {**block, "text": change(block["text"])}
    return block


# Qwen2.5's tokenizer makes a token of about 4.5 bytes of English, Chinese or code, and of fewer in rarer scripts.
_BYTES_PER_TOKEN = 3
# The family's advice for an image is at most 1,280 tokens; a sound of the advised 30 seconds takes 750.
_IMAGE_TOKENS, _AUDIO_TOKENS = 1280, 750
_TURN_TOKENS = 16
"""What the chat template puts around a turn, rounded up."""


def estimated_tokens(request: Request, media_tokens: int | None = None) -> int:
    """Return about how many tokens a conversation takes, rather too many than too few.

    Args:
        media_tokens: Those of its images and sounds; `None` takes the family's advice for each.
    """
    said = sum(len(text_of(m).encode("utf-8", "surrogatepass")) for m in request.messages)
    text = (said + tool_calling.size(request.tools, request.messages)) // _BYTES_PER_TOKEN
    if media_tokens is None:
        images = sum(len(blocks_of(m, "image")) for m in request.messages)
        sounds = sum(len(blocks_of(m, "audio")) for m in request.messages)
        media_tokens = images * _IMAGE_TOKENS + sounds * _AUDIO_TOKENS
    return text + media_tokens + _TURN_TOKENS * len(request.messages)


def _encoded(message: AnyMessage) -> AnyMessage:
    """Return a message whose attachments hold no raw bytes, which no JSON can carry, and name their type.

    LangChain refuses inline data without a type when it traces a call.
    """
    content = [_encoded_block(block) if isinstance(block, dict) else block for block in message.content]
    return message if content == message.content else message.model_copy(update={"content": content})


def _encoded_block(block: dict[str, Any]) -> dict[str, Any]:
    if block.get("type") not in ("image", "audio"):
        return block
    made = dict(block)
    if isinstance(made.get("bytes"), bytes):
        made["base64"] = base64.b64encode(made.pop("bytes")).decode()
    return {"mime_type": f"{made['type']}/*", **made} if "base64" in made else made


def text_of(message: BaseMessage) -> str:
    """Return the text of a message, its text blocks joined by line ends."""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(
        block if isinstance(block, str) else str(block.get("text", ""))
        for block in message.content
        if isinstance(block, str) or block.get("type") == "text"
    )


def blocks_of(message: BaseMessage, kind: Literal["image", "audio"]) -> list[dict[str, Any]]:
    """Return the content blocks of one kind, in LangChain's standard form."""
    if isinstance(message.content, str):
        return []
    return [dict(block) for block in message.content_blocks if block["type"] == kind]


def _with_kinds(message: AnyMessage, kinds: Collection[Modality]) -> AnyMessage:
    """Return a message without its attachments of other kinds."""
    if isinstance(message.content, str):
        return message
    blocks = [dict(b) for b in message.content_blocks if b["type"] not in ("image", "audio") or b["type"] in kinds]
    return message.model_copy(update={"content": blocks})


class Chunk(Value):
    """A piece of a streamed answer. A higher `attempt` starts the step's answer anew."""

    kind: Literal["text", "thinking"]
    text: str
    step: str = "1"
    attempt: int = 1


def as_request(value: Any, fields: dict[str, Any]) -> Request:
    """Return the request.

    Raises:
        InputError: The value is no request, or a field is unknown or of the wrong type.
    """
    try:
        return Request.of(value, **fields)
    except (ValueError, TypeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"That is no request: {reason}.", "Give a string, messages or a Request.") from error
