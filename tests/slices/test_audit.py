"""The audit on both databases: added to by many at once, changed by nobody, checked by a command, read on a page."""

import asyncio
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from tests.some_people import a_client
from tests.web_fixtures import MakeWeb

from denwaban import cli, vault
from denwaban.access import Role
from denwaban.audit import Broken, Head, Signer, Trace, Witness, record, verified
from denwaban.audit.rows import audit_head, audit_rows
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.disclosure import pages
from denwaban.store import Store, Tx
from denwaban.vault import master


def heard(number: int) -> Trace:
    return Trace("recording.played", f"user{number}", "client", "call", data={"n": number})


async def put(store: Store, *traces: Trace) -> None:
    await store.write(lambda tx: record(tx, *traces))


def unguarded(store: Store, act: Any) -> None:
    """What somebody does who owns the database and takes the guards away first."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for table in ("audit_rows", "audit_head"):
                for when in ("update", "delete", "insert"):
                    connection.execute(text(f"DROP TRIGGER {table}_{when}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        act(connection)


@pytest.mark.req("G4")
async def test_rows_follow_each_other_and_are_checked(store: Store, clock: MovedClock) -> None:
    assert await verified(store) == Head(0, "0" * 64)
    await put(store, heard(1), heard(2))
    clock.advance(timedelta(seconds=1))
    await put(store, Trace("field.shown", None, data={"field": "契約内容", "again": True}))
    told: list[tuple[int, int]] = []
    end = await verified(store, lambda done, of: told.append((done, of)))
    assert isinstance(end, Head)
    assert end.seq == 3
    assert told == [(3, 3)]
    assert await verified(store, expected={3: end.hash}) == end
    assert await verified(store, expected={2: end.hash}) == Broken(2, "expected")


async def test_what_is_rolled_back_is_not_there(store: Store) -> None:
    def fails(tx: Tx) -> None:
        record(tx, heard(1))
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(fails)
    await put(store, heard(2))
    end = await verified(store)
    assert isinstance(end, Head)
    assert end.seq == 1


@pytest.mark.req("G4")
@pytest.mark.parametrize(
    "act",
    [
        lambda c: c.execute(update(audit_rows).values(user_id="other")),
        lambda c: c.execute(delete(audit_rows).where(audit_rows.c.seq == 2)),
        lambda c: c.execute(delete(audit_head)),
        lambda c: c.execute(update(audit_head).values(seq=1)),
        lambda c: c.execute(
            text("INSERT OR REPLACE INTO audit_rows SELECT * FROM audit_rows WHERE seq = 1")
            if c.dialect.name == "sqlite"
            else text("TRUNCATE audit_rows")
        ),
    ],
)
async def test_the_database_refuses_every_change(store: Store, act: Any) -> None:
    await put(store, heard(1), heard(2))
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        act(connection)
    end = await verified(store)
    assert isinstance(end, Head)
    assert end.seq == 2


@pytest.mark.req("G4")
@pytest.mark.parametrize(
    ("act", "seq", "why"),
    [
        (
            lambda c: c.execute(
                update(audit_rows).where(audit_rows.c.seq == 2).values(user_id="other")
            ),
            2,
            "changed",
        ),
        (lambda c: c.execute(delete(audit_rows).where(audit_rows.c.seq == 2)), 2, "missing"),
        (lambda c: c.execute(delete(audit_rows).where(audit_rows.c.seq == 3)), 3, "missing"),
        (lambda c: c.execute(delete(audit_head)), 1, "head"),
    ],
)
async def test_what_is_changed_behind_the_guards_is_found(
    store: Store, act: Any, seq: int, why: str
) -> None:
    await put(store, heard(1), heard(2), heard(3))
    unguarded(store, act)
    assert await verified(store) == Broken(seq, why)


@pytest.mark.req("G4")
async def test_writers_at_once_do_not_fork_the_chain(store: Store) -> None:
    """Through the store, and on PostgreSQL also past its turns, each on a connection of its own."""
    await put(store, heard(0))
    await asyncio.gather(*(put(store, heard(n), heard(n)) for n in range(10)))
    count = 21
    if store.engine.dialect.name == "postgresql":

        def write(number: int) -> None:
            with store.engine.begin() as connection:
                record(Tx(connection, store.clock.now()), heard(number))

        threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
        count += 8
    end = await verified(store)
    assert isinstance(end, Head)
    assert end.seq == count


async def test_many_rows_are_read_in_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("denwaban.audit.acts.AT_ONCE", 4)
    await put(store, *(heard(n) for n in range(9)))
    told: list[tuple[int, int]] = []
    end = await verified(store, lambda done, of: told.append((done, of)))
    assert isinstance(end, Head)
    assert told == [(4, 9), (8, 9), (9, 9)]


@pytest.mark.req("G4")
async def test_the_command_names_the_first_bad_row(
    tmp_path: Path,
    store: Store,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await put(store, heard(1), heard(2), heard(3))
    monkeypatch.setattr(cli, "load", lambda: Settings(database_url=store.url))

    def run(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["denwaban", "audit", "verify", *words])
        try:
            return cli.main()
        except SystemExit as end:
            return int(end.code or 0)

    assert await asyncio.to_thread(run) == 0
    seal = capsys.readouterr().out.split()[-1]
    assert seal.startswith("3:")
    assert await asyncio.to_thread(run, "--expect", seal) == 0
    assert await asyncio.to_thread(run, "--expect", "3:abc") == 1
    capsys.readouterr()
    unguarded(
        store,
        lambda c: c.execute(update(audit_rows).where(audit_rows.c.seq == 2).values(kind="x")),
    )
    assert await asyncio.to_thread(run) == 1
    assert "2 番" in capsys.readouterr().out


@pytest.mark.req("G4")
async def test_a_tail_that_was_cut_off_is_missed_without_being_told_what_to_expect(
    tmp_path: Path,
    store: Store,
    clock: MovedClock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(home=tmp_path, database_url=store.url)
    keys = master.make(settings)
    path = vault.seals_of(settings)
    witness = Witness(store, clock, path, Signer(keys.current, keys.keys))
    monkeypatch.setattr(cli, "load", lambda: settings)
    monkeypatch.setattr("sys.argv", ["denwaban", "audit", "verify"])

    async def verify() -> tuple[int, str]:
        def run() -> int:
            try:
                return cli.main()
            except SystemExit as end:
                return int(end.code or 0)

        return await asyncio.to_thread(run), capsys.readouterr().out

    assert await witness.note(), "nothing to note is no fault"
    assert "nothing was noted outside" in (await verify())[1]
    await put(store, heard(1), heard(2))
    assert await witness.note()
    clock.advance(timedelta(days=1))
    await put(store, heard(3), heard(4))
    assert await witness.note()
    await put(store, heard(5))
    assert await witness.note()
    assert len(path.read_text().splitlines()) == 2, "a line for each day"
    assert (await verify())[0] == 0
    fourth = await store.read(
        lambda tx: tx.scalar(select(audit_rows.c.hash).where(audit_rows.c.seq == 4))
    )

    def cut(connection: Any) -> None:
        connection.execute(delete(audit_rows).where(audit_rows.c.seq == 5))
        connection.execute(update(audit_head).values(seq=4, hash=fourth))

    unguarded(store, cut)
    status, told = await verify()
    assert status == 1
    assert "5 番" in told
    before = path.read_text()
    assert not await witness.note(), "the program sees it too, and keeps its note"
    assert path.read_text() == before
    path.write_text(before.replace(" 5:", " 4:"))
    status, told = await verify()
    assert (status, "2 行目" in told) == (1, True)


@pytest.mark.req("G4")
async def test_a_tail_that_was_written_anew_and_is_longer_is_not_noted_as_true(
    tmp_path: Path, store: Store, clock: MovedClock
) -> None:
    path = tmp_path / "seals"
    witness = Witness(store, clock, path, Signer("k", {"k": b"secret"}))
    await put(store, heard(1), heard(2), heard(3))
    assert await witness.note()
    first = await store.read(
        lambda tx: tx.scalar(select(audit_rows.c.hash).where(audit_rows.c.seq == 1))
    )

    def cut(connection: Any) -> None:
        connection.execute(delete(audit_rows).where(audit_rows.c.seq > 1))
        connection.execute(update(audit_head).values(seq=1, hash=first))

    unguarded(store, cut)
    await put(store, heard(7), heard(8), heard(9))
    end = await verified(store)
    assert isinstance(end, Head), "the seals need no key"
    before = path.read_text()
    assert not await witness.note()
    assert path.read_text() == before


@pytest.mark.req("G4")
async def test_the_page_filters_and_turns(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=pages.routes)
    supervisor = await web.browser(Role.SUPERVISOR)

    def rows(tx: Tx) -> None:
        yamada, sato = a_client(tx), a_client(tx, "sato")
        record(
            tx,
            Trace("recording.played", supervisor.user_id, yamada, "call1"),
            Trace("export.taken", None, sato, data={"what": "reports"}),
            *(Trace("field.shown", supervisor.user_id, sato, "call2") for _ in range(60)),
        )

    await store.write(rows)
    page = (await supervisor.get("/audit")).text
    assert page.count("<tr>") == 51
    assert "before=13" in page
    assert "before=" not in (await supervisor.get("/audit?before=13")).text
    page = (await supervisor.get("/audit?client=yamada")).text
    assert page.count("<tr>") == 2
    assert "録音を聞いた" in page
    assert (await supervisor.get("/audit?kind=export.taken")).text.count("<tr>") == 2
    assert (await supervisor.get("/audit?call=call1")).text.count("<tr>") == 2
    assert (await supervisor.get("/audit?day=2026-11-23")).text.count("<tr>") == 0
    for wrong in ("client=nobody", "person=nobody", "day=x"):
        assert (await supervisor.get(f"/audit?{wrong}")).status_code == 422
    operator = await web.browser(Role.OPERATOR)
    assert (await operator.get("/audit")).status_code == 403
