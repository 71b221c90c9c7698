"""What every value that flows through the router is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value that refuses fields it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
