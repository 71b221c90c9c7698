"""Where a model's files come from: the weight sources in the operators' order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qwen_router.backend import ModelFiles, Progress, WeightSource
from qwen_router.catalog import Catalogue, Model
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router.errors import ConfigError, WeightsError
from qwen_router.suggestion import nearest
from qwen_router.value import Value

_Key = tuple[str, str, str]

# Long enough that a burst of requests looks at the disk once, short enough that a file put there by hand is soon seen.
_FRESH_SECONDS = 10.0


class Availability(Value):
    """How a model can be had.

    Attributes:
        source: The weight source that has it or would fetch it.
        on_disk: Whether it is there at once, without the network. Its files may still have to be put together, which
            `Weights.fetch` does.
        download_bytes: Size of the download when it is not on disk.
    """

    source: str
    on_disk: bool
    download_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Look:
    """What the sources said at one moment."""

    files: ModelFiles | None
    availability: Availability | None
    epoch: int


class Weights:
    """Asks the weight sources of `weights.sources`, in that order.

    A source whose `size` is 0 has everything on this machine in another form, such as the installed parts of an
    embedded model. It counts as on disk, goes before every source that needs the network, and
    `fetch(download=False)` may use it.

    What the sources say is remembered for seconds, because every request asks about every model at every precision;
    files that were deleted meanwhile are noticed at once. Threads may share an instance.

    Args:
        sources: Every source that plugins brought.
        clock: Seconds that only go forward.

    Raises:
        ConfigError: `weights.sources` names a source that no plugin brought.
    """

    def __init__(
        self, sources: Sequence[WeightSource], settings: Settings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        known = {source.name: source for source in sources}
        for name in settings.weights.sources:
            if name not in known:
                raise ConfigError(
                    f"weights.sources names {name!r}, which is no weight source.",
                    f"Known sources: {', '.join(sorted(known))}.",
                )
        self._sources = tuple(known[name] for name in dict.fromkeys(settings.weights.sources))
        self._settings = settings
        self._clock = clock
        self._looks: dict[_Key, _Look] = {}
        self._seen: set[Path] = set()
        self._epoch, self._epoch_ends = 0, -math.inf

    def epoch(self) -> int:
        """Return a number that is another one when the sources may say something else than before."""
        if self._clock() >= self._epoch_ends or not all(path.exists() for path in tuple(self._seen)):
            self._forget()
        return self._epoch

    def find(self, model: Model, offer: Offer) -> ModelFiles | None:
        """Return the files if they are on this machine, ready to load."""
        return self._look(model, offer).files

    def available(self, model: Model, offer: Offer) -> Availability | None:
        """Say how the files can be had: from the disk if possible, else by a download; `None` when not at all."""
        return self._look(model, offer).availability

    def fetch(self, model: Model, offer: Offer, progress: Progress, *, download: bool = True) -> ModelFiles:
        """Return the files, bringing them here first where they are not.

        Args:
            download: Whether the network may be used; otherwise only what is on this machine is put together.

        Raises:
            WeightsError: No source could; the message holds the reason of each.
        """
        self._forget()
        if files := self.find(model, offer):
            return files
        reasons: list[str] = []
        fixes: dict[str, None] = {}
        for source in self._in_turn(model, offer, download):
            try:
                files = source.fetch(model, offer, self._settings, progress)
            except WeightsError as error:
                reasons.append(f"{source.name}: {error.what}")
                fixes.setdefault(error.fix)
            except OSError as error:
                reasons.append(f"{source.name}: {error}.")
            else:
                self._forget()
                return files
        if not download:
            reasons.append("Nothing was downloaded, because weights.auto_pull is off.")
            fixes[f"Run `qwen-router pull {model.id}`."] = None
        elif not reasons:
            reasons.append("weights.sources is empty.")
        raise WeightsError(
            f"Can't get the files of {model.id} ({offer.quant or offer.format}). {' '.join(reasons)}",
            " ".join(fix for fix in fixes if fix),
        )

    def _in_turn(self, model: Model, offer: Offer, download: bool) -> list[WeightSource]:
        """Return the sources to try: those that need no network, then, where it may be used, the others in order."""
        here = [source for source in self._sources if source.size(model, offer, self._settings) == 0]
        return here + [source for source in self._sources if source not in here] if download else here

    def _forget(self) -> None:
        """Begin to ask the sources anew."""
        self._epoch, self._epoch_ends, self._seen = self._epoch + 1, self._clock() + _FRESH_SECONDS, set()

    def _look(self, model: Model, offer: Offer) -> _Look:
        key = _key(model, offer)
        look = self._looks.get(key)
        gone = look is not None and look.files is not None and not look.files.path.exists()
        if gone or self._clock() >= self._epoch_ends:
            self._forget()
        if look is None or look.epoch != self._epoch:
            look = self._looks[key] = self._ask(model, offer, self._epoch)
            if look.files is not None:
                self._seen.add(look.files.path)
        return look

    def _ask(self, model: Model, offer: Offer, epoch: int) -> _Look:
        for source in self._sources:
            if files := source.find(model, offer, self._settings):
                return _Look(files, Availability(source=source.name, on_disk=True), epoch)
        first: Availability | None = None
        for source in self._sources:
            size = source.size(model, offer, self._settings)
            if size == 0:
                return _Look(None, Availability(source=source.name, on_disk=True), epoch)
            if size is not None and first is None:
                first = Availability(source=source.name, on_disk=False, download_bytes=size)
        return _Look(None, first, epoch)


def check_revisions(settings: Settings, catalogue: Catalogue) -> None:
    """Refuse a pin that would hold nothing.

    Raises:
        ConfigError: `weights.revisions` names a model that the catalogue doesn't hold.
    """
    for name in settings.weights.revisions:
        if name not in catalogue:
            raise ConfigError(
                f"weights.revisions names {name!r}, which is no model of the catalogue.", nearest(name, catalogue)
            )


def _key(model: Model, offer: Offer) -> _Key:
    """Return what decides the files: a directory of safetensors serves every precision alike."""
    return model.id, offer.format, offer.quant
