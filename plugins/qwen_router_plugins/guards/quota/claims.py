"""What a request may take, before anybody knows what it will."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from qwen_router import Request, Settings, estimated_tokens
from qwen_router.config import QuotaLimits
from qwen_router_plugins.guards.quota.account import Claim

UNITS = {"input": "input tokens", "output": "output tokens", "concurrent": "calls at the same time"}


def claims_of(request: Request, settings: Settings) -> list[Claim]:
    """Return a claim for each limit that is set, on tokens and on places among the concurrent calls."""
    scopes = ((account_of(request.user), settings.quota.user), ("total", settings.quota.total))
    return [claim for scope, limits in scopes for claim in _claims(scope, limits, request, settings)]


def account_of(user: str) -> str:
    """Return the account of a user, whose name may be an address: stores keep only its hash (SHA-256)."""
    return "user:" + hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def unit_of(claim: Claim) -> str:
    """Return what is counted: a key of `UNITS`."""
    return claim.account.rpartition(":")[2]


def _claims(scope: str, limits: QuotaLimits, request: Request, settings: Settings) -> Iterator[Claim]:
    if limits.input_tokens_per_minute:
        yield Claim(f"{scope}:input", estimated_tokens(request), limits.input_tokens_per_minute)
    if limits.output_tokens_per_minute:
        answer = request.sampling.max_new_tokens or settings.generation.max_new_tokens
        yield Claim(f"{scope}:output", answer + _thought(request, settings), limits.output_tokens_per_minute)
    if limits.concurrent:
        yield Claim(f"{scope}:concurrent", 1, limits.concurrent)


def _thought(request: Request, settings: Settings) -> int:
    """Return the most tokens of a thought, as if a model that thinks were chosen."""
    wish = request.thinking_switch if request.hints.thinking is None else request.hints.thinking
    if wish is False or (wish is None and settings.thinking.mode == "off"):
        return 0
    return request.hints.thinking_budget or settings.thinking.max_tokens
