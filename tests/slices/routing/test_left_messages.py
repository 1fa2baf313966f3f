"""Messages that the engine took while the program was away."""

import struct
from datetime import timedelta
from pathlib import Path

import pytest
from tests.recording_story import leave
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import Outcome, begin, missed
from denwaban.calls import call as call_of
from denwaban.calls import ended as end
from denwaban.routing import LeftCalls, message_to_tell, message_told
from denwaban.telephony.fake import FakePhone


@pytest.mark.req("C9")
async def test_a_message_becomes_a_call_once_and_can_be_played(
    house: House, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    left.mkdir()
    phone = FakePhone(house.clock, tmp_path / "recordings")
    sweeper = LeftCalls(house.store, house.clock, phone, left)
    at = house.clock.now().timestamp() - 60
    leave(left, "1", NUMBER, at, spoken=True, ended=True)
    leave(left, "2", NUMBER, at + 1, spoken=False, ended=True)
    leave(left, "3", NUMBER, at + 2, spoken=True, ended=False)
    leave(left, "4", "0399999999", at + 3, spoken=False, ended=True)
    kept = (left / "1.note").read_bytes(), (left / "1.wav").read_bytes()
    assert await sweeper.sweep() == 3
    found = await house.calls_in_record()
    assert [call.outcome for call in found] == [
        Outcome.MESSAGE,
        Outcome.ABANDONED,
        Outcome.REFUSED,
    ]
    message = found[0]
    assert message.recording == f"{message.id}.wav"
    wav = phone.recording(message.id).read_bytes()
    assert struct.unpack("<I", wav[40:44])[0] == 16000, "the unfinished header is mended"
    assert [path.name for path in sorted(left.iterdir())] == ["3.note", "3.wav"]
    # Killed between the row and the forgetting: the same note is met again.
    (left / "1.note").write_bytes(kept[0])
    (left / "1.wav").write_bytes(kept[1])
    assert await sweeper.sweep() == 1
    assert len(await house.calls_in_record()) == 3
    told = await house.store.read(lambda tx: missed(tx, house.client, message.arrived_at))
    assert {entry.outcome for entry in told} == {Outcome.MESSAGE, Outcome.ABANDONED}


@pytest.mark.req("D2")
async def test_who_was_left_to_the_engine_keeps_their_call_and_is_due_to_be_told(
    house: House, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    left.mkdir()
    phone = FakePhone(house.clock, tmp_path / "recordings")
    sweeper = LeftCalls(house.store, house.clock, phone, left)
    at = house.clock.now().timestamp()
    spoke, silent = [
        await house.store.write(
            lambda tx: begin(
                tx, client_id=house.client, dialled="+81312345678", caller="+819012345678"
            )
        )
        for _ in range(2)
    ]
    leave(left, "1", NUMBER, at, spoken=True, ended=True, call=spoke.id)
    leave(left, "2", NUMBER, at, spoken=False, ended=True, call=silent.id)
    leave(left, "3", NUMBER, at, spoken=True, ended=True, call="nobody-wrote-it")
    assert await sweeper.sweep() == 0, "the ends of the calls are not written yet"
    for one in (spoke, silent):
        await house.store.write(lambda tx, it=one: end(tx, it.id, Outcome.ABANDONED))  # type: ignore[misc]
    assert await sweeper.sweep() == 2
    now = await house.store.read(lambda tx: [call_of(tx, spoke.id), call_of(tx, silent.id)])
    assert [call.outcome for call in now if call] == [Outcome.MESSAGE, Outcome.ABANDONED]
    assert phone.recording(spoke.id).exists()
    due = await house.store.read(
        lambda tx: (message_to_tell(tx, spoke.id), message_to_tell(tx, silent.id))
    )
    assert (due[0] is not None, due[1]) == (True, None)
    await house.store.write(lambda tx: message_told(tx, spoke.id))
    assert await house.store.read(lambda tx: message_to_tell(tx, spoke.id)) is None
    assert (await house.facts()).count("call.message_left") == 1
    # Whose row never came is taken from the note in the end.
    house.clock.advance(timedelta(hours=1))
    assert await sweeper.sweep() == 1
    assert len(await house.calls_in_record()) == 3
    assert list(left.iterdir()) == []
