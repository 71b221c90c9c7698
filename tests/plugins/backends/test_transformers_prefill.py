"""Long prompts are read in passes, so that their buffers stay small."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures_checkpoints import TinyLoader

from qwen_router_plugins.backends.transformers import batch
from qwen_router_plugins.backends.transformers.memory import prefill_tokens

LONG = "The sea and the ships on it. " * 50
PROMPTS = [LONG, "Hi", "Tell me about the sea. " * 30]


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The rows and tokens of each pass through a network, beside the single ones of the answer."""
    seen: list[tuple[int, int]] = []
    prepare = batch._interrupt_when

    def watch(network: Any, unwanted: Any) -> Any:
        def note(module: Any, args: tuple[Any, ...]) -> None:
            if args[0].shape[1] > 1:
                seen.append(tuple(args[0].shape[:2]))

        return [*prepare(network, unwanted), network.get_decoder().layers[0].register_forward_pre_hook(note)]

    monkeypatch.setattr(batch, "_interrupt_when", watch)
    return seen


def test_a_pass_reads_so_many_tokens_of_all_rows(load_tiny: TinyLoader, passes: list[tuple[int, int]]):
    load_tiny("qwen2").invoke(LONG, max_tokens=2)
    limit = prefill_tokens("cpu")
    assert len(passes) > 1
    assert all(rows * tokens <= limit for rows, tokens in passes)
    passes.clear()
    load_tiny("qwen2", max_batch=3, gather=60, context=2048).batch(PROMPTS, max_tokens=2)
    assert {rows for rows, _ in passes} == {3}
    assert all(rows * tokens <= limit for rows, tokens in passes)


@pytest.mark.parametrize("architecture", ["qwen2", "qwen3", "qwen3_moe"])
def test_passes_change_no_answer(load_tiny: TinyLoader, monkeypatch: pytest.MonkeyPatch, architecture: str):
    def answers() -> list[Any]:
        chat = load_tiny(architecture, max_batch=3, gather=60, context=2048)
        return [a.content for a in chat.batch(PROMPTS, max_tokens=8)]

    monkeypatch.setattr(batch, "prefill_tokens", lambda device: 10_000)
    whole = answers()
    # Short rows are nothing but padding in the first passes.
    monkeypatch.setattr(batch, "prefill_tokens", lambda device: 48)
    assert answers() == whole
