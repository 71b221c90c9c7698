"""The decoding thread: gathers concurrent calls into batches and decodes them together."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from qwen_router.errors import BackendError
from qwen_router_plugins.backends.transformers.faults import as_backend_error, is_out_of_memory
from qwen_router_plugins.backends.transformers.memory import prefill_tokens
from qwen_router_plugins.backends.transformers.row import Row

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle
    from transformers import PreTrainedModel

GATHER_SECONDS = 0.01
"""How long the first call of a batch waits for others: a fraction of one token's time on a CPU."""


class Batcher:
    """Runs rows through one network, up to `max_batch` at a time, in the order they came.

    The rows of a batch share the tokens that the KV cache was reserved for: a long one runs alone.

    Rows keep their own sampling, seeds and limits, and join left-padded, as causal models need it. A row that is done
    tells its caller at once; the batch goes on for the others, and new rows wait for its end.

    Args:
        capacity: Tokens that the rows of a batch may come to together, padding and answers included.
        pad: Token id that fills short rows.
        image_token: Token id that stands for an image's embeddings; `None` for models without eyes.
        gather: Seconds the first row waits for company.

    Attributes:
        batches: Rows of the latest batches.
    """

    def __init__(
        self,
        network: PreTrainedModel,
        *,
        name: str,
        pad: int,
        max_batch: int,
        capacity: int,
        image_token: int | None = None,
        gather: float = GATHER_SECONDS,
    ) -> None:
        self._name = name
        self._pad = pad
        self._max_batch = max_batch
        self._capacity = capacity
        self._image_token = image_token
        self._gather = gather
        self._waiting: deque[Row] = deque()
        self._running: tuple[Row, ...] = ()
        self._changed = threading.Condition()
        self._closed = False
        self.batches: deque[int] = deque(maxlen=64)
        self._hooks = _interrupt_when(network, self._unwanted)
        self._thread = threading.Thread(target=self._work, args=(network,), name=f"decode {name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Rows that no batch has taken yet."""
        return len(self._waiting)

    def submit(self, row: Row) -> None:
        """Queue a row.

        Raises:
            BackendError: The model is closed.
        """
        with self._changed:
            if self._closed:
                raise closed(self._name)
            self._waiting.append(row)
            self._changed.notify_all()

    def close(self) -> None:
        """End every row with an error and wait for the thread, which then lets go of the network."""
        with self._changed:
            self._closed = True
            rows = (*self._waiting, *self._running)
            self._waiting.clear()
            self._changed.notify_all()
        for row in rows:
            row.fail(closed(self._name))
        self._thread.join()
        for hook in self._hooks:
            hook.remove()

    def _unwanted(self) -> bool:
        return bool(self._running) and all(row.done for row in self._running)

    def _work(self, network: PreTrainedModel) -> None:
        while rows := self._next_batch():
            self._run(network, rows)
            self._running = ()

    def _run(self, network: PreTrainedModel, rows: Sequence[Row]) -> None:
        try:
            self._decode(network, rows)
            return
        except _Interrupted:
            return
        # Whatever torch raises belongs to the callers: the thread has to outlive it.
        except Exception as error:
            alone = len(rows) > 1 and is_out_of_memory(error) and not any(row.produced for row in rows)
            if not alone:
                for row in rows:
                    row.fail(as_backend_error(error, self._name))
        if alone:
            # What is too much together may fit one after the other. The failed try's tensors are gone by here.
            for row in rows:
                self._run(network, (row,))

    def _next_batch(self) -> tuple[Row, ...]:
        """Wait for rows; an empty batch means that the model is closed."""
        with self._changed:
            while not self._closed:
                self._drop_done()
                if self._waiting:
                    until = time.monotonic() + self._gather
                    while len(self._waiting) < self._max_batch and (left := until - time.monotonic()) > 0:
                        self._changed.wait(left)
                        if self._closed:
                            return ()
                    self._drop_done()
                    size = self._fitting()
                    self._running = tuple(self._waiting.popleft() for _ in range(size))
                    if self._running:
                        return self._running
                    continue
                self._changed.wait()
            return ()

    def _fitting(self) -> int:
        """Return how many of the waiting rows, in their order, make the next batch."""
        longest = 0
        for number, row in enumerate(self._waiting):
            longest = max(longest, len(row.prompt.ids) + row.max_tokens)
            if number and (number == self._max_batch or (number + 1) * longest > self._capacity):
                return number
        return len(self._waiting)

    def _drop_done(self) -> None:
        self._waiting = deque(row for row in self._waiting if not row.done)

    @torch.inference_mode()
    def _decode(self, network: PreTrainedModel, rows: Sequence[Row]) -> None:
        self.batches.append(len(rows))
        inputs = _collate(rows, self._pad, self._image_token, network.device)
        # transformers can't split sounds among passes; images it encodes before the first.
        whole = "input_features" in inputs
        network.generate(  # type: ignore[operator]
            **inputs,
            generation_config=GenerationConfig(
                do_sample=False,
                max_new_tokens=max(row.max_tokens for row in rows),
                pad_token_id=self._pad,
                prefill_chunk_size=None if whole else max(1, prefill_tokens(network.device.type) // len(rows)),
            ),
            logits_processor=LogitsProcessorList([_Choice(rows, self._pad)]),
            stopping_criteria=StoppingCriteriaList([_Progress(rows)]),
        )


class _Choice(LogitsProcessor):
    """Lets each row choose its own token: what is left of its logits is the chosen one."""

    def __init__(self, rows: Sequence[Row], pad: int) -> None:
        self._rows = rows
        self._pad = pad

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        for row, logits in zip(self._rows, scores, strict=True):
            if row.done:
                token = self._pad
            elif row.plain:
                continue
            else:
                token = row.choose(logits)
            logits.fill_(float("-inf"))
            logits[token] = 0.0
        return scores


class _Progress(StoppingCriteria):
    """Hands each row its new token and ends the rows that are done."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        for row, token in zip(self._rows, input_ids[:, -1].tolist(), strict=True):
            row.push(token)
        return torch.tensor([row.done for row in self._rows], device=input_ids.device)


class _Interrupted(Exception):
    """No row of the batch wants another token."""


def _interrupt_when(network: PreTrainedModel, unwanted: Callable[[], bool]) -> list[RemovableHandle]:
    """Make the network's layers raise `_Interrupted` once `unwanted()`: a long prefill ends at the next layer."""

    def check(*_: Any) -> None:
        if unwanted():
            raise _Interrupted

    return [layer.register_forward_pre_hook(check) for layer in network.get_decoder().layers]


def closed(name: str) -> BackendError:
    """Return the error of a call to a model that has been unloaded."""
    return BackendError(f"{name} has been unloaded.", "Load it again.")


def _collate(rows: Sequence[Row], pad: int, image_token: int | None, device: torch.device) -> dict[str, torch.Tensor]:
    """Return the inputs of a batch: ids (rows, longest) padded on the left, and the media of all rows in order."""
    longest = max(len(row.prompt.ids) for row in rows)
    ids = torch.tensor([[pad] * (longest - len(row.prompt.ids)) + row.prompt.ids for row in rows])
    mask = torch.tensor([[0] * (longest - len(row.prompt.ids)) + [1] * len(row.prompt.ids) for row in rows])
    inputs = {"input_ids": ids, "attention_mask": mask}
    names = {name for row in rows for name in row.prompt.media}
    for name in names:
        inputs[name] = torch.cat([row.prompt.media[name] for row in rows if name in row.prompt.media])
    if "image_grid_thw" in names and image_token is not None:
        inputs["mm_token_type_ids"] = (ids == image_token).int()
    return {name: tensor.to(device) for name, tensor in inputs.items()}
