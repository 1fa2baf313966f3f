"""Why supervisors decided something about a call is sealed, for it may name who calls."""

from sqlalchemy import select, update
from tests.delivery_story import open_office

from denwaban.calls import begin
from denwaban.calls.decisions import Decided, decide, decisions_of
from denwaban.calls.rows import call_decisions
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.disclosure.rows import unlocks
from denwaban.disclosure.unlocking import allow, unlock
from denwaban.main.sealing import TURNINGS
from denwaban.store import Store, Tx
from denwaban.vault import UNOPENED, Turnings

WHY = "佐藤 花子様ご本人と確かめました"


async def test_reasons_of_supervisors_are_sealed_and_old_ones_become_so(
    store: Store, clock: MovedClock
) -> None:
    office = await open_office(store, clock, Settings())
    client_id, user = office.client_id, office.suzuki_user

    def act(tx: Tx) -> str:
        call = begin(tx, client_id=client_id, dialled="+81312345678", caller="+819012345678")
        nobodys = begin(tx, client_id=None, dialled="+81312345678", caller="")
        for one in (call, nobodys):
            decide(tx, one, user, Decided.FIRST, WHY)
        unlock(tx, call.id, client_id, user, WHY)
        allow(tx, call.id, client_id, user, "契約内容", WHY)
        return call.id

    call_id = await store.write(act)

    async def kept() -> list[str]:
        tables = (call_decisions, unlocks)
        return await store.read(
            lambda tx: [row["reason"] for t in tables for row in tx.all(select(t.c.reason))]
        )

    def shown(tx: Tx) -> list[str]:
        return [one.reason for one in decisions_of(tx, call_id)]

    assert all(one.startswith("dv1.") for one in await kept())
    assert await store.read(shown) == [WHY]

    def left(tx: Tx) -> int:
        return sum(one.left(tx) for one in TURNINGS if one.left is not None)

    def as_before(tx: Tx) -> None:
        for table in (call_decisions, unlocks):
            tx.execute(update(table).values(reason=WHY))

    await store.write(as_before)
    assert await store.read(shown) == [WHY]
    assert await store.read(left) == 4
    await Turnings(store, TURNINGS).run()
    assert len(await kept()) == 4
    assert all(one.startswith("dv1.") for one in await kept())
    assert await store.read(shown) == [WHY]
    await store.write(lambda tx: tx.execute(update(call_decisions).values(reason="dv1.x")) and None)
    assert await store.read(shown) == [UNOPENED]
