"""Makes transformers read a GGUF file quietly, and its header once."""

from __future__ import annotations

import contextlib
import functools
import importlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any

_lock = threading.Lock()


@contextlib.contextmanager
def one_gguf_reader() -> Iterator[None]:
    """Share one header between tokenizer, configuration and weights, and hide the progress bar, inside this block.

    transformers 5.23 parses the header for each of the three, which for Qwen's 151,936 tokens takes longer than
    unpacking the weights of a 0.5B model, and its bar for GGUF files ignores `disable_progress_bar`. Loads of other
    threads that enter this block wait.
    """
    # Neither name is meant to be exchanged: type checkers would refuse it.
    gguf: Any = importlib.import_module("gguf")
    reading: Any = importlib.import_module("transformers.modeling_gguf_pytorch_utils")
    with _lock:
        reader, bar = gguf.GGUFReader, reading.tqdm
        gguf.GGUFReader, reading.tqdm = functools.cache(reader), _no_bar
        try:
            yield
        finally:
            gguf.GGUFReader, reading.tqdm = reader, bar


def _no_bar(items: Iterable[Any], **_: Any) -> Iterable[Any]:
    return items
