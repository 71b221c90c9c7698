"""One loaded GGUF file, and the completions that run on its slots."""

from __future__ import annotations

import os
import secrets
import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from qwen_router.errors import BackendError, InputError
from qwen_router_plugins.backends.llama_cpp.memory import CPU_BATCH

Event = dict[str, Any] | Exception | None
"""A chunk of llama.cpp's completions API, what went wrong, or `None` after the last chunk."""
Deliver = Callable[[Event], None]

_SILENT = -1


class LlamaEngine:
    """Runs prompts of token ids in this process; safe to use from many threads.

    Args:
        context: Tokens of context of each slot.
        parallel: Slots: prompts decoded together; more wait.
        threads: CPU threads.
        gpu_layers: Layers on the accelerator; -1 for all that fit.
        accelerated: Whether there is an accelerator to put layers on.

    Raises:
        BackendError: llama.cpp couldn't load the file.
    """

    def __init__(
        self, path: Path, *, context: int, parallel: int, threads: int, gpu_layers: int = 0, accelerated: bool = False
    ) -> None:
        _spin_briefly()
        from xllamacpp import CommonParams, Server, llama_load_mode

        params = CommonParams()
        params.model.path = str(path)
        params.n_ctx = context * parallel
        params.n_parallel = parallel
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.n_gpu_layers = gpu_layers if accelerated else 0
        # Fitting tries the load once before: worth it only where layers may have to stay off the accelerator.
        params.fit_params = accelerated
        if not accelerated:
            params.n_batch = params.n_ubatch = CPU_BATCH
            # llama.cpp repacks weights for the CPU: the pages of a mapped file would stay in memory beside the copies.
            params.load_mode = llama_load_mode.LLAMA_LOAD_MODE_NONE
        # The prompt cache would take up to 8 GiB of RAM that no estimate knows of.
        params.cache_ram_mib = 0
        params.warmup = False
        params.verbosity = _SILENT
        # The library always listens on a port of the loopback; a key nobody knows keeps others on this machine out.
        params.api_keys = [secrets.token_hex(32)]
        params.n_threads_http = 1
        params.ui = params.endpoint_slots = params.endpoint_props = False
        self.context = context
        self._lock = threading.Lock()
        self._runs: set[Completion] = set()
        try:
            self._server: Any = Server(params)
        except RuntimeError as error:
            raise BackendError(f"llama.cpp can't load {path}: {error}") from None
        # A server that is dropped before its loop has begun waits for ever, and the first batch is slow: so run one.
        self._server.handle_completions({"prompt": [0], "n_predict": 1})
        # Python may end while threads still run completions: stop them first.
        self._finalizer = weakref.finalize(self, _drop, self._runs, self._lock)

    def start(self, prompt: Sequence[int], options: dict[str, Any], deliver: Deliver) -> Completion:
        """Start a completion; `deliver` is called in its thread with every chunk, and with `None` at the end.

        Args:
            options: Fields of llama.cpp's completions API.

        Raises:
            InputError: The prompt leaves no room for an answer.
            BackendError: The model was closed.
        """
        if len(prompt) >= self.context:
            raise _too_long(len(prompt), self.context)
        with self._lock:
            if self._server is None:
                raise BackendError("The model was closed.", "Load it again.")
            run = Completion(self._server, deliver, self._forget)
            self._runs.add(run)
        payload = {**options, "prompt": list(prompt), "stream": True, "return_progress": True}
        run.begin(payload)
        return run

    def close(self) -> None:
        """Stop what runs and give the memory back; the second call does nothing."""
        self._finalizer.detach()
        with self._lock:
            server, self._server = self._server, None
        _drop(self._runs, self._lock)
        # The last reference: llama.cpp frees the weights and the cache here.
        del server

    @property
    def running(self) -> int:
        """How many completions hold a slot or wait for one."""
        with self._lock:
            return len(self._runs)

    def _forget(self, run: Completion) -> None:
        with self._lock:
            self._runs.discard(run)


class Completion:
    """One running completion."""

    def __init__(self, server: Any, deliver: Deliver, ended: Callable[[Completion], None]) -> None:
        self._server = server
        self._deliver = deliver
        self._ended = ended
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="qwen-router-llama-cpp", daemon=True)
        self._payload: dict[str, Any] = {}

    def begin(self, payload: dict[str, Any]) -> None:
        """Run in a thread of its own."""
        self._payload = payload
        self._thread.start()

    def stop(self, last: Event = None) -> None:
        """Free the slot at the next token, or after the next batch of the prompt; nothing is delivered after `last`."""
        if not self._stopped:
            self._stopped = True
            self._deliver(last)

    def join(self) -> None:
        """Wait until the slot is free."""
        self._thread.join()

    def _work(self) -> None:
        try:
            self._server.handle_completions(self._payload, self._take)
        except Exception as error:
            self._hand_over(BackendError(f"llama.cpp failed: {error}"))
        finally:
            self._server = None
            self._ended(self)
            self._hand_over(None)

    def _take(self, chunk: dict[str, Any]) -> bool:
        """Pass a chunk on; true stops the completion."""
        if "error" in chunk:
            self._hand_over(_fault(chunk["error"]))
        elif "prompt_progress" not in chunk:
            self._hand_over(chunk)
        return self._stopped

    def _hand_over(self, event: Event) -> None:
        if not self._stopped:
            self._deliver(event)


def _spin_briefly() -> None:
    """Let llama.cpp's threads yield soon while they wait for each other.

    GNU OpenMP reads these variables once, when it is loaded. By its default the threads spin for milliseconds, which on
    cores that other work shares holds up the very thread they wait for: measured with two busy processes on two cores,
    2.3 tokens/s by default and 13.4 with 2,000 rounds; 35 either way on idle cores.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "2000")


def _fault(error: dict[str, Any]) -> Exception:
    if error.get("type") == "exceed_context_size_error":
        return _too_long(error["n_prompt_tokens"], error["n_ctx"])
    if error.get("type") == "invalid_request_error":
        return InputError(f"llama.cpp refuses the request: {error.get('message')}.")
    return BackendError(f"llama.cpp failed: {error.get('message')}.")


def _too_long(tokens: int, context: int) -> InputError:
    return InputError(
        f"The prompt has {tokens:,} tokens, but the model's context holds {context:,} with its answer.",
        "Shorten it, or raise `context` in [sizing].",
    )


def _drop(runs: set[Completion], lock: threading.Lock) -> None:
    with lock:
        running = list(runs)
    for run in running:
        run.stop(BackendError("The model was closed while it answered.", "Load it again."))
    for run in running:
        run.join()
