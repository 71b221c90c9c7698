"""Amounts of memory, as people write them in the configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ByteSize, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError


def _read_budget(value: Any) -> Any:
    """Refuse in words: pydantic would explain only one of the two kinds."""
    if value == "auto":
        return value
    try:
        size = TypeAdapter(ByteSize).validate_python(value)
    except ValidationError:
        size = ByteSize(0)
    if size <= 0 or isinstance(value, bool):
        raise PydanticCustomError("budget", 'Input should be more than 0, such as "12GiB", or "auto"')
    return size


Budget = Annotated[Literal["auto"] | ByteSize, BeforeValidator(_read_budget)]
"""Bytes as people write them, or `auto` for a share of what is free."""
