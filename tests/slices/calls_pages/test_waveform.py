"""The picture of a recording and its marks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from tests.slices.calls_pages.test_calls_pages import (
    MakeCallsWeb,
    a_talk,
    folder,
    make_calls_web,
    wav,
)

from denwaban.access import Role
from denwaban.calls import Call, call
from denwaban.calls.marks import Happened, marks
from denwaban.calls.waveform import BARS, recording_peaks
from denwaban.clock import MovedClock
from denwaban.journal import Fact, append
from denwaban.store import Store, Tx

__all__ = ["folder", "make_calls_web"]


async def test_the_picture_is_computed_once_and_again_when_the_recording_changes(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path
) -> None:
    call_id = await a_talk(store, clock)
    web = await make_calls_web()
    sv = await web.browser(Role.SUPERVISOR)
    path = f"/calls/{call_id}/waveform"
    assert (await sv.get(path)).status_code == 404
    sound = numpy.zeros(8000 * 3, dtype="<i2")
    sound[8000:16000] = 16_000
    head = wav(len(sound))[:44]
    (folder / f"{call_id}.wav").write_bytes(head + sound.tobytes())
    told = (await sv.get(path)).json()
    assert told["seconds"] == 3
    assert len(told["peaks"]) == BARS
    assert set(told["peaks"][:195]) == {0}
    assert set(told["peaks"][205:395]) == {125}
    count = select(func.count()).select_from(recording_peaks)
    assert await store.read(lambda tx: tx.scalar(count)) == 1
    assert (await sv.get(path)).json() == told
    (folder / f"{call_id}.wav").write_bytes(head + sound[:8100].tobytes())
    assert max((await sv.get(path)).json()["peaks"][:500]) == 0
    assert await store.read(lambda tx: tx.scalar(count)) == 1
    for role in (Role.OPERATOR, Role.CLIENT):
        other = await web.browser(role, "c" * 32 if role is Role.CLIENT else None)
        assert (await other.get(path)).status_code == 403


async def test_marks_are_on_the_page(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path
) -> None:
    call_id = await a_talk(store, clock)
    (folder / f"{call_id}.wav").write_bytes(wav(8000 * 65))

    def happen(tx: Tx) -> None:
        append(tx, Fact("care.help_asked", call_id, None, {"abuse": False}))

    await store.write(happen)
    web = await make_calls_web()
    sv = await web.browser(Role.SUPERVISOR)
    shown = (await sv.get(f"/calls/{call_id}")).text
    assert "SV を呼んだ" in shown
    assert "data-at=" in shown
    assert "/waveform" in shown
    found = await store.read(lambda tx: call(tx, call_id))
    assert found is not None


@given(st.lists(st.integers(0, 300), min_size=2, max_size=2))
def test_marks_leave_out_the_time_in_which_nothing_was_recorded(gaps: list[int]) -> None:
    start = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    one = Call("c", None, "leg", "t", "d", "", start, answered_at=start)
    lost = start + timedelta(seconds=30)
    back = lost + timedelta(seconds=gaps[0])
    held = back + timedelta(seconds=gaps[1])
    facts = [
        Happened("call.answered", start, {}),
        Happened("call.returned", lost, {}),
        Happened("call.answered", back, {}),
        Happened("call.held", held, {}),
    ]
    assert [(m.kind, m.seconds) for m in marks(one, facts)] == [
        ("call.returned", 30.0),
        ("call.held", 30.0 + gaps[1]),
    ]
