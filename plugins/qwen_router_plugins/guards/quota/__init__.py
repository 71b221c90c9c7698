"""How much may be taken: requests, tokens and concurrent calls, for each user and in all."""

from qwen_router_plugins.guards.quota.guard import QuotaGuard

__all__ = ["QuotaGuard"]
