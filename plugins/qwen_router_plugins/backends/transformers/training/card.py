"""The model card of an adapter."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from importlib.metadata import version

from qwen_router.adapting.job import Job, Progressed

_PACKAGES = ("qwen-router", "torch", "transformers", "peft", "trl")


def model_card(job: Job, history: Sequence[Progressed], best: float, *, learned: int, measured: int) -> str:
    """Return the card, Markdown under the YAML that the Hugging Face hub reads.

    Args:
        best: The epoch whose weights were kept.
        learned, measured: Examples of either kind.
    """
    losses = "\n".join(
        f"| {h.epoch:g} | {'—' if h.loss is None else f'{h.loss:.4f}'} | {h.validation_loss:.4f} |"
        for h in history
        if h.validation_loss is not None
    )
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"""---
base_model: {job.model.id}
library_name: peft
pipeline_tag: text-generation
tags: [lora, qwen-router]
---

# LoRA adapter for {job.model.id}, task {job.task}

Use it with qwen-router:

```toml
[specialists.{job.task}]
adapter = "PATH OF THIS DIRECTORY"
```

| what | value |
|---|---|
| base | {job.model.id}, loaded at {job.offer.precision} on {job.offer.device} |
| examples | {learned} learned, {measured} kept for validation (drawn with seed {job.seed}) |
| SHA-256 of the data | `{job.data_sha256}` |
| rank, alpha | {job.rank}, {job.alpha}, on all linear layers but the output |
| learning rate | {job.learning_rate:g}, constant (AdamW) |
| batch | {job.batch} |
| epochs | {history[-1].epoch:g} of at most {job.epochs}; the weights are those of epoch {best:g} |
| date | {datetime.datetime.now(datetime.UTC).date().isoformat()} |
| made with | {packages} |

The loss, in nats a token, counts the answers alone. Prompts were made by the base's chat template, without thinking.

| epoch | loss | validation loss |
|---|---|---|
{losses}
"""
