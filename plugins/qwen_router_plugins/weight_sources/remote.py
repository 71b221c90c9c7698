"""What the hubs have in common: a list of files, a verified download, a place in the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from qwen_router.backend import ModelFiles, Progress, Stored, WeightSource, size_on_disk
from qwen_router.catalog import GgufFile, Model
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router.errors import WeightsError
from qwen_router_plugins.weight_sources import checkpoint
from qwen_router_plugins.weight_sources.disk import locked, remove, require_space, sync_directory, unused, writing

if TYPE_CHECKING:
    from qwen_router_plugins.weight_sources.download import Downloader

_BYTES_PER_PARAMETER = 2
"""The family is published in bf16."""
_STAGE = "." + "?" * 16 + ".partial"
"""What the name of a directory ends in while a download is collected in it."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to download: its path in the repository, its size in bytes and, where it is known, its SHA-256."""

    path: str
    url: str
    size: int
    sha256: str | None = None


class RemoteSource(WeightSource):
    """Downloads a repository's safetensors, or one GGUF file, into `CACHE/SOURCE/ORG/NAME/`.

    A directory takes its name only when every file in it is whole, a file only when its size and SHA-256 are right. An
    interrupted download goes on where it stopped. A second process waits for the first.

    A model that `weights.revisions` pins has a directory of its own, `NAME@REVISION`. A GGUF file is pinned by the
    catalogue's SHA-256.

    Args:
        pause: Seconds before a failed request is tried again.
    """

    host: ClassVar[str]

    def __init__(self, *, pause: float = 1.0) -> None:
        self._pause = pause

    @abstractmethod
    def offline(self, settings: Settings) -> str | None:
        """Name the setting that forbids to ask the host, or return `None`."""

    @abstractmethod
    def repository(self, model: Model) -> str | None:
        """Return the host's name of the model's repository, `None` when it has none."""

    @abstractmethod
    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""

    @abstractmethod
    def list_files(self, repository: str, revision: str | None, downloader: Downloader) -> list[RemoteFile]:
        """Return all files of a repository at a revision, by default the newest."""

    @abstractmethod
    def gguf_url(self, gguf: GgufFile) -> str:
        """Return where a GGUF file is downloaded from."""

    def find(self, model: Model, offer: Offer, settings: Settings) -> ModelFiles | None:
        """Return what an earlier fetch brought."""
        path = self._target(model, offer, settings)
        if path is None:
            return None
        if gguf := _gguf(model, offer):
            return self.files(path) if has_size(path, gguf.bytes) else None
        return self.files(path) if checkpoint.lacking(path, model) is None else None

    def size(self, model: Model, offer: Offer, settings: Settings) -> int | None:
        """Return the size by the catalogue; `None` when the host may not be asked."""
        if self.offline(settings) or self.repository(model) is None:
            return None
        if offer.format == "gguf":
            gguf = _gguf(model, offer)
            return gguf.bytes if gguf else None
        return model.stored_parameters * _BYTES_PER_PARAMETER if offer.format == "safetensors" else None

    def fetch(self, model: Model, offer: Offer, settings: Settings, progress: Progress) -> ModelFiles:
        """Download what is missing.

        Raises:
            WeightsError: The host can't be reached or refuses, a file isn't what it should be, or there is no room.
        """
        if files := self.find(model, offer, settings):
            return files
        if setting := self.offline(settings):
            raise WeightsError(f"{self.host} isn't asked: {setting} is set.", f"Unset {setting} to download.")
        target = self._target(model, offer, settings)
        if target is None:
            raise WeightsError(f"{self.host} has no official {offer.quant or offer.format} of {model.id}.")

        # httpx takes a tenth of a second to import, which a machine that never downloads needn't spend.
        from qwen_router_plugins.weight_sources.download import Downloader

        def waiting() -> None:
            progress(f"{target.name}: waiting for another process to download it", 0, 0)

        needed = self.size(model, offer, settings) or 0
        with writing(target.parent, target.name, needed), locked(target, waiting):
            if files := self.find(model, offer, settings):
                return files
            with Downloader(self.host, self.headers(), self._pause) as downloader:
                if gguf := _gguf(model, offer):
                    self._fetch_gguf(gguf, target, downloader, progress)
                else:
                    self._fetch_repository(model, target, settings, downloader, progress)
            sync_directory(target.parent)
        return self.files(target)

    def files(self, path: Path) -> ModelFiles:
        """Return a path as this source's files."""
        return ModelFiles(path=path, format="gguf" if path.suffix == ".gguf" else "safetensors", source=self.name)

    def stored(self, model: Model, offer: Offer, settings: Settings) -> Sequence[Stored]:
        """Return what earlier fetches brought or began, at every revision."""
        return [stored for target in self._targets(model, offer, settings) for stored in _kept(target)]

    def remove(self, model: Model, offer: Offer, settings: Settings) -> int:
        """Remove what earlier fetches brought or began, at every revision."""
        freed = 0
        for target in self._targets(model, offer, settings):
            if list(_kept(target)):
                with unused(target):
                    freed += sum(remove(stored.path) for stored in _kept(target))
        return freed

    def _target(self, model: Model, offer: Offer, settings: Settings) -> Path | None:
        """Return where the files of an offer take their place, `None` when the host has none of them."""
        root = settings.cache_dir / self.name
        repository = self.repository(model)
        if repository is None:
            return None
        if offer.format == "safetensors":
            revision = settings.weights.revisions.get(model.id)
            return root / (f"{repository}@{revision}" if revision else repository)
        gguf = _gguf(model, offer)
        return root / gguf.repo / gguf.file if gguf else None

    def _targets(self, model: Model, offer: Offer, settings: Settings) -> list[Path]:
        """Return every place that the files of an offer may have taken: pins come and go."""
        target = self._target(model, offer, settings)
        if target is None or offer.format == "gguf":
            return [target] if target else []
        plain = target.with_name(target.name.partition("@")[0])
        pinned = [path for path in plain.parent.glob(f"{plain.name}@*") if path.is_dir()]
        begun = [plain.with_name(path.name[1 : -len(_STAGE)]) for path in plain.parent.glob(f".{plain.name}@*{_STAGE}")]
        return list(dict.fromkeys((plain, *sorted(pinned + begun))))

    def _fetch_gguf(self, gguf: GgufFile, target: Path, downloader: Downloader, progress: Progress) -> None:
        part = _part(target)
        require_space(target.parent, gguf.bytes - (part.stat().st_size if part.is_file() else 0), gguf.file)
        file = RemoteFile(gguf.file, self.gguf_url(gguf), gguf.bytes, gguf.sha256)
        downloader.fetch(file, target, lambda done: progress(gguf.file, done, gguf.bytes))

    def _fetch_repository(
        self, model: Model, target: Path, settings: Settings, downloader: Downloader, progress: Progress
    ) -> None:
        repository = self.repository(model) or ""
        revision = settings.weights.revisions.get(model.id)
        files = _wanted(self.list_files(repository, revision, downloader), f"{repository} on {self.host}")
        stage = _stage(target, files)
        total = sum(file.size for file in files)
        require_space(stage, total - size_on_disk(stage), repository)
        stage.mkdir(exist_ok=True)
        before = 0
        # Small files first: a wrong token or a missing file shows before gigabytes have been brought.
        for file in sorted(files, key=lambda file: file.size):
            if not has_size(stage / file.path, file.size):

                def told(done: int, before: int = before) -> None:
                    progress(repository, before + done, total)

                downloader.fetch(file, stage / file.path, told)
            before += file.size
            progress(repository, before, total)
        if missing := checkpoint.lacking(stage, model):
            raise WeightsError(f"{repository} on {self.host} lacks {missing}.", "Use another source or model.")
        if target.exists():
            shutil.rmtree(target)
        os.replace(stage, target)


def has_size(path: Path, size: int) -> bool:
    """Say whether a file is there with this size in bytes."""
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _wanted(files: Iterable[RemoteFile], where: str) -> list[RemoteFile]:
    """Keep what a checkpoint needs."""
    listed = list(files)
    wanted = [file for file in listed if checkpoint.is_wanted(file.path)]
    if not any(checkpoint.is_weights(file.path) for file in wanted):
        if any(checkpoint.is_pickle(file.path) for file in listed):
            raise WeightsError(f"{where} holds pickle files only.", checkpoint.PICKLE_FIX)
        raise WeightsError(f"{where} holds no safetensors.", "Use another source or model.")
    return wanted


def _stage(target: Path, files: list[RemoteFile]) -> Path:
    """Return the directory the download is collected in, and remove those of other versions of the repository.

    Its name depends on every file's size and checksum, so files of two versions never mix.
    """
    content = "\n".join(sorted(f"{file.path} {file.size} {file.sha256}" for file in files))
    stage = target.with_name(f".{target.name}.{hashlib.sha256(content.encode()).hexdigest()[:16]}.partial")
    for other in _stages(target):
        if other != stage:
            shutil.rmtree(other)
    return stage


def _stages(target: Path) -> Iterator[Path]:
    """Yield the directories that downloads into `target` are collected in."""
    return target.parent.glob(f".{target.name}{_STAGE}")


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _gguf(model: Model, offer: Offer) -> GgufFile | None:
    return model.gguf_at(offer.quant) if offer.format == "gguf" else None


def _kept(target: Path) -> Iterator[Stored]:
    """Yield the files at `target`, and what interrupted downloads into it left."""
    for path in (target, _part(target), *_stages(target)):
        if path.exists():
            yield Stored(path=path, bytes=size_on_disk(path), partial=path != target)
