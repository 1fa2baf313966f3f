"""Identifiers: in order, whatever the wall clock does."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from denwaban.store import go_on_after, ids, new_id

NOW = 1_795_000_000_000_000_000


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", 0)


def at(monkeypatch: pytest.MonkeyPatch, nanoseconds: int) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds)


def test_an_id_is_a_uuid_of_version_7_and_tells_its_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at(monkeypatch, NOW)
    made = uuid.UUID(new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == NOW // 1_000_000


def test_ids_go_on_when_the_clock_goes_back_and_within_a_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for step in (0, 0, 5, -3_600, -7_200, 1, 6):
        at(monkeypatch, NOW + step * 1_000_000_000)
        found += [new_id() for _one in range(500)]
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    assert {uuid.UUID(one).version for one in found} == {7}


def test_a_later_process_goes_on_after_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOW)
    before = new_id()
    monkeypatch.setattr(ids, "_last", 0)
    at(monkeypatch, NOW - 3_600 * 1_000_000_000)
    go_on_after(before)
    later = [new_id(), new_id()]
    assert [before, *later] == sorted([before, *later])
    go_on_after("0" * 32)
    assert new_id() > later[1]


def test_many_threads_get_different_ones() -> None:
    with ThreadPoolExecutor(4) as threads:
        found = [one for part in threads.map(_thousand, range(4)) for one in part]
    assert len(set(found)) == 4000


def _thousand(_n: int) -> list[str]:
    found = [new_id() for _one in range(1000)]
    assert found == sorted(found)
    return found
