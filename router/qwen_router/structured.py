"""Answers that fit a schema, as Python values."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import BaseOutputParser, JsonOutputParser, PydanticOutputParser
from langchain_core.runnables import Runnable, RunnableLambda, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel

from qwen_router.parsing import split_thinking

_METHODS = ("json_schema", "function_calling", "json_mode")


def structured_output(
    model: BaseChatModel, schema: dict[str, Any] | type, *, include_raw: bool, method: str
) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
    """Return `model`, constrained by `json_schema`, with the parser for `schema` behind it.

    Raises:
        ValueError: The method is none of LangChain's three.
    """
    if method not in _METHODS:
        raise ValueError(f"Unknown method {method!r}: use one of {', '.join(_METHODS)}.")
    asked = {"type": "object"} if method == "json_mode" else _closed(convert_to_json_schema(schema))
    bound = model.bind(
        json_schema=asked,
        ls_structured_output_format={"kwargs": {"method": method}, "schema": convert_to_json_schema(schema)},
    )
    parser: BaseOutputParser[Any] = (
        PydanticOutputParser(pydantic_object=schema)
        if isinstance(schema, type) and is_basemodel_subclass(schema)
        else JsonOutputParser()
    )
    read = RunnableLambda(_without_thought) | parser
    if not include_raw:
        return bound | read
    parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | read, parsing_error=lambda _: None)
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | parsed.with_fallbacks([failed], exception_key="parsing_error")


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Forbid keys that the schema doesn't name, unless it says otherwise."""
    return {"additionalProperties": False, **schema} if "properties" in schema else schema


def _without_thought(message: AIMessage) -> AIMessage:
    return AIMessage(split_thinking(message.text)[0])
