"""The examples that a request states."""

from qwen_router_plugins.checks.examples.example import Example
from qwen_router_plugins.checks.examples.signature import Signature, signature
from qwen_router_plugins.checks.examples.stated import stated_examples

__all__ = ["Example", "Signature", "signature", "stated_examples"]
