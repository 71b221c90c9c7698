"""What can go wrong at a server, said so that the reader can mend it."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Iterator

import openai

from qwen_router.errors import (
    BackendError,
    BackendUnavailable,
    ConfigError,
    Overloaded,
    RouterError,
)
from qwen_router_plugins.backends.openai_api.server import NO_KEY, Server

LONGEST_WAIT = 60.0
"""Seconds; a server that asks for more is called busy instead."""
_DEFAULT_RETRY_AFTER = 10.0
_SETTING = "[backends.openai_api]"


def worth_another_try(error: Exception) -> bool:
    """Say whether the fault may pass by itself: 429, 5xx, or no connection."""
    if isinstance(error, openai.APIStatusError):
        if (wait := retry_after(error)) is not None and wait > LONGEST_WAIT:
            return False
        return error.status_code == 429 or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError) and not _silent(error)


def delay_before_retry(error: Exception, tries: int, first_delay: float) -> float:
    """Return the seconds to wait: what the server asks for, else twice as long each time, less up to a quarter.

    Args:
        tries: How many have failed, at least 1.
        first_delay: Seconds before the second try.
    """
    if isinstance(error, openai.APIStatusError) and (asked := retry_after(error)) is not None:
        return asked
    return min(LONGEST_WAIT, first_delay * 2.0 ** (tries - 1)) * (1 - random.random() / 4)


def retry_after(error: openai.APIStatusError) -> float | None:
    """Return the seconds of a `Retry-After` header, which holds seconds or a date; `None` without a usable one."""
    value = error.response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        date = email.utils.parsedate_tz(value)
        if date is None:
            return None
        seconds = email.utils.mktime_tz(date) - time.time()
    return max(0.0, seconds) if seconds < float("inf") else None


def explain(error: Exception, server: Server, model: str = "", *, tokens: int = 0, tries: int = 1) -> RouterError:
    """Return the router's error for what the SDK raised.

    Args:
        tokens: How many had arrived.
        tries: How many calls were made.
    """
    if isinstance(error, RouterError):
        return error
    often = f" {tries} times" if tries > 1 else ""
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, server, model, often)
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(error, server, tokens, often)
    if isinstance(error, openai.APIError):
        said = server.clean(error.message)
        return BackendError(f"The server at {server.shown} stopped{_after(tokens)}: {said}", "Look at its log.")
    said = server.clean(f"{type(error).__name__}: {error}")
    return not_the_api(server, said)


def not_the_api(server: Server, said: str) -> BackendError:
    """Return the error for an answer that isn't in the form of the OpenAI API."""
    return BackendError(
        f"What the server at {server.shown} answered is not the OpenAI API: {said}.",
        f"Check {_SETTING} base_url; it usually ends in /v1.",
    )


def broken_off(server: Server, tokens: int) -> BackendError:
    """Return the error for a stream that ended before the answer did."""
    return BackendError(f"The server at {server.shown} broke off{_after(tokens)}.", "Try again, or look at its log.")


def _of_status(error: openai.APIStatusError, server: Server, model: str, often: str) -> RouterError:
    where, code, said = f"The server at {server.shown}", error.status_code, server.clean(_message(error))
    named = f" {model!r}" if model else ""
    if code == 401:
        if server.key.get_secret_value() == NO_KEY:
            return ConfigError(
                f"{where} wants a key (401): {said}", f"Put it into the environment variable {server.key_env}."
            )
        return ConfigError(
            f"{where} refused the key (401): {said}", f"Check the environment variable {server.key_env}."
        )
    if code == 403:
        return ConfigError(
            f"{where} denies access{' to' + named if named else ''} (403): {said}",
            f"Check what the key in the environment variable {server.key_env} may use.",
        )
    if code == 404:
        return ConfigError(
            f"{where} doesn't have the model{named}, or has no such address (404): {said}",
            f"Check {_SETTING} models and base_url, which usually ends in /v1.",
        )
    if code == 429:
        asked = retry_after(error)
        return Overloaded(
            f"{where} is busy{', asked' + often if often else ''} (429): {said}",
            "Try again later.",
            retry_after=_DEFAULT_RETRY_AFTER if asked is None else asked,
        )
    if code >= 500:
        return BackendError(f"{where} failed{often} ({code}): {said}", "Look at its log.")
    if code < 400:
        target = server.clean(error.response.headers.get("location", "another address"))
        return ConfigError(f"{where} redirects to {target}.", f"Put the right address into {_SETTING} base_url.")
    fix = "Shorten the request, or start the server with more context." if "context" in said.lower() else ""
    return BackendError(f"{where} refused the request ({code}): {said}", fix)


def _of_connection(error: openai.APIConnectionError, server: Server, tokens: int, often: str) -> BackendError:
    if _silent(error):
        return BackendError(
            f"The server at {server.shown} sent no byte for {server.timeout:g} s{_after(tokens)}.",
            f"Look at its log, or raise {_SETTING} timeout.",
        )
    if tokens:
        return broken_off(server, tokens)
    reason = next((str(cause) for cause in _causes(error.__cause__) if str(cause)), "no connection")
    return BackendUnavailable(
        f"The server at {server.shown} doesn't answer{', asked' + often if often else ''}: {server.clean(reason)}.",
        f"Start it, or correct {_SETTING} base_url.",
    )


def _silent(error: openai.APIConnectionError) -> bool:
    """Say whether a connected server sent nothing: trying again would only wait as long once more."""
    names = {type(cause).__name__ for cause in _causes(error)}
    return isinstance(error, openai.APITimeoutError) and "ConnectTimeout" not in names


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        # The SDK's own text, "Connection error.", says nothing.
        if not isinstance(error, openai.OpenAIError) or error.__cause__ is None:
            yield error
        error = error.__cause__


def _message(error: openai.APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict):
        said = body.get("message") or body.get("detail") or body.get("error")
        if said:
            return str(said)
    return error.response.text or error.message


def _after(tokens: int) -> str:
    return f" after about {tokens} token{'' if tokens == 1 else 's'}" if tokens else " before the first token"
