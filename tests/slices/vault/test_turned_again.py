"""Old rows that were passed over, or that came in after all were sealed, are looked at again."""

import structlog

from denwaban import vault
from denwaban.store import Store, Tx
from denwaban.vault import KeyMissing, Turning, Turnings
from denwaban.web.health import Readiness


class Rows:
    """Rows 1, 2, … that a turning seals."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.sealed: set[int] = set()
        self.closed: set[int] = set()
        """Those whose key is not there."""
        self.dies_at = 0

    def turning(self) -> Turning:
        return Turning("numbers", self._step, lambda _tx: self.last - len(self.sealed))

    def _step(self, tx: Tx, after: str) -> str | None:
        row = int(after or 0) + 1
        if row > self.last:
            return None
        if row == self.dies_at:
            raise KeyMissing("as good as a kill")
        with vault.alone(tx, "numbers", str(row)):
            if row in self.closed:
                raise KeyMissing("not here")
            self.sealed.add(row)
        return str(row)


async def turned(store: Store) -> bool:
    return await store.read(lambda tx: vault.turned(tx, "numbers"))


async def test_what_was_passed_over_before_a_kill_is_not_taken_for_sealed(store: Store) -> None:
    rows = Rows(4)
    runner = Turnings(store, [rows.turning()])
    rows.closed, rows.dies_at = {2}, 3
    await runner.run()
    rows.dies_at = 0
    await runner.run()
    assert rows.sealed == {1, 3, 4}
    assert not await turned(store)
    rows.closed = set()
    await runner.run()
    assert rows.sealed == {1, 2, 3, 4}
    assert await turned(store)


async def test_rows_that_an_older_program_wrote_afterwards_are_sealed_at_the_next_start(
    store: Store,
) -> None:
    rows = Rows(2)
    runner = Turnings(store, [rows.turning()])
    await runner.run()
    assert await turned(store)
    rows.last = 4
    await runner.run()
    assert rows.sealed == {1, 2, 3, 4}


async def test_a_row_that_nobody_has_thought_of_ends_neither_program_nor_the_other_turnings(
    store: Store,
) -> None:
    def broken(_tx: Tx, _after: str) -> str | None:
        raise ValueError("佐藤 花子 has no such column")

    rows = Rows(2)
    ready = Readiness(store, (), lambda: None)
    assert await ready.check() == []
    with structlog.testing.capture_logs() as logs:
        await Turnings(store, [Turning("broken", broken), rows.turning()]).run()
    assert rows.sealed == {1, 2}
    assert "佐藤" not in str(logs)
    (told,) = [one for one in logs if one["event"] == "vault.turning_failed"]
    assert (told["turning"], told["error"]) == ("broken", "ValueError")
    assert "test_turned_again.py" in str(told["where"])
    assert await ready.check() == ["old rows: broken failed; the log says where"]
