"""Messages that the engine took while the program was away."""

import json
import os
import struct
from pathlib import Path

import pytest
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import Outcome, missed
from denwaban.routing import LeftCalls
from denwaban.telephony.fake import FakePhone


def leave(folder: Path, name: str, dialled: str, at: float, *, spoken: bool, ended: bool) -> None:
    note = json.dumps({"trunk": "t", "dialled": dialled, "caller": "09012345678", "at": at}) + "\n"
    if ended:
        note += json.dumps({"ended": at + 30}) + "\n"
    (folder / f"{name}.note").write_text(note)
    os.utime(folder / f"{name}.note", (at, at))
    if spoken:
        sound = b"\x01\x00" * 8000
        header = b"RIFF" + struct.pack("<I", 0) + b"WAVEfmt " + struct.pack(
            "<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16
        )  # fmt: skip
        (folder / f"{name}.wav").write_bytes(header + b"data" + struct.pack("<I", 0) + sound)


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
