"""The choice of one token."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from qwen_router.request import Sampling


class Sampler:
    """Chooses one call's tokens; its seed makes them the same whatever other calls share the batch.

    The order is that of transformers' logits processors: penalties, temperature, top-k, top-p, min-p.

    Args:
        prompt: Token ids that `repetition_penalty` counts as seen, arXiv:1909.05858.
        size: Width of the logits.
    """

    def __init__(self, sampling: Sampling, prompt: Sequence[int], size: int, device: torch.device) -> None:
        self._sampling = sampling
        self._repetition = sampling.repetition_penalty or 1.0
        self._presence = sampling.presence_penalty or 0.0
        self._seen = torch.zeros(size, dtype=torch.bool, device=device)
        if self._repetition != 1.0:
            self._seen[torch.tensor(list(prompt), dtype=torch.long, device=device)] = True
        self._said = torch.zeros(size, dtype=torch.bool, device=device)
        self._generator: torch.Generator | None = None
        if not self.greedy:
            self._generator = torch.Generator(device)
            if sampling.seed is None:
                self._generator.seed()
            else:
                self._generator.manual_seed(sampling.seed)

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is always taken."""
        return not self._sampling.temperature

    @property
    def plain(self) -> bool:
        """Whether the choice is the largest logit as it stands."""
        return self.greedy and self._repetition == 1.0 and self._presence == 0.0

    def choose(self, logits: torch.Tensor) -> int:
        """Return the next token of float32 `logits`, shape (size,)."""
        logits = self._penalised(logits)
        token = int(logits.argmax()) if self.greedy else self._draw(logits)
        self._seen[token] = self._said[token] = True
        return token

    def _penalised(self, logits: torch.Tensor) -> torch.Tensor:
        if self._repetition != 1.0:
            lowered = torch.where(logits > 0, logits / self._repetition, logits * self._repetition)
            logits = torch.where(self._seen, lowered, logits)
        if self._presence != 0.0:
            logits = logits - self._presence * self._said
        return logits

    def _draw(self, logits: torch.Tensor) -> int:
        k = min(self._sampling.top_k or len(logits), len(logits))
        values, tokens = torch.topk(logits / (self._sampling.temperature or 1.0), k)
        probabilities = values.softmax(-1)
        if self._sampling.top_p is not None:
            # A token stays when those before it don't reach top_p yet: the first always does.
            before = probabilities.cumsum(-1) - probabilities
            probabilities = torch.where(before < self._sampling.top_p, probabilities, 0.0)
        if self._sampling.min_p is not None:
            probabilities = torch.where(probabilities >= self._sampling.min_p * probabilities[0], probabilities, 0.0)
        return int(tokens[torch.multinomial(probabilities, 1, generator=self._generator)])
