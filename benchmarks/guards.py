"""Measures what all guards together take of one request: a prompt of 2,000 characters, everything switched on."""

from __future__ import annotations

import argparse
import os
import statistics
import time

from qwen_router import Request, Settings, Usage, guards
from qwen_router.manager import build_manager

SENTENCE = "The ship left the harbour at dawn, and nobody on board knew how long the way to the islands would be. "
PERSONAL = (
    "Write to ada@example.org or call +49 30 901820. "
    "My card is 4111 1111 1111 1111, my IBAN DE89 3704 0044 0532 0130 00. "
)
QUOTA = {
    "requests_per_minute": 10**6,
    "input_tokens_per_minute": 10**9,
    "output_tokens_per_minute": 10**9,
    "concurrent": 10**6,
}


def main() -> None:
    """Print the median and the 99th percentile, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--storage", default="memory://", help="Where quotas are counted, such as redis://HOST:PORT/0.")
    args = parser.parse_args()
    os.environ.setdefault("QWEN_ROUTER_PII_KEY", "a key for this benchmark alone")
    plain = (SENTENCE * args.characters)[: args.characters]
    personal = (PERSONAL + plain)[: args.characters]
    everything = Settings(
        security={"pii": "hash"}, quota={"storage": args.storage, "user": QUOTA, "total": {"concurrent": 10**6}}
    )
    for name, text, settings in (
        ("as shipped", plain, Settings()),
        ("everything on, plain text", plain, everything),
        ("everything on, four entities", personal, everything),
    ):
        spent = _measure(text, settings, args.rounds)
        p50, p99 = statistics.median(spent), statistics.quantiles(spent, n=100)[98]
        print(f"{name:<30} p50 {1e3 * p50:6.3f} ms   p99 {1e3 * p99:6.3f} ms")


def _measure(text: str, settings: Settings, rounds: int) -> list[float]:
    """Return the seconds of each round: the check of a request, and its settlement."""
    manager = build_manager(settings)
    spent = []
    for at in range(rounds + 50):
        # Users come and go, so that no account grows beyond what it would in a minute of one user.
        # No text comes twice: what was judged once is remembered.
        request = Request.of(f"{at} {text}", user=str(at // 20))
        started = time.perf_counter()
        _, denied, _ = guards.check_request(manager, request, settings)
        guards.settle(manager, request, None, Usage(input_tokens=500, output_tokens=100), settings)
        spent.append(time.perf_counter() - started)
        assert denied is None, denied
    return spent[50:]


if __name__ == "__main__":
    main()
