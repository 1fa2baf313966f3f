"""Whatever is done to a chain of sealed rows, the check finds it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.audit.model import START, Broken, Check, Entry, Head, Trace, sealed

WHEN = datetime(2026, 11, 24, 1, tzinfo=UTC)

ids = st.none() | st.text("0123456789abcdef", min_size=1, max_size=4)
traces = st.builds(
    Trace,
    kind=st.sampled_from(["recording.played", "field.shown", "export.taken"]),
    user_id=ids,
    client_id=ids,
    call_id=ids,
    subject=st.text(max_size=4),
    data=st.dictionaries(
        st.text(max_size=3), st.none() | st.booleans() | st.integers() | st.text(max_size=3)
    ),
)


def chain(of: list[Trace]) -> list[Entry]:
    rows: list[Entry] = []
    head = Head(0, START)
    for number, trace in enumerate(of):
        row = sealed(head, WHEN + timedelta(microseconds=number), trace)
        rows.append(row)
        head = Head(row.seq, row.hash)
    return rows


def head_of(rows: list[Entry]) -> Head:
    return Head(rows[-1].seq, rows[-1].hash)


def found(
    rows: list[Entry], head: Head | None, expected: dict[int, str] | None = None
) -> Broken | None:
    check = Check(expected)
    for row in rows:
        if (broken := check.take(row)) is not None:
            return broken
    return check.end(head)


@pytest.mark.req("G4")
@given(st.lists(traces, min_size=1, max_size=6))
def test_what_was_written_holds(of: list[Trace]) -> None:
    rows = chain(of)
    assert found(rows, head_of(rows)) is None
    assert found(rows, head_of(rows), {rows[-1].seq: rows[-1].hash}) is None


@pytest.mark.req("G4")
@given(st.lists(traces, min_size=1, max_size=6), st.data())
def test_any_change_of_a_row_is_found_there(of: list[Trace], data: st.DataObject) -> None:
    rows = chain(of)
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(Entry._fields[1:]))
    old = getattr(rows[place], name)
    new = {
        "at": old + timedelta(microseconds=1) if name == "at" else old,
        "hash": "0" * 64,
        "data": '{"x":1}' + "x",
    }.get(name, f"{old}x")
    bad = [*rows]
    bad[place] = rows[place]._replace(**{name: new})
    assert found(bad, head_of(rows)) == Broken(rows[place].seq, "changed")


@pytest.mark.req("G4")
@given(st.lists(traces, min_size=2, max_size=6), st.data())
def test_what_is_removed_moved_or_put_in_is_found(of: list[Trace], data: st.DataObject) -> None:
    rows = chain(of)
    head = head_of(rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    gone = rows[:place] + rows[place + 1 :]
    assert found(gone, head) == Broken(place + 1, "missing")
    # The same with the numbers mended afterwards.
    renumbered = [row._replace(seq=number) for number, row in enumerate(gone, 1)]
    assert found(renumbered, Head(len(gone), head.hash)) is not None
    # Two rows change places, each with the other's number.
    other = data.draw(st.integers(0, len(rows) - 1).filter(lambda n: n != place))
    moved = [*rows]
    moved[place] = rows[other]._replace(seq=place + 1)
    moved[other] = rows[place]._replace(seq=other + 1)
    assert found(moved, head) is not None
    # A row is put in, sealed as it should be after the one before it.
    before = Head(rows[place - 1].seq, rows[place - 1].hash) if place else Head(0, START)
    new = sealed(before, WHEN, Trace("field.shown", "somebody", data={"new": True}))
    rest = [row._replace(seq=row.seq + 1) for row in rows[place:]]
    assert found([*rows[:place], new, *rest], Head(head.seq + 1, head.hash)) is not None
    # One more at the end, which the mark does not know.
    after = sealed(head, WHEN, Trace("field.shown", "somebody"))
    assert found([*rows, after], head) == Broken(head.seq + 1, "added")


@pytest.mark.req("G4")
@given(st.lists(traces, min_size=1, max_size=5))
def test_a_chain_made_anew_is_found_by_a_seal_that_was_noted(of: list[Trace]) -> None:
    rows = chain(of)
    noted = {rows[-1].seq: rows[-1].hash}
    forged = chain([replace(of[0], subject="other person"), *of[1:]])
    assert found(forged, head_of(forged)) is None
    assert found(forged, head_of(forged), noted) == Broken(rows[-1].seq, "expected")
    shorter = forged[:-1]
    end = head_of(shorter) if shorter else None
    assert found(shorter, end, noted) == Broken(rows[-1].seq, "missing")


def test_nothing_holds_and_rows_without_a_mark_do_not() -> None:
    assert found([], None) is None
    assert found(chain([Trace("a.b", None)]), None) == Broken(1, "head")
