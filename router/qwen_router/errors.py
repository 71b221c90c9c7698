"""The errors a user can meet.

RouterError
 +- InputError            the caller's mistake: exit code 2
 |   +- ConfigError       a key, a value or a file of the configuration
 |   +- MediaError        an image or a sound that can't be read
 |   +- UnknownModel      an id that the catalogue doesn't hold
 |   +- UnknownTask       a task that no specialist serves
 |   +- NoModelFits       nothing on this machine can answer
 +- Refused               a guard said no: exit code 3
 +- PluginError           a plugin broke its contract
 +- BackendError          a model failed while loading or answering
 |   +- OutOfMemory
 |   +- BackendUnavailable  the server or the package behind a backend is missing
 +- WeightsError          model files missing, broken or not to be had
 +- ArtefactError         a file of the installation is missing or damaged
 +- TracesError           the store of decisions can't be read or written
 +- Overloaded            no free slot; carries `retry_after`
 +- Cancelled             the caller stopped the call
 +- DeadlineExceeded      the caller's deadline came before the first token
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from qwen_router.choice import Candidate


class RouterError(Exception):
    """Says what went wrong, where, and how to mend it, in one line each.

    Args:
        what: What happened, and where.
        fix: What the reader can do about it; empty when there is nothing to do.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what if not fix else f"{what} {fix}")
        self.what = what
        self.fix = fix


class InputError(RouterError):
    """The caller's mistake."""

    exit_code = 2


class ConfigError(InputError):
    """The configuration holds a key, a value or a file that can't be used."""


class MediaError(InputError):
    """An image or a sound can't be found, opened or decoded."""


class UnknownModel(InputError):
    """The catalogue holds no model of that name."""


class UnknownTask(InputError):
    """No specialist serves that task."""


class NoModelFits(InputError):
    """No candidate can answer this request on this machine.

    Args:
        candidates: All that were looked at, each with the reason it was rejected.
    """

    def __init__(self, what: str, fix: str = "", *, candidates: Sequence[Candidate] = ()) -> None:
        super().__init__(what, fix)
        self.candidates = tuple(candidates)


class Refused(RouterError):
    """A guard denied the request or the answer.

    Args:
        kind: The guard's word for it, such as `length`.
        retry_after: Seconds until the same call may pass; `None` when waiting won't help.
    """

    exit_code = 3

    def __init__(self, what: str, fix: str = "", *, kind: str = "policy", retry_after: float | None = None) -> None:
        super().__init__(what, fix)
        self.kind = kind
        self.retry_after = retry_after


class PluginError(RouterError):
    """A plugin raised, returned the wrong type or took a name that is taken.

    Args:
        plugin: The name the plugin was registered under.
    """

    def __init__(self, what: str, fix: str = "", *, plugin: str) -> None:
        super().__init__(what, fix)
        self.plugin = plugin


class BackendError(RouterError):
    """A model failed while it was loaded or while it answered."""


class OutOfMemory(BackendError):
    """The machine ran out of RAM or VRAM."""


class BackendUnavailable(BackendError):
    """A backend's package is not installed, or its server doesn't answer."""


class WeightsError(RouterError):
    """Model files are missing, broken or can't be fetched."""


class ArtefactError(RouterError):
    """A file that belongs to the installation is missing or damaged."""


class TracesError(RouterError):
    """The store of decisions can't be read or written."""


class Overloaded(RouterError):
    """Every slot is taken.

    Args:
        retry_after: Seconds after which a slot is likely to be free.
    """

    def __init__(self, what: str, fix: str = "", *, retry_after: float) -> None:
        super().__init__(what, fix)
        self.retry_after = retry_after


class Cancelled(RouterError):
    """The caller stopped the call."""


class DeadlineExceeded(RouterError):
    """The caller's deadline passed before a model could answer."""
