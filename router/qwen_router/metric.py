"""What a metric is, and who serves them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, eq=False)
class Metric:
    """One metric.

    Attributes:
        name: As it is scraped, `_total` of a counter included.
        unit: Of its value; empty for a plain number.
        buckets: Upper bounds of a histogram.
    """

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    labels: tuple[str, ...]
    unit: str
    meaning: str
    buckets: tuple[float, ...] = ()


class Exposition(Protocol):
    """The metrics of a plugin."""

    def metrics(self) -> Sequence[Metric]:
        """Return what there is to measure."""

    def serve(self, host: str, port: int, ready: Callable[[], None]) -> None:
        """Serve what other processes have measured, until this one is interrupted.

        Args:
            ready: Called when they can be scraped.

        Raises:
            InputError: The port is taken, or the other processes keep what they measure to themselves.
        """
