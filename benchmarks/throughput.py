"""Measures tokens a second through the router against bare llama.cpp, in one run.

Both run the same model file on the same prompts, alternating, so that other work on the machine touches both alike.
What counts is the ratio, not the speed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from qwen_router import Answer, Candidate, Hints, Request, Router, Sampling
from qwen_router.backend import call_options
from qwen_router_plugins.backends.llama_cpp.chat import ChatLlamaCpp
from qwen_router_plugins.backends.llama_cpp.payload import completion_options

PROMPTS = (
    "Find the derivative of f(x) = x^3 + 2x^2 - 5x + 3",
    "Explain how a binary search works, with an example.",
    "List twenty animals and say one sentence about each.",
)
MODEL = "Qwen/Qwen2.5-Coder-0.5B-Instruct"


def main() -> None:
    """Read the arguments, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--tokens", type=int, default=128)
    args = parser.parse_args()
    measure(args.rounds, args.tokens)


def measure(rounds: int, tokens: int) -> None:
    """Print the ratio of each round and their median."""
    sampling = Sampling(temperature=0.0, max_new_tokens=tokens)
    hints = Hints(task="general", model=MODEL)
    with Router.from_config(traces={"enabled": False}) as router:
        router.invoke(PROMPTS[0], hints=hints, sampling=sampling)
        choice = router.explain(PROMPTS[0], hints=hints).choices["1"].winner
        print(f"{choice.model} {choice.precision} on {choice.backend}, {tokens} tokens an answer")
        ratios = []
        for number in range(1, rounds + 1):
            # A number of its own keeps a prompt from being read out of the cache of the one before.
            prompts = [f"Question {10 * number + i}. {PROMPTS[number % len(PROMPTS)]}" for i in range(2)]
            runs = [
                lambda prompt=prompts[0]: _routed(router, Request.of(prompt, hints=hints, sampling=sampling)),
                lambda prompt=prompts[1]: _bare(router, choice, prompt, sampling),
            ]
            # Whoever goes first in one round goes second in the next.
            order = (0, 1) if number % 2 else (1, 0)
            speeds = {which: _speed(runs[which]) for which in order}
            ratios.append(speeds[0] / speeds[1])
            print(f"round {number:2}: router {speeds[0]:5.1f}, bare {speeds[1]:5.1f} tokens/s, ratio {ratios[-1]:.3f}")
    quartiles = statistics.quantiles(ratios, n=4)
    print(f"median ratio {quartiles[1]:.3f}, half of the rounds between {quartiles[0]:.3f} and {quartiles[2]:.3f}")


def _speed(call: Callable[[], int]) -> float:
    started = time.perf_counter()
    tokens = call()
    return tokens / (time.perf_counter() - started)


def _routed(router: Router, request: Request) -> int:
    *_, answer = router.stream(request)
    assert isinstance(answer, Answer)
    return answer.usage.output_tokens


def _bare(router: Router, choice: Candidate, prompt: str, sampling: Sampling) -> int:
    """Run the same prompt in llama.cpp itself: no chat model, no router."""
    specialist = router._services.registry.specialist("general")
    with router._services.pool.lease(choice) as model:
        assert isinstance(model, ChatLlamaCpp)
        messages = specialist.messages(Request.of(prompt))
        payload = completion_options(call_options(sampling), "none")
        ids = model.loaded.prompt(messages, thinking=False, tools=None).ids
        seen: list[dict[str, Any]] = []
        model.loaded.engine._server.handle_completions({**payload, "prompt": ids, "stream": True}, seen.append)
    return int(seen[-1]["usage"]["completion_tokens"])


if __name__ == "__main__":
    main()
