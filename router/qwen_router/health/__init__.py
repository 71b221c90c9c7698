"""How a router is."""

from qwen_router.health.finding import Finding, Health

__all__ = ["Finding", "Health"]
