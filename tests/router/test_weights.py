from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_router.backend import ModelFiles, Progress, WeightSource
from qwen_router.catalog import Model, load_catalogue
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router.errors import Cancelled, ConfigError, WeightsError
from qwen_router.settings_file import load_settings
from qwen_router.weights import Availability, Weights

MODEL = load_catalogue()["Qwen/Qwen3-0.6B"]
BF16 = Offer(precision="bf16", format="safetensors")
NF4 = Offer(precision="nf4", format="safetensors")


class Source(WeightSource):
    """A source whose answers the test sets."""

    def __init__(self, name: str, path: Path, *, size: int | None = None, error: Exception | None = None) -> None:
        self.name = name  # type: ignore[misc]  # one class plays several sources
        self.path = path
        self.bytes = size
        self.error = error
        self.asked = 0
        self.fetched = 0

    def find(self, model: Model, offer: Offer, settings: Settings) -> ModelFiles | None:
        self.asked += 1
        return ModelFiles(path=self.path, format=offer.format, source=self.name) if self.path.exists() else None

    def size(self, model: Model, offer: Offer, settings: Settings) -> int | None:
        return self.bytes

    def fetch(self, model: Model, offer: Offer, settings: Settings, progress: Progress) -> ModelFiles:
        self.fetched += 1
        if self.error:
            raise self.error
        self.path.mkdir()
        return ModelFiles(path=self.path, format=offer.format, source=self.name)


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Source]:
    return lambda name, **answers: Source(name, tmp_path / name, **answers)


def weights(*sources: Source, names: list[str] | None = None, clock: Callable[[], float] = lambda: 0.0) -> Weights:
    settings = load_settings(weights={"sources": names or [source.name for source in sources]})
    return Weights(sources, settings, clock=clock)


def quiet(name: str, done: int, total: int) -> None:
    pass


def test_the_operators_order_counts_and_what_is_not_listed_is_never_asked(source):
    first, second, third = source("a", size=5), source("b", size=7), source("c", size=9)
    found = weights(first, second, third, names=["c", "a"]).available(MODEL, BF16)
    assert found == Availability(source="c", on_disk=False, download_bytes=9)
    assert second.asked == 0


def test_an_unknown_source_is_refused_with_the_known_ones(source):
    with pytest.raises(ConfigError, match=r"'hubb'.*Known sources: a, b\."):
        weights(source("b"), source("a"), names=["a", "hubb"])


def test_what_is_on_disk_goes_before_an_earlier_source_that_would_download(source):
    far, near = source("far", size=5), source("near")
    near.path.mkdir()
    found = weights(far, near)
    assert found.available(MODEL, BF16) == Availability(source="near", on_disk=True)
    assert found.find(MODEL, BF16) == ModelFiles(path=near.path, format="safetensors", source="near")


def test_what_only_has_to_be_put_together_counts_as_on_disk(source):
    found = weights(source("far", size=5), source("parts", size=0))
    assert found.available(MODEL, BF16) == Availability(source="parts", on_disk=True)
    assert found.find(MODEL, BF16) is None


def test_nobody_has_it(source):
    assert weights(source("a"), source("b")).available(MODEL, BF16) is None


def test_answers_are_remembered_for_every_precision_until_they_grow_old(source):
    now = 0.0
    one = source("a", size=5)
    found = weights(one, clock=lambda: now)
    for offer in (BF16, NF4, BF16):
        found.available(MODEL, offer)
        found.find(MODEL, offer)
    assert one.asked == 1
    one.path.mkdir()
    now = 60.0
    assert found.find(MODEL, BF16)


def test_files_deleted_meanwhile_are_noticed_at_once(source):
    one = source("a", size=5)
    one.path.mkdir()
    found = weights(one)
    assert found.find(MODEL, BF16)
    one.path.rmdir()
    assert found.find(MODEL, BF16) is None
    assert found.available(MODEL, BF16) == Availability(source="a", on_disk=False, download_bytes=5)


def test_the_epoch_ends_with_time_with_a_file_and_with_a_fetch(source):
    now = 0.0
    one = source("a", size=5)
    found = weights(one, clock=lambda: now)
    found.available(MODEL, BF16)
    first = found.epoch()
    assert found.epoch() == first
    now = 60.0
    assert (second := found.epoch()) != first
    found.fetch(MODEL, BF16, quiet)
    assert (third := found.epoch()) != second
    assert found.find(MODEL, BF16)
    assert found.epoch() == third
    one.path.rmdir()
    assert found.epoch() != third


def test_fetch_returns_what_is_there(source):
    one = source("a")
    one.path.mkdir()
    assert weights(one).fetch(MODEL, BF16, quiet).path == one.path
    assert one.fetched == 0


def test_fetch_goes_on_to_the_next_source_and_find_knows_it_at_once(source):
    broken, good = source("broken", size=5, error=WeightsError("No way.")), source("good", size=5)
    found = weights(broken, good)
    assert found.find(MODEL, BF16) is None
    assert found.fetch(MODEL, BF16, quiet).source == "good"
    assert found.find(MODEL, BF16)


def test_fetch_sees_files_that_came_after_the_last_look(source):
    one = source("a", size=5)
    found = weights(one)
    assert found.find(MODEL, BF16) is None
    one.path.mkdir()
    assert found.fetch(MODEL, BF16, quiet).path == one.path
    assert one.fetched == 0


def test_every_reason_and_every_fix_is_in_the_error(source):
    found = weights(
        source("a", size=5, error=WeightsError("The wire is cut.", "Mend the wire.")),
        source("b", size=5, error=OSError(5, "Input/output error")),
        source("c", size=5, error=WeightsError("The shelf is empty.", "Mend the wire.")),
    )
    with pytest.raises(WeightsError) as caught:
        found.fetch(MODEL, BF16, quiet)
    message = str(caught.value)
    assert "Qwen/Qwen3-0.6B" in message
    assert "a: The wire is cut." in message
    assert "b: [Errno 5] Input/output error." in message
    assert "c: The shelf is empty." in message
    assert message.count("Mend the wire.") == 1
    assert "\n" not in message


def test_without_downloads_only_sources_that_need_no_network_are_used(source):
    far, parts = source("far", size=5), source("parts", size=0)
    assert weights(far, parts).fetch(MODEL, BF16, quiet, download=False).source == "parts"
    assert far.fetched == 0


def test_without_downloads_the_error_names_the_command(source):
    far = source("far", size=5)
    with pytest.raises(WeightsError, match=r"qwen-router pull Qwen/Qwen3-0\.6B"):
        weights(far).fetch(MODEL, BF16, quiet, download=False)
    assert far.fetched == 0


def test_what_needs_no_network_is_tried_before_an_earlier_download(source):
    far, parts = source("far", size=5), source("parts", size=0)
    assert weights(far, parts).fetch(MODEL, BF16, quiet).source == "parts"
    assert far.fetched == 0


def test_a_caller_that_stops_is_not_taken_for_a_failed_source(source):
    next_one = source("b", size=5)
    with pytest.raises(Cancelled):
        weights(source("a", size=5, error=Cancelled("Stopped.")), next_one).fetch(MODEL, BF16, quiet)
    assert next_one.fetched == 0


def test_a_source_that_says_no_more_keeps_what_it_finds(source):
    one = source("a")
    assert one.stored(MODEL, BF16, load_settings()) == ()
    (one.path / "deep").mkdir(parents=True)
    (one.path / "deep" / "file").write_bytes(b"12345")
    (stored,) = one.stored(MODEL, BF16, load_settings())
    assert (stored.path, stored.bytes, stored.keeper) == (one.path, 5, "The source a keeps it.")
    assert one.remove(MODEL, BF16, load_settings()) == 0
