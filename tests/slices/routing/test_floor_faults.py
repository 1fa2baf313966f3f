"""Whatever fails while the engine's state is taken in, calls go on; the health is red until what was left is in order."""

import pytest
from prometheus_client import REGISTRY
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import Outcome
from denwaban.journal import Fact, append
from denwaban.routing import SeatState, adoption, catching_up, rejoining
from denwaban.routing.book import Book
from denwaban.routing.desk import Desk
from denwaban.routing.floor import Floor
from denwaban.routing.places import Places
from denwaban.store import Store, StoreError


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fault left is looked for after a moment."""
    monkeypatch.setattr(rejoining, "MEND_AFTER", 0.05)


def counted(where: str) -> float:
    return REGISTRY.get_sample_value("denwaban_routing_faults_total", {"where": where}) or 0.0


def breaks(monkeypatch: pytest.MonkeyPatch, what: object, name: str, times: int = 1) -> list[int]:
    """The first calls of it fail; how many did."""
    real, failed = getattr(what, name), list[int]()

    def broken(*args: object, **named: object) -> object:
        if len(failed) < times:
            failed.append(1)
            raise RuntimeError("broken in a test")
        return real(*args, **named)

    monkeypatch.setattr(what, name, broken)
    return failed


@pytest.mark.parametrize(
    ("what", "name", "where"),
    [
        (catching_up, "_lost", "lost"),
        (Floor, "leave", "lost"),
        (Book, "end", "action"),
        (adoption, "all_lost", "resync"),
        (rejoining, "sweep", "resync"),
        (Places, "settle", "places"),
    ],
)
async def test_the_engine_dies_and_a_fault_does_not_stop_the_floor(
    house: House, monkeypatch: pytest.MonkeyPatch, what: object, name: str, where: str
) -> None:
    before = counted(where)
    async with house.open():
        await house.comes("suzuki")
        house.dials(NUMBER, "09011111111")
        await house.talks("suzuki")
        house.dials(NUMBER, "09022222222")
        await house.settled()
        failed = breaks(monkeypatch, what, name)
        house.phone.connection_lost()
        house.phone.connection_back(restarted=True)
        await house.until(lambda: failed and house.view.engine)
        assert counted(where) == before + 1
        # The next caller is put through, and what was left is taken up.
        late = house.dials(NUMBER, "09033333333")
        await house.until(lambda: house.board.trouble() is None)
        await house.talks("suzuki")
        assert house.phone.hears(late) == "voice of seat-suzuki"
        assert house.view.waiting == ()
        outcomes = [call.outcome for call in await house.calls()]
    assert outcomes[2] is None
    assert all(one is not None for one in outcomes[:2])
    if where in ("lost", "action"):
        assert outcomes[:2] == [Outcome.LOST, Outcome.LOST]


@pytest.mark.parametrize(
    ("what", "name"), [(Desk, "leg_ended"), (adoption, "catch_up"), (Desk, "tell_seat")]
)
async def test_after_a_gap_a_fault_does_not_stop_the_floor(
    house: House, monkeypatch: pytest.MonkeyPatch, what: object, name: str
) -> None:
    async with house.open():
        await house.comes("suzuki")
        first = house.dials(NUMBER, "09011111111")
        await house.talks("suzuki")
        gone = house.dials(NUMBER, "09022222222")
        await house.settled()
        house.phone.connection_lost()
        house.phone.caller_hangs_up(gone)
        house.phone.seat_online("seat-tanaka")
        failed = breaks(monkeypatch, what, name)
        house.phone.connection_back()
        await house.until(lambda: failed and house.view.engine)
        await house.until(lambda: house.board.trouble() is None)
        assert house.phone.hears(first) == "voice of seat-suzuki"
        assert house.view.waiting == ()
        await house.comes("tanaka")
        late = house.dials(NUMBER, "09033333333")
        await house.talks("tanaka")
        assert house.phone.hears(late) == "voice of seat-tanaka"


@pytest.mark.parametrize("error", [StoreError("away"), RuntimeError("a row that cannot be read")])
async def test_a_store_that_fails_in_these_instants_stops_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        talking = house.dials(NUMBER, "09011111111")
        await house.talks("suzuki")
        real, reads = Store.read, list[int]()
        house.phone.connection_lost()
        stray = house.dials(NUMBER, "09022222222")  # nobody is told of this caller

        async def read(self: Store, verb: object) -> object:
            if "_held" in getattr(verb, "__qualname__", ""):
                reads.append(1)
                if len(reads) < 3:
                    raise error
            return await real(self, verb)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(Store, "read", read)
            house.phone.connection_back()
            await house.until(lambda: reads and house.view.engine)
            assert house.phone.hears(talking) == "voice of seat-suzuki"
            if isinstance(error, RuntimeError):
                assert "faults" in str(board.trouble())
            await house.until(lambda: board.trouble() is None)
        house.phone.caller_hangs_up(talking)
        await house.talks("suzuki")
        assert house.phone.hears(stray) == "voice of seat-suzuki"


async def test_a_new_program_takes_calls_although_what_is_open_cannot_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.open():
        await house.comes("suzuki")
        talking = house.dials(NUMBER, "09011111111")
        await house.talks("suzuki")
        waiting = house.dials(NUMBER, "09022222222")
        await house.settled()
    failed = breaks(monkeypatch, rejoining, "read_held")
    async with house.open():
        assert failed
        await house.until(lambda: house.board.trouble() is None)
        # Two calls, as before: nobody was taken twice.
        assert house.seat("suzuki").state is SeatState.TALKING
        assert house.phone.hears(talking) == "voice of seat-suzuki"
        house.phone.caller_hangs_up(talking)
        await house.talks("suzuki")
        assert house.phone.hears(waiting) == "voice of seat-suzuki"
        assert len(await house.calls()) == 2


async def test_a_fact_that_cannot_be_heard_does_not_end_the_listening(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.open() as board:
        failed = breaks(monkeypatch, Floor, "report_sent")
        await house.comes("suzuki")
        caller = house.dials(NUMBER)
        await house.talks("suzuki")
        data = {"operator_id": house.operators["suzuki"], "call_id": house.seat("suzuki").call_id}
        fact = Fact("report.sent", "one", house.client, data)
        await house.store.write(lambda tx: append(tx, fact))
        await house.until(lambda: failed)
        await house.store.write(
            lambda tx: append(tx, Fact("report.sent", "two", house.client, data))
        )
        await house.until(lambda: board.trouble() is None)
        house.phone.caller_hangs_up(caller)
        next_one = house.dials(NUMBER)
        await house.talks("suzuki")
        assert house.phone.hears(next_one) == "voice of seat-suzuki"
