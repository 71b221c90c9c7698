"""The history across sessions, and files that can't be one."""

import stat

import pytest

from qwen_router.repl.history import KeptHistory


@pytest.fixture
def told():
    return []


def typed(path, told):
    return list(KeptHistory(path, told.append).load_history_strings())


def test_what_was_typed_is_there_in_the_next_session_newest_first(tmp_path, told):
    history = KeptHistory(tmp_path / "new" / "history", told.append)
    history.store_string("one")
    history.store_string("two\nlines")
    assert typed(tmp_path / "new" / "history", told) == ["two\nlines", "one"]
    assert stat.S_IMODE((tmp_path / "new" / "history").stat().st_mode) == 0o600
    assert told == []


def test_a_damaged_file_gives_what_is_text(tmp_path, told):
    file = tmp_path / "history"
    KeptHistory(file, told.append).store_string("one")
    file.write_bytes(file.read_bytes() + b"\xff\x00\x1b[2J\n+\xfe\xff\n\n+\x1b[31mred\n")
    KeptHistory(file, told.append).store_string("two")
    assert typed(file, told) == ["two", "one"]


def test_a_file_that_cant_be_used_is_told_once(tmp_path, told):
    history = KeptHistory(tmp_path, told.append)
    history.append_string("one")
    history.append_string("two")
    assert history.get_strings() == ["one", "two"]
    assert len(told) == 1
    assert "can't be used" in told[0]
    assert typed(tmp_path, []) == []


def test_a_directory_that_cant_be_made_is_told(tmp_path, told):
    (tmp_path / "file").write_text("")
    KeptHistory(tmp_path / "file" / "history", told.append).append_string("one")
    assert len(told) == 1


def test_something_long_is_remembered_for_the_session_alone(tmp_path, told):
    history = KeptHistory(tmp_path / "history", told.append)
    history.append_string("x" * 20_000)
    assert history.get_strings() == ["x" * 20_000]
    assert typed(tmp_path / "history", told) == []


def test_half_a_character_breaks_nothing(tmp_path, told):
    history = KeptHistory(tmp_path / "history", told.append)
    history.append_string("a\ud800")
    history.append_string("b")
    assert typed(tmp_path / "history", told)[0] == "b"


def test_a_long_file_loses_its_older_half(tmp_path, told):
    file = tmp_path / "history"
    file.write_text("".join(f"\n# 2026-01-01\n+entry {n:06}\n" for n in range(60_000)))
    kept = typed(file, told)
    assert kept[0] == "entry 059999"
    assert 10_000 < len(kept) < 59_000
    assert file.stat().st_size < 2**20
    assert all(line.startswith("entry ") for line in kept)
