"""The engine's ledger and the record: who is missing there, what was said to the engine, and when calls that nobody saw ended."""

import json
import os
import stat
import struct
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.recording_story import NoCalls, wav
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import (
    Call,
    CallState,
    Outcome,
    begin,
    changes,
    erase_recordings,
    missed,
    record,
)
from denwaban.calls import ended as end
from denwaban.lines import ServiceLevel, Step, StepKind, set_level
from denwaban.routing import LeftCalls, Switchboard, message_to_tell, message_told
from denwaban.store import new_id
from denwaban.telephony.engine import PRACTICE_TRUNK, Ledger
from denwaban.telephony.port import HangUp

CALLER = "09012345678"


class Engine:
    """What the dialplan writes."""

    def __init__(self, house: House, home: Path) -> None:
        self.house = house
        self.left, self.run = home / "left", home / "run"
        for folder in (self.left, self.run):
            folder.mkdir()
        self.began()

    def began(self) -> None:
        """The engine was started now."""
        now = self.house.clock.now().timestamp()
        pid = self.run / "asterisk.pid"
        pid.write_text("1")
        os.utime(pid, (now, now))

    def comes(
        self, leg: str, dialled: str = NUMBER, caller: str = CALLER, trunk: str = "t"
    ) -> None:
        self._write(id=leg, trunk=trunk, dialled=dialled, caller=caller, at=self._now())

    def goes(self, leg: str, **more: object) -> None:
        self._write(id=leg, ended=self._now(), **{"seat": "", "cause": "16", "notes": []} | more)

    def says(self, leg: str) -> None:
        path = self.left / f"{leg}.wav"
        path.write_bytes(wav(8000, closed=False))
        now = self.house.clock.now().timestamp()
        os.utime(path, (now, now))

    def _now(self) -> str:
        return self.house.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _write(self, **line: object) -> None:
        with (self.left / "ledger").open("a") as page:
            page.write(json.dumps(line, separators=(",", ":")) + "\n")

    def pages(self) -> str:
        return "".join(path.read_text() for path in self.left.glob("ledger*"))


@pytest.fixture
def engine(house: House, tmp_path: Path) -> Engine:
    return Engine(house, tmp_path)


def sweeper(house: House, engine: Engine, board: NoCalls | Switchboard | None = None) -> LeftCalls:
    ledger = Ledger(engine.left, engine.run)
    return LeftCalls(house.store, house.clock, house.phone, ledger, board or NoCalls())


def seconds(house: House, count: float) -> None:
    house.clock.advance(timedelta(seconds=count))


@pytest.mark.req("C9")
async def test_a_message_becomes_a_call_once_and_can_be_played(
    house: House, engine: Engine
) -> None:
    house.phone._recordings = engine.left.parent / "recordings"
    for leg, dialled in (("1.1", NUMBER), ("1.2", NUMBER), ("1.3", NUMBER), ("1.4", "0399999999")):
        engine.comes(leg, dialled)
    engine.says("1.1")
    engine.says("1.3")
    seconds(house, 30)
    for leg in ("1.1", "1.2", "1.4"):
        engine.goes(leg)
    seconds(house, 10)
    sound = (engine.left / "1.1.wav").read_bytes()
    since = house.clock.now() - timedelta(minutes=5)
    sweep = sweeper(house, engine)
    assert await sweep.sweep() == 3
    found = {call.leg: call for call in await house.calls_in_record()}
    assert {leg: call.outcome for leg, call in found.items()} == {
        "1.1": Outcome.MESSAGE,
        "1.2": Outcome.ABANDONED,
        "1.4": Outcome.REFUSED,
    }
    assert found["1.2"].wait_ms == 30_000
    message = found["1.1"]
    assert message.recording == f"{message.id}.wav"
    wav = house.phone.recording(message.id).read_bytes()
    assert struct.unpack("<I", wav[40:44])[0] == 16000, "the unfinished header is mended"
    assert [path.name for path in engine.left.glob("*.wav")] == ["1.3.wav"]
    # Killed between the row and the forgetting: the same lines are met again, by this program and by the next.
    (engine.left / "1.1.wav").write_bytes(sound)
    assert await sweep.sweep() == 0
    assert await sweeper(house, engine).sweep() == 0
    assert len(await house.calls_in_record()) == 3
    told = await house.store.read(lambda tx: missed(tx, house.client, since))
    assert {entry.outcome for entry in told} == {Outcome.MESSAGE, Outcome.ABANDONED}


@pytest.mark.req("D2")
async def test_who_was_left_to_the_engine_keeps_their_call_and_is_due_to_be_told(
    house: House, engine: Engine
) -> None:
    house.phone._recordings = engine.left.parent / "recordings"
    ids = {}
    for leg in ("1.1", "1.2", "1.3"):
        engine.comes(leg)
        made = await house.store.write(
            lambda tx, it=leg: begin(  # type: ignore[misc]
                tx, client_id=house.client, dialled="+81312345678", caller="+819012345678", leg=it
            )
        )
        ids[leg] = made.id
        await house.store.write(lambda tx, it=made.id: end(tx, it, Outcome.ABANDONED))  # type: ignore[misc]
    engine.says("1.1")
    engine.says("1.3")
    sweep = sweeper(house, engine)
    await sweep.sweep()
    assert {path.name for path in engine.left.glob("*.wav")} == {"1.1.wav", "1.3.wav"}, "they speak"
    seconds(house, 30)
    engine.goes("1.1")
    engine.goes("1.2")
    # The engine dies while the third speaks: there will be no end.
    engine.began()
    for _ in range(3):
        assert await sweep.sweep() == 0
    found = {call.leg: call for call in await house.calls_in_record()}
    assert {leg: call.outcome for leg, call in found.items()} == {
        "1.1": Outcome.MESSAGE,
        "1.2": Outcome.ABANDONED,
        "1.3": Outcome.MESSAGE,
    }
    assert house.phone.recording(ids["1.1"]).exists()
    assert found["1.1"].ended_at == house.clock.now()

    async def due(leg: str) -> bool:
        return await house.store.read(lambda tx: message_to_tell(tx, ids[leg])) is not None

    assert [await due(leg) for leg in ids] == [True, False, True]
    await house.store.write(lambda tx: message_told(tx, ids["1.1"]))
    assert not await due("1.1")
    assert (await house.facts()).count("call.message_left") == 2
    assert list(engine.left.glob("*.wav")) == []


async def test_the_ledger_forgets_who_is_in_the_record_and_nobody_else(
    house: House, engine: Engine
) -> None:
    board = NoCalls("1.2")
    engine.comes("1.1")
    engine.comes("1.2")
    engine.comes("1.3", caller="anonymous")
    seconds(house, 1)
    engine.goes("1.1")
    seconds(house, 10)
    sweep = sweeper(house, engine, board)
    for _ in range(3):
        await sweep.sweep()
    pages = engine.pages()
    assert "1.1" not in pages
    assert CALLER in pages, "of 1.2, who is there and not written"
    assert {stat.S_IMODE(path.stat().st_mode) for path in engine.left.iterdir()} == {0o600}
    # Another program finds them by what stayed; the engine died meanwhile with the last one.
    engine.goes("1.2", seat="seat-suzuki", notes=[{"call": "c" * 32}])
    engine.began()
    began = house.clock.now()
    seconds(house, 10)
    assert await sweeper(house, engine).sweep() == 2
    found = {call.leg: call for call in await house.calls_in_record()}
    talked, lost = found["1.2"], found["1.3"]
    assert (talked.id, talked.outcome) == ("c" * 32, Outcome.ANSWERED)
    assert talked.operator_id == house.operators["suzuki"]
    assert (lost.outcome, lost.caller, lost.ended_at) == (Outcome.LOST, "", began)
    sweep = sweeper(house, engine)
    for _ in range(3):
        assert await sweep.sweep() == 0
    assert engine.pages() == ""


@pytest.mark.req("A6")
async def test_how_a_call_of_which_nothing_is_known_ended_is_told_by_the_engine(
    house: House, engine: Engine
) -> None:
    cases: Mapping[str, tuple[dict[str, str], str, Outcome]] = {
        "1.1": ({}, "17", Outcome.BLOCKED),
        "1.2": ({}, "34", Outcome.LOST),
        "1.3": ({"dialled": "0312345679"}, "16", Outcome.OUT_OF_HOURS),
        "1.4": ({"dialled": "0399999999"}, "1", Outcome.REFUSED),
        "1.5": ({"trunk": PRACTICE_TRUNK}, "16", Outcome.ABANDONED),
    }
    for leg, (given, cause, _) in cases.items():
        engine.comes(leg, **given)
        engine.goes(leg, cause=cause)
    # A line cut off by a full disk spoils no other, and is not skipped.
    second = int(house.clock.now().timestamp())
    torn, alone = f"{second}.6", f"{second}.8"
    with (engine.left / "ledger").open("a") as page:
        page.write(f'{{"id":"{torn}","trunk":"t","dia')
    engine.goes("1.7")
    with (engine.left / "ledger").open("a") as page:
        page.write(f'{{"id":"{alone}","tr\n')
    sweep = sweeper(house, engine)
    assert await sweep.sweep() == 0, "a moment ago: the switchboard may be about to write them"
    seconds(house, 10)
    assert await sweep.sweep() == 6
    found = {call.leg: call for call in await house.calls_in_record()}
    for leg, (_, _, outcome) in cases.items():
        assert found[leg].outcome is outcome, leg
    assert found["1.5"].practice
    assert (found["1.7"].outcome, found["1.7"].dialled) == (Outcome.REFUSED, "")
    # Those of whom no line can be read called too; nobody knows when they went.
    for _ in range(3):
        await sweep.sweep()
    assert torn in engine.pages()
    seconds(house, 600)
    await sweep.sweep()
    assert {call.leg for call in await house.calls_in_record()} >= {torn, alone}


async def test_a_message_that_no_row_took_stays_and_is_told(house: House, engine: Engine) -> None:
    house.phone._recordings = engine.left.parent / "recordings"
    for leg in ("1.1", "1.2"):
        engine.comes(leg)
        await _talked(house, leg)
        engine.says(leg)
        engine.goes(leg)
    seconds(house, 10)
    sweep = sweeper(house, engine)
    with capture_logs() as logs:
        for _ in range(3):
            await sweep.sweep()
    told = [line for line in logs if line["event"] == "routing.left_message_not_taken"]
    assert [line["leg"] for line in told] == ["1.1", "1.2"], "once each"
    assert CALLER not in str(logs)
    assert {path.name for path in engine.left.glob("*.wav")} == {"1.1.wav", "1.2.wav"}
    assert sweep.trouble() == "2 callers stay in the ledger"
    # Whoever asked to be forgotten is, and a file that was looked at and taken away is no trouble any more.
    ids = {call.leg: call.id for call in await house.calls_in_record()}
    await house.store.write(lambda tx: erase_recordings(tx, [ids["1.1"]]))
    (engine.left / "1.2.wav").unlink()
    await sweep.sweep()
    assert list(engine.left.glob("*.wav")) == []
    assert not house.phone.recording(ids["1.1"]).exists()
    assert sweep.trouble() is None


async def test_a_caller_of_whom_no_row_can_be_made_is_told_once_and_in_the_health(
    house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError(CALLER)

    engine.comes("1.1")
    engine.goes("1.1")
    seconds(house, 10)
    sweep = sweeper(house, engine)
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr("denwaban.routing.left.take_entry", fails)
        for _ in range(3):
            assert await sweep.sweep() == 0
    assert [line["event"] for line in logs] == ["routing.left_unwritable"]
    assert CALLER not in str(logs)
    assert sweep.trouble() == "1 callers stay in the ledger"
    assert await sweep.sweep() == 1, "what was wrong is mended"
    assert sweep.trouble() is None


async def _talked(house: House, leg: str) -> None:
    """A call that is over and has a recording."""
    at = house.clock.now()
    fresh = Call(new_id(), house.client, leg, "t", "+81312345678", "", at, answered_at=at)
    over = changes.ended(fresh, Outcome.ANSWERED, at, None, f"{fresh.id}.wav")
    await house.store.write(lambda tx: record(tx, [changes.arrived(fresh), over]))


async def test_calls_whose_end_nobody_saw_ended_when_the_engine_says(
    house: House, engine: Engine
) -> None:
    house.ledger = Ledger(engine.left, engine.run)
    house.phone._recordings = engine.left.parent / "recordings"
    house.phone._recordings.mkdir()
    async with house.open():
        await house.comes("suzuki")
        talking = house.dials(NUMBER)
        await house.talks("suzuki")
        waiting = house.dials(NUMBER)
        joined = await _ringing_in_record(house, "j1")
        recorded = await _ringing_in_record(house, "j2")
        await house.settled()
    (house.phone.recording(recorded.id)).write_bytes(b"\0" * (44 + 16000 * 3))
    before = {call.leg: call for call in await house.calls_in_record()}
    for leg in (talking, waiting, joined.leg, recorded.leg):
        seconds(house, 5)
        seat = "seat-tanaka" if leg == joined.leg else ""
        engine.goes(leg, seat=seat)
    ended = house.clock.now()
    for leg in (talking, waiting):
        house.phone.caller_hangs_up(leg)
    seconds(house, 3600)
    async with house.open():
        found = {call.leg: call for call in await house.calls()}
    ends = [found[leg].ended_at for leg in (talking, waiting, joined.leg, recorded.leg)]
    assert ends == [ended - timedelta(seconds=late) for late in (15, 10, 5, 0)]
    assert [found[leg].outcome for leg in (talking, waiting)] == [
        Outcome.ANSWERED,
        Outcome.ABANDONED,
    ]
    waited = ended - timedelta(seconds=10) - before[waiting].arrived_at
    assert found[waiting].wait_ms == waited.total_seconds() * 1000
    assert found[waiting].recording is None
    # They had been joined, which nobody could write any more.
    told = found[joined.leg]
    assert (told.outcome, told.operator_id) == (Outcome.ANSWERED, house.operators["tanaka"])
    heard = found[recorded.leg]
    assert (heard.outcome, heard.recording) == (Outcome.ANSWERED, f"{recorded.id}.wav")
    assert heard.answered_at == ended - timedelta(seconds=3)


async def _ringing_in_record(house: House, leg: str) -> Call:
    """A row that a program left when it was killed."""
    now: datetime = house.clock.now()
    call = Call(new_id(), house.client, leg, "t", "+81312345678", "", now, state=CallState.RINGING)
    await house.store.write(lambda tx: record(tx, [changes.arrived(call)]))
    return call


async def test_a_caller_who_left_while_the_connection_was_broken_left_then(
    house: House, engine: Engine
) -> None:
    house.ledger = Ledger(engine.left, engine.run)
    async with house.open():
        await house.comes("suzuki")
        talking = house.dials(NUMBER)
        await house.talks("suzuki")
        await house.settled()
        house.phone.connection_lost()
        await house.until(lambda: not house.view.engine)
        seconds(house, 3)
        engine.goes(talking)
        house.phone.caller_hangs_up(talking)
        left_at = house.clock.now()
        seconds(house, 60)
        house.phone.connection_back()
        await house.until(lambda: house.view.engine)
        (call,) = await house.calls()
    assert (call.outcome, call.ended_at) == (Outcome.ANSWERED, left_at)


@pytest.mark.req("A6")
async def test_whoever_speaks_to_the_engine_takes_a_line_also_of_the_next_program(
    house: House, engine: Engine, limited: Callable[[int], Awaitable[None]]
) -> None:
    await limited(1)
    ladder = (Step(5, StepKind.MESSAGE),)
    await house.store.write(lambda tx: set_level(tx, house.client, ServiceLevel(ladder=ladder)))
    house.ledger = Ledger(engine.left, engine.run)

    async def refused() -> None:
        other = house.dials(NUMBER, "09099999999")
        await house.until(lambda: house.phone.ended_with(other) is not None)
        assert house.phone.ended_with(other) is HangUp.BUSY

    async with house.open() as board:
        caller = house.dials(NUMBER, CALLER)
        engine.comes(caller)
        await house.passes(5)
        await house.until(lambda: house.acts("take_message"))
        await house.settled()
        # The floor shows what the limit counts.
        assert (house.view.calls, board.lines_in_use()) == (0, {house.client: 1})
        await refused()
        # Whatever the record has of the call, its line in the ledger stays as long as they speak.
        for _ in range(3):
            await sweeper(house, engine, board).sweep()
            seconds(house, 20)
        await refused()
    async with house.open() as board:
        await refused()
        assert board.lines_in_use() == {house.client: 1}
        engine.says(caller)
        await sweeper(house, engine, board).sweep()
        await refused()
        seconds(house, 10)
        engine.goes(caller)
        seconds(house, 1)
        # Nobody told the program: it looks when the line is wanted.
        house.dials(NUMBER, "09033333333")
        await house.until(lambda: len(house.view.waiting) == 1)
        await refused()
        left = (await house.calls())[0]
        assert left.outcome is Outcome.ABANDONED, "the message is added by whoever reads the ledger"
    assert [call.outcome for call in await house.calls()].count(Outcome.BLOCKED) == 5


async def test_an_engine_that_died_or_wrote_no_end_holds_no_line(
    house: House, engine: Engine, limited: Callable[[int], Awaitable[None]]
) -> None:
    await limited(1)
    house.ledger = Ledger(engine.left, engine.run)
    engine.comes("1.1")
    async with house.open():
        other = house.dials(NUMBER, CALLER)
        await house.until(lambda: house.phone.ended_with(other) is HangUp.BUSY)
        # Ten minutes later nobody is still speaking, whatever is written.
        seconds(house, 601)
        house.dials(NUMBER, CALLER)
        await house.until(lambda: len(house.view.waiting) == 1)
    seconds(house, 1)
    engine.comes("1.2")
    seconds(house, 1)
    engine.began()
    async with house.open():
        assert len(house.view.waiting) == 1
        await limited(2)
        await house.forgotten(NUMBER)
        house.dials(NUMBER, CALLER)
        await house.until(lambda: len(house.view.waiting) == 2)
