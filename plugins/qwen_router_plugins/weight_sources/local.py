"""Model files in the operator's own directories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from qwen_router.backend import ModelFiles, Progress, Stored, WeightSource, size_on_disk
from qwen_router.catalog import Model
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router.errors import WeightsError
from qwen_router_plugins.weight_sources import checkpoint

_MAGIC = b"GGUF"


class LocalSource(WeightSource):
    """Looks through `weights.directories`.

    Safetensors are taken from `DIR/NAME/` or `DIR/ORG/NAME/` when the directory is whole, whatever the precision they
    are loaded at. A GGUF file is taken by the catalogue's file name, in any case, from DIR itself or from one of these
    directories, where NAME may also be that of the GGUF repository. Its content is the operator's affair: only the
    format's first four bytes are looked at.
    """

    name: ClassVar[str] = "local"

    def find(self, model: Model, offer: Offer, settings: Settings) -> ModelFiles | None:
        """Return the first that is there and whole."""
        if offer.format == "safetensors":
            for directory in _directories(model.id, settings):
                if checkpoint.lacking(directory, model) is None:
                    return ModelFiles(path=directory, format="safetensors", source=self.name)
        elif offer.format == "gguf" and (gguf := model.gguf_at(offer.quant)):
            roots = (Path(root).expanduser() for root in settings.weights.directories)
            for directory in (*roots, *_directories(model.id, settings), *_directories(gguf.repo, settings)):
                if file := _file_in(directory, gguf.file):
                    return ModelFiles(path=file, format="gguf", source=self.name)
        return None

    def size(self, model: Model, offer: Offer, settings: Settings) -> int | None:
        """Return `None`: there is nothing to fetch from."""
        return None

    def stored(self, model: Model, offer: Offer, settings: Settings) -> Sequence[Stored]:
        """Return what `find` does; it is the operator's own."""
        files = self.find(model, offer, settings)
        if files is None:
            return ()
        keeper = "It lies in one of weights.directories, which are yours. Delete it there."
        return (Stored(path=files.path, bytes=size_on_disk(files.path), keeper=keeper),)

    def fetch(self, model: Model, offer: Offer, settings: Settings, progress: Progress) -> ModelFiles:
        """Return what `find` does, or say why it found nothing.

        Raises:
            WeightsError: The files aren't there, aren't whole, or are pickles.
        """
        if files := self.find(model, offer, settings):
            return files
        if not settings.weights.directories:
            raise WeightsError(
                "No directory is configured.", "Name directories that hold model files in weights.directories."
            )
        for directory in _directories(model.id, settings) if offer.format == "safetensors" else ():
            if checkpoint.has_only_pickles(directory):
                raise WeightsError(f"{directory} holds pickle files only.", checkpoint.PICKLE_FIX)
            if directory.is_dir():
                raise WeightsError(
                    f"{directory} lacks {checkpoint.lacking(directory, model)}.", "Complete or remove that directory."
                )
        raise WeightsError(
            f"Nothing fits in {', '.join(settings.weights.directories)}.",
            f"Put the files into DIR/{model.name}/ of one of weights.directories.",
        )


def _directories(repository: str, settings: Settings) -> Iterator[Path]:
    organisation, _, name = repository.rpartition("/")
    for root in settings.weights.directories:
        yield Path(root).expanduser() / name
        yield Path(root).expanduser() / organisation / name


def _file_in(directory: Path, name: str) -> Path | None:
    """Return the GGUF file of that name, in any case; what can't be read is passed over."""
    try:
        for path in directory.iterdir():
            if path.name.lower() == name.lower() and _is_gguf(path):
                return path
    except OSError:
        pass
    return None


def _is_gguf(path: Path) -> bool:
    """Read the magic number, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False
