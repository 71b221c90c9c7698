import sqlite3
import threading

import pytest
from conftest import GENERAL_SMALL

from qwen_router import Candidate, Check, Offer, Router, Specialist, hookimpl
from qwen_router.testing import FakeBackend
from qwen_router.track_record import TrackRecord


def candidate(model="a", **fields):
    offer = Offer(precision="q4_k_m", format="gguf", quant="q4_k_m")
    return Candidate(
        model=model, offer=offer, backend="b", memory_bytes=1, tokens_per_second=1, quality=0.5, context=100, **fields
    )


@pytest.fixture
def record(tmp_path):
    made = TrackRecord(tmp_path / "dir" / "record.sqlite")
    yield made
    made.close()


def test_a_speed_counts_from_a_hundred_tokens_on(record):
    record.answered(candidate(), 60, 2.0)
    assert record.tokens_per_second(candidate()) is None
    record.answered(candidate(), 60, 2.0)
    assert record.tokens_per_second(candidate()) == pytest.approx(30)
    assert record.tokens_per_second(candidate("b")) is None


def test_later_answers_count_for_more(record):
    for _ in range(30):
        record.answered(candidate(), 100, 10.0)
    for _ in range(30):
        record.answered(candidate(), 100, 1.0)
    assert record.tokens_per_second(candidate()) == pytest.approx(100, rel=0.4)


def test_the_last_load_counts(record):
    assert record.load_seconds(candidate()) is None
    record.loaded(candidate(), 5.0)
    record.loaded(candidate(), 3.0)
    assert record.load_seconds(candidate()) == 3.0


def test_it_counts_its_notes_on_each_model(record):
    record.loaded(candidate(), 5.0)
    record.answered(candidate(), 60, 2.0)
    record.judged(candidate(), "math", 0.5, 0.5, rejected=False)
    assert (record.notes("a"), record.notes("b")) == (3, 0)


def test_quality_needs_twenty_answers_and_leans_on_the_published_figure(record):
    for _ in range(19):
        record.judged(candidate(), "math", 0.8, 0.5, rejected=True)
    assert record.quality(candidate(), "math", 0.8) is None
    record.judged(candidate(), "math", 0.8, 0.5, rejected=True)
    quality, answers = record.quality(candidate(), "math", 0.8)
    assert 0.1 < quality < 0.5
    assert answers == 20
    assert record.quality(candidate(), "code", 0.8) is None
    assert record.quality(candidate(thinking=True), "math", 0.8) is None


def test_answers_as_good_as_expected_change_little(record):
    # Published quality 0.39 is that of the reference: at difficulty 0.5 every second answer is right.
    for at in range(40):
        record.judged(candidate(), "math", 0.39, 0.5, rejected=at % 2 == 0)
    quality, _ = record.quality(candidate(), "math", 0.39)
    assert quality == pytest.approx(0.39, abs=0.03)


def test_right_answers_to_hard_requests_raise_the_quality_more(record):
    for _ in range(20):
        record.judged(candidate("easy"), "math", 0.4, 0.1, rejected=False)
        record.judged(candidate("hard"), "math", 0.4, 0.9, rejected=False)
    easy, hard = (record.quality(candidate(name), "math", 0.4)[0] for name in ("easy", "hard"))
    assert 0.4 < easy < hard


def test_the_next_process_reads_what_this_one_wrote(tmp_path):
    path = tmp_path / "record.sqlite"
    first = TrackRecord(path)
    first.answered(candidate(), 200, 4.0)
    first.loaded(candidate(), 2.5)
    for _ in range(20):
        first.judged(candidate(), "math", 0.5, 0.5, rejected=False)
    # Not closed: a killed process loses nothing either.
    second = TrackRecord(path)
    assert second.tokens_per_second(candidate()) == pytest.approx(50)
    assert second.load_seconds(candidate()) == 2.5
    assert second.quality(candidate(), "math", 0.5) == first.quality(candidate(), "math", 0.5)
    first.close()
    second.close()


def test_threads_may_share_it(record):
    def work():
        for _ in range(50):
            record.judged(candidate(), "math", 0.5, 1.0, rejected=True)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert record.quality(candidate(), "math", 0.5)[1] == 200


@pytest.mark.parametrize("content", [b"not a database, but long enough to look like a file of one" * 40, b""])
def test_a_damaged_file_is_done_without(tmp_path, content):
    path = tmp_path / "record.sqlite"
    path.write_bytes(content)
    record = TrackRecord(path)
    record.answered(candidate(), 200, 4.0)
    assert record.tokens_per_second(candidate()) == pytest.approx(50)
    record.close()


def test_a_place_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    record = TrackRecord(tmp_path / "file" / "record.sqlite")
    record.loaded(candidate(), 1.0)
    assert record.load_seconds(candidate()) == 1.0
    record.close()


def test_a_table_of_another_version_is_done_without(tmp_path):
    path = tmp_path / "record.sqlite"
    with sqlite3.connect(path) as file:
        file.execute("create table speed (model text)")
        file.execute("insert into speed values ('a')")
    file.close()
    record = TrackRecord(path)
    record.answered(candidate(), 200, 4.0)
    assert record.tokens_per_second(candidate()) == pytest.approx(50)
    record.close()


class Judge(Specialist):
    name, task, examples, ladder = "judge", "judging", ("Judge this",), (GENERAL_SMALL,)
    decisive = True

    def check(self, request, generation):
        return Check(status="accepted", decisive=self.decisive)

    @hookimpl
    def specialists(self):
        """Bring itself."""
        return (self,)


@pytest.mark.parametrize(("decisive", "learn", "kept"), [(True, True, 20), (False, True, None), (True, False, None)])
def test_only_decisive_checks_are_learned_from(decisive, learn, kept):
    judge = Judge()
    judge.decisive = decisive
    backend = FakeBackend([GENERAL_SMALL])
    off = {"enabled": False}
    with Router.from_config(
        plugins=[backend, judge],
        weights={"sources": []},
        sizing={"learn": learn},
        backends={"llama_cpp": off, "transformers": off, "openai_api": off},
    ) as router:
        for _ in range(20):
            answer = router.invoke("Judge this", hints={"task": "judging"})
        winner = answer.decision.choices["1"].winner
        known = router._services.track_record
        found = known and known.quality(winner, "judging", winner.quality)
        assert (found and found[1]) == kept
        again = router.explain("Judge this", hints={"task": "judging"}).choices["1"].winner
        assert ("20 answers checked here" in again.evidence) == bool(kept)
