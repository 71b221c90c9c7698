"""Answers as Python values, from the real 0.5B file."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage
from pydantic import BaseModel

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer", "maximum": 99}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output_returns_objects(method, chat):
    asked = chat.with_structured_output(Person, method=method).bind(max_tokens=60)
    assert isinstance(asked.invoke("Invent a person."), Person)


def test_structured_output_of_a_dict_schema_keeps_the_raw_message(chat):
    asked = chat.with_structured_output({"title": "Person", **PERSON}, include_raw=True)
    result = asked.invoke("Invent a person.")
    assert set(result["parsed"]) == {"name", "age"}
    assert isinstance(result["raw"], AIMessage)
    assert result["parsing_error"] is None


def test_structured_output_refuses_what_it_does_not_know(chat):
    with pytest.raises(ValueError, match="Unknown method 'xml'"):
        chat.with_structured_output(Person, method="xml")
    with pytest.raises(ValueError, match="Unknown arguments: colour"):
        chat.with_structured_output(Person, colour=1)
