"""Amounts of memory, as people write them in the configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ByteSize, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError


def _read_amount(value: Any) -> Any:
    return _size(value, 'Input should be more than 0, such as "12GiB"')


def _read_budget(value: Any) -> Any:
    """Refuse in words: pydantic would explain only one of the two kinds."""
    return value if value == "auto" else _size(value, 'Input should be more than 0, such as "12GiB", or "auto"')


def _size(value: Any, refusal: str) -> ByteSize:
    try:
        size = TypeAdapter(ByteSize).validate_python(value)
    except ValidationError:
        size = ByteSize(0)
    if size <= 0 or isinstance(value, bool):
        raise PydanticCustomError("amount", refusal)
    return size


Amount = Annotated[ByteSize, BeforeValidator(_read_amount)]
"""Bytes as people write them."""

Budget = Annotated[Literal["auto"] | ByteSize, BeforeValidator(_read_budget)]
"""Bytes as people write them, or `auto` for a share of what is free."""
