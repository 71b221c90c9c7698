"""What is taken from an account: entries of a size that run out, no more than a limit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Claim:
    """So much of an account that holds at most `limit`."""

    account: str
    amount: int
    limit: int


@dataclass(frozen=True, slots=True)
class Shortage:
    """What stands in the way of a claim: what is taken already, and the seconds until there may be room."""

    claim: Claim
    taken: int
    retry_after: float


class Ledger(Protocol):
    """Keeps accounts. Every method is atomic, for all threads and processes that share the ledger."""

    def reserve(self, entry: str, claims: list[Claim], seconds: float) -> Shortage | None:
        """Take all the claims for `seconds` under the name `entry`, or none of them and say why."""

    def settle(self, entry: str, amounts: dict[str, int], seconds: float) -> None:
        """Replace what `entry` takes of each account, for `seconds` from now; 0 gives it back."""
