"""The settings of what watches the calls."""

from __future__ import annotations

from typing import Literal

from pydantic import ByteSize, Field

from qwen_router.amount import Amount
from qwen_router.config_section import Section


class LogSection(Section):
    """What the command line logs; applications configure logging themselves. Never the content of a request."""

    level: Literal["debug", "info", "warning", "error"] = "warning"
    format: Literal["pretty", "json"] = "pretty"
    """Lines for people, or one JSON object a line."""


class TracesSection(Section):
    """The store of decisions and their outcomes, which `qwen-router stats` reads."""

    enabled: bool = True
    path: str = ""
    """The database's file; empty takes the user's state directory."""
    content: Literal["hash", "text"] = "hash"
    """What is kept of requests and answers: keyed hashes, or the texts themselves."""
    keep_days: float = Field(30.0, gt=0)
    max_size: Amount = ByteSize(256 * 2**20)
    """The oldest decisions go when the file grows beyond it."""


class MetricsSection(Section):
    """Prometheus metrics."""

    port: int = Field(0, ge=0, le=65_535)
    """Served by every router under `/metrics`; 0 serves nothing."""
    host: str = "127.0.0.1"


class TelemetrySection(Section):
    """OpenTelemetry spans (`pip install 'qwen-router[otel]'`)."""

    endpoint: str = ""
    """An OTLP/HTTP collector such as `http://localhost:4318`; empty sends nothing."""
    content: bool = False
    """Whether spans hold the texts of requests and answers."""


class HealthSection(Section):
    """From where `qwen-router health` warns."""

    max_seconds: float = Field(10.0, gt=0)
    """Seconds an answer takes, median."""
    min_tokens_per_second: float = Field(5.0, ge=0)
    """Tokens a second of an answer, median."""
    max_growth: Amount = ByteSize(1000 * 10**6)
    """Memory that the process may gain beside its models."""
