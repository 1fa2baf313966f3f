"""Callers' numbers are in no table as they are: looked for row by row, made of old rows, altered, without a key."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select, update
from tests.delivery_story import DRAFT, Office, open_office

from denwaban import care, delivery, memory, promises, reports, vault
from denwaban.calls import (
    Call,
    Direction,
    Outcome,
    answered,
    begin,
    call,
    calls_by_ids,
    calls_of,
    calls_of_numbers,
    changes,
    ended,
    forget_numbers,
    history,
    last_operator,
    missed,
    numbers,
    open_calls,
    record,
)
from denwaban.calls.rows import calls
from denwaban.clock import MovedClock, japan_day
from denwaban.config import Settings
from denwaban.main.sealing import TURNINGS
from denwaban.promises.rows import promises as promise_rows
from denwaban.routing import keeping
from denwaban.routing.rows import kept_places
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.summaries.acts import add_mail
from denwaban.summaries.model import Kind, Period
from denwaban.summaries.plans import Reader, add_summary
from denwaban.summaries.rows import summary_mails
from denwaban.summaries.sealing import addresses
from denwaban.vault import Turnings
from denwaban.vault.rows import vault_keys

NUMBER, OTHER, FAR = "+819071829364", "+819071820000", "+81345678123"
LINE = "+81312345678"
WRITTEN = (
    "+819071829364",
    "09071829364",
    "090-7182-9364",
    "71829364",
    "345678123",
    "3-4567-8123",
    "suzuki-mail",
)
"""The numbers of this story, as they may be written anywhere."""

ADDRESS = "suzuki-mail@yamada.example.jp"


def readable(store: Store) -> set[tuple[str, str]]:
    """(table, number) of what can be read in the tables."""
    found = set()
    with store.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                found |= {(table.name, one) for one in WRITTEN if one in repr(tuple(row))}
    return found


@dataclass(frozen=True)
class Past:
    """Calls of the office, by their ids."""

    talked: str
    missed: str
    withheld: str
    nobodys: str
    back: str

    @property
    def all(self) -> list[str]:
        return [self.talked, self.missed, self.withheld, self.nobodys, self.back]


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


def rang(tx: Tx, client_id: str | None, caller: str) -> Call:
    return begin(tx, client_id=client_id, dialled=LINE, caller=caller)


def told(office: Office) -> Callable[[Tx], Past]:
    def verb(tx: Tx) -> Past:
        talked = rang(tx, office.client_id, NUMBER).id
        answered(tx, talked, office.operator_id)
        ended(tx, talked, Outcome.ANSWERED)
        gone = rang(tx, office.client_id, NUMBER).id
        ended(tx, gone, Outcome.ABANDONED)
        withheld = rang(tx, office.client_id, "").id
        nobodys = rang(tx, None, NUMBER).id
        back = Call(
            id=new_id(), client_id=office.client_id, leg="", trunk="t", dialled=FAR, caller=LINE,
            arrived_at=tx.now, direction=Direction.OUTBOUND,
        )  # fmt: skip
        record(tx, [changes.arrived(back)])
        keeping.keep(tx, gone, office.client_id, NUMBER, LINE)
        draft = replace(DRAFT, number="090-7182-9364", callback_needed=True)
        made = reports.accept(
            tx, office.client_id, talked, office.operator_id, office.suzuki, draft, False
        )
        delivery.send(tx, made, 15)
        assert promises.make(tx, made) is not None
        day = japan_day(tx.now)
        summary = add_summary(tx, office.client_id, Period(Kind.DAILY, day, day), 1, "", None)
        add_mail(tx, summary, office.client_id, Reader(office.suzuki, "鈴木", ADDRESS), 1)
        return Past(talked, gone, withheld, nobodys, back.id)

    return verb


async def holds(store: Store, office: Office, past: Past) -> None:
    """Whatever its rows look like, the past is as it was."""

    def look(tx: Tx) -> None:
        found = calls_by_ids(tx, past.all)
        assert [(found[one].caller, found[one].dialled) for one in past.all] == [
            (NUMBER, LINE),
            (NUMBER, LINE),
            ("", LINE),
            (NUMBER, LINE),
            (LINE, FAR),
        ]
        assert found[past.back] == call(tx, past.back)
        client_id = office.client_id
        assert {one.id for one in history(tx, client_id, NUMBER)} == {past.talked, past.missed}
        assert history(tx, client_id, OTHER) == history(tx, client_id, "") == []
        assert last_operator(tx, client_id, [NUMBER, OTHER]) == office.operator_id
        assert last_operator(tx, client_id, [OTHER]) is None
        assert set(calls_of_numbers(tx, client_id, [NUMBER])) == {past.talked, past.missed}
        assert calls_of_numbers(tx, client_id, [FAR]) == [past.back]
        assert calls_of_numbers(tx, client_id, [LINE]) == []
        assert [one.number for one in missed(tx, client_id, tx.now)] == [NUMBER]
        kept = keeping.place(tx, past.missed)
        assert kept is not None
        assert keeping.open_places(tx) == {past.missed: kept}
        assert (kept.number, kept.shown) == (NUMBER, LINE)
        for number in (NUMBER, "090-7182-9364"):
            [promise] = promises.open_promises(tx, client_id, number)
            assert promise.caller_number == "090-7182-9364"
        assert promises.open_promises(tx, client_id, OTHER) == []
        [mail] = tx.all(select(summary_mails))
        assert addresses.open(tx, client_id, mail["id"], "address", mail["address"]) == ADDRESS
        assert {one.caller for one in calls_of(tx)} == {NUMBER, ""}
        again = rang_again(tx, client_id)
        known = memory.memory_of_call(tx, again)
        assert {one.call_id for one in known.past} == {past.talked, past.missed}
        assert list(known.promises) == [promise]
        for digits in ("9364", "71829364", "090-7182-9364"):
            hits = memory.find_calls(tx, digits, client_id)
            assert {one.past.call_id for one in hits} == {past.talked, past.missed}, digits
            assert {one.past.number for one in hits} == {NUMBER}
            hits = memory.find_calls(tx, digits)
            assert {one.past.call_id for one in hits} == {past.talked, past.missed, past.nobodys}
        for digits in ("99364", "8123", "5678"):
            assert memory.find_calls(tx, digits, client_id) == [], digits

    await store.read(look)


def rang_again(tx: Tx, client_id: str) -> Call:
    """A call of the same number that no row has yet."""
    return Call(
        id=new_id(), client_id=client_id, leg="", trunk="", dialled=LINE, caller=NUMBER,
        arrived_at=tx.now,
    )  # fmt: skip


def left(tx: Tx) -> int:
    return sum(one.left(tx) for one in TURNINGS if one.left is not None)


async def test_numbers_are_in_no_table(store: Store, office: Office) -> None:
    past = await store.write(told(office))
    assert readable(store) == set()
    await holds(store, office, past)
    again = await store.read(lambda tx: rang_again(tx, office.client_id))
    await store.write(lambda tx: record(tx, [changes.arrived(again)]))
    await store.write(lambda tx: care.mark_relay(tx, again, office.operator_id, True))
    later = await store.read(lambda tx: rang_again(tx, office.client_id))
    assert await store.read(lambda tx: care.is_relay(tx, later))
    # Two clients of one caller have nothing in common in the tables, nor do two numbers but for their ends.
    rows = await store.read(lambda tx: tx.all(select(calls.c.id, calls.c.caller)))
    marks = {row["id"]: row["caller"] for row in rows}
    assert marks[past.talked] == marks[past.missed] != marks[past.nobodys]
    assert marks[past.talked][:28] != marks[past.nobodys][:28]

    await store.write(lambda tx: ended(tx, past.nobodys, Outcome.REFUSED))
    await store.write(lambda tx: record(tx, [over(tx, past.back)]))
    gone = await store.write(lambda tx: forget_numbers(tx, [past.talked, past.back]))
    assert gone == 2
    found = await store.read(lambda tx: calls_by_ids(tx, past.all))
    assert (found[past.talked].caller, found[past.back].dialled) == ("", "")
    assert found[past.missed].caller == NUMBER


def over(tx: Tx, call_id: str) -> changes.Change:
    found = call(tx, call_id)
    assert found is not None
    return changes.ended(found, Outcome.NOT_REACHED, tx.now)


def as_before(tx: Tx) -> None:
    """Rows as the version before wrote them."""
    for one in calls_by_ids(tx, [row["id"] for row in tx.all(select(calls.c.id))]).values():
        plain = {"caller": one.caller, "dialled": one.dialled, "number": None}
        tx.execute(update(calls).where(calls.c.id == one.id).values(**plain))
    tx.execute(update(kept_places).values(number=NUMBER, sealed=None))
    tx.execute(update(promise_rows).values(caller_number="090-7182-9364", number=None))
    tx.execute(update(summary_mails).values(address=ADDRESS))


async def test_old_rows_are_read_and_then_sealed(store: Store, office: Office) -> None:
    past = await store.write(told(office))
    await store.write(as_before)
    plain = {"calls", "kept_places", "promises", "summary_mails"}
    assert {table for table, _ in readable(store)} == plain
    await holds(store, office, past)
    assert await store.read(left) == 7
    await Turnings(store, TURNINGS).run()
    assert await store.read(left) == 0
    assert readable(store) == set()
    assert await store.read(lambda tx: vault.turned(tx, numbers.NUMBER))
    await holds(store, office, past)
    # What is found by its mark alone now.
    assert len(await store.read(lambda tx: numbers.forms(tx, office.client_id, [NUMBER]))) == 1


async def test_a_number_that_does_not_open_fails_alone(store: Store, office: Office) -> None:
    past = await store.write(told(office))

    def swap(tx: Tx) -> None:
        sealed = tx.scalar(select(calls.c.number).where(calls.c.id == past.talked))
        tx.execute(update(calls).where(calls.c.id == past.nobodys).values(number=sealed))
        tx.execute(update(calls).where(calls.c.id == past.missed).values(number="x"))
        tx.execute(update(kept_places).values(sealed=sealed))
        tx.execute(update(promise_rows).values(number=sealed))

    await store.write(swap)
    for verb in (calls_of, open_calls):
        found = {one.id: one.caller for one in await store.read(verb)}
        assert found[past.nobodys] == numbers.UNOPENED_NUMBER
        assert found[past.withheld] == ""
    shown = await store.read(lambda tx: missed(tx, office.client_id, tx.now))
    assert [one.number for one in shown] == [numbers.UNOPENED_NUMBER]
    kept = await store.read(keeping.open_places)
    assert [one.number for one in kept.values()] == [numbers.UNOPENED_NUMBER]
    [promise] = await store.read(lambda tx: promises.open_promises(tx, office.client_id, NUMBER))
    assert (promise.caller_number, promise.caller_name) == (numbers.UNOPENED_NUMBER, DRAFT.who)


@pytest.mark.parametrize("purpose", ["seal", "blind"])
async def test_callers_of_a_client_whose_key_does_not_open_are_taken(
    store: Store, office: Office, purpose: str
) -> None:
    await store.write(told(office))
    of_client = vault_keys.c.owner == office.client_id

    those = of_client & (vault_keys.c.purpose == purpose)
    wrapped = await store.read(lambda tx: tx.scalar(select(vault_keys.c.wrapped).where(those)))

    def write(tx: Tx, wrapped: str) -> None:
        tx.lent(vault.Keyring).forget_current()
        for row in tx.all(select(vault_keys.c.id).where(of_client)):
            tx.lent(vault.Keyring).forget(f"{office.client_id}/{row['id']}")
        tx.execute(update(vault_keys).where(those).values(wrapped=wrapped))

    def all_of(tx: Tx) -> list[str]:
        return calls_of_numbers(tx, office.client_id, [OTHER])

    await store.write(lambda tx: write(tx, "x" * 80))
    fresh = await store.write(lambda tx: rang(tx, office.client_id, OTHER))

    def report(tx: Tx) -> reports.Report:
        draft = replace(DRAFT, number=OTHER)
        made = reports.accept(
            tx, office.client_id, fresh.id, office.operator_id, office.suzuki, draft, False
        )
        delivery.send(tx, made, 15)
        assert promises.make(tx, made) is not None
        memory.keep(tx, made)
        return made

    made = await store.write(report)
    assert readable(store) == set()

    def read(tx: Tx) -> tuple[Call | None, list[str]]:
        return call(tx, fresh.id), vault.not_opened(tx)

    assert await store.read(read) == (fresh, []), "sealed under another key, and opened with it"
    known = await store.read(lambda tx: history(tx, office.client_id, OTHER))
    assert [one.id for one in known] == [fresh.id]
    if purpose == "blind":
        with pytest.raises(vault.VaultError):
            await store.read(all_of)
    # When it opens again nothing is left out of an erasure.
    await store.write(lambda tx: write(tx, wrapped))
    later = await store.write(lambda tx: rang(tx, office.client_id, OTHER))
    await store.write(lambda tx: rang(tx, office.client_id, ""))
    assert await store.read(all_of) == [fresh.id, later.id]
    # Nor at the seat.
    known = await store.read(lambda tx: history(tx, office.client_id, OTHER))
    assert {one.id for one in known} == {fresh.id, later.id}
    seen = await store.read(lambda tx: memory.memory_of_call(tx, later))
    assert [one.call_id for one in seen.past] == [fresh.id]
    assert [one.report_id for one in seen.promises] == [made.id]
    assert await store.read(
        lambda tx: reports.reports_of_numbers(tx, office.client_id, [OTHER])
    ) == [made.id]


async def test_a_destroyed_key_erases_the_numbers(store: Store, office: Office) -> None:
    past = await store.write(told(office))
    await store.write(lambda tx: vault.destroy(tx, office.client_id))
    found = await store.read(lambda tx: calls_by_ids(tx, past.all))
    assert (found[past.talked].caller, found[past.back].dialled) == ("", "")
    assert found[past.nobodys].caller == NUMBER
    fresh = await store.write(lambda tx: rang(tx, office.client_id, NUMBER))
    known = await store.read(lambda tx: history(tx, office.client_id, NUMBER))
    assert [one.id for one in known] == [fresh.id]
