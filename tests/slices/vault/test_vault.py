"""Keys of clients, on both databases."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from tests.keys import KEY, lend_keys

from denwaban import cli, vault
from denwaban.audit import Wanted, listed
from denwaban.cli.vault import rotate as rotate_command
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.store import Store, StoreError, Tx, migrate, new_id
from denwaban.store import store as kept
from denwaban.vault import KeyDestroyed, KeyMissing, Tampered
from denwaban.vault.master import file_of, make
from denwaban.vault.rewrapping import retire, rewrap
from denwaban.vault.rows import vault_keys, vault_turnings

ONE, OTHER = new_id(), new_id()
PLACE = "reports.note"


async def sealed(store: Store, text: str = "折り返しは夕方に", client: str | None = ONE) -> str:
    return await store.write(lambda tx: vault.seal(tx, client, PLACE, text))


async def opened(store: Store, text: str, client: str | None = ONE, place: str = PLACE) -> str:
    return await store.read(lambda tx: vault.open_(tx, client, place, text))


async def test_a_text_opens_for_its_client_and_place_alone(store: Store) -> None:
    text = await sealed(store)
    assert await opened(store, text) == "折り返しは夕方に"
    await sealed(store, client=OTHER)
    for client, place in ((OTHER, PLACE), (None, PLACE), (ONE, "reports.done")):
        with pytest.raises(Tampered):
            await opened(store, text, client, place)
    with pytest.raises(Tampered):
        await opened(store, "折り返しは夕方に")
    assert (
        await store.read(lambda tx: vault.open_old(tx, ONE, PLACE, "以前からの文"))
    ) == "以前からの文"
    house = await sealed(store, "内線の鍵", None)
    assert await opened(store, house, None) == "内線の鍵"


async def test_two_clients_rows_of_keys_cannot_change_places(store: Store) -> None:
    mine, theirs = await sealed(store), await sealed(store, client=OTHER)

    def swap(tx: Tx) -> None:
        one, other = tx.all(select(vault_keys.c.id, vault_keys.c.wrapped))
        for row, wrapped in ((one, other["wrapped"]), (other, one["wrapped"])):
            tx.execute(
                update(vault_keys).where(vault_keys.c.id == row["id"]).values(wrapped=wrapped)
            )

    await store.write(swap)
    lend_keys(store)  # a program that begins: nothing is remembered
    for client, text in ((ONE, mine), (OTHER, theirs), (OTHER, mine), (ONE, theirs)):
        with pytest.raises(Tampered):
            await opened(store, text, client)


async def test_a_key_that_was_rolled_back_seals_nothing(store: Store) -> None:
    def fail(tx: Tx) -> None:
        vault.seal(tx, ONE, PLACE, "never kept")
        raise RuntimeError("changed its mind")

    with pytest.raises(RuntimeError):
        await store.write(fail)
    # Many at once share a commit: all find the same key.
    texts = await asyncio.gather(*(sealed(store, str(n)) for n in range(20)))
    lend_keys(store)
    assert [await opened(store, text) for text in texts] == [str(n) for n in range(20)]
    assert len(await store.read(lambda tx: tx.all(select(vault_keys)))) == 1


async def test_equal_numbers_are_found_blind(store: Store) -> None:
    def look(tx: Tx) -> tuple[str, str]:
        number = "+819012345678"
        return vault.blind(tx, ONE, PLACE, number), vault.blind(tx, OTHER, PLACE, number)

    assert await store.read(look) == ("", ""), "nothing can be found yet, and nothing is written"
    mine, theirs = await store.write(look)
    assert mine != theirs
    assert len(mine) == 32
    await store.write(retire)
    assert await store.read(look) == (mine, theirs), "new keys leave what is blinded alone"


async def test_a_destroyed_key_takes_everything_with_it(store: Store) -> None:
    mine, theirs = await sealed(store), await sealed(store, client=OTHER)
    assert await opened(store, mine)
    assert await store.write(lambda tx: vault.destroy(tx, ONE)) == 1
    with pytest.raises(KeyDestroyed):
        await opened(store, mine)
    assert await opened(store, theirs, OTHER)
    assert await store.write(lambda tx: vault.destroy(tx, ONE)) == 0
    rows = await store.read(lambda tx: tx.all(select(vault_keys).where(vault_keys.c.owner == ONE)))
    assert [row["wrapped"] for row in rows] == [""]
    again = await sealed(store, "次の契約")
    assert await opened(store, again) == "次の契約"


async def test_another_program_forgets_a_destroyed_key_in_time(
    store: Store, clock: MovedClock
) -> None:
    text = await sealed(store)
    assert await opened(store, text)

    def elsewhere(tx: Tx) -> None:
        tx.execute(update(vault_keys).values(wrapped="", destroyed_at=tx.now, retired_at=tx.now))

    await store.write(elsewhere)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(KeyDestroyed):
        await opened(store, text)


async def test_a_new_master_key_wraps_all_and_the_old_one_is_not_needed(store: Store) -> None:
    old = [await sealed(store), await sealed(store, client=OTHER)]
    fresh = os.urandom(32)
    lend_keys(store, fresh, KEY)
    done = await store.write(lambda tx: rewrap(tx, limit=1))
    assert done.keys == 1, "killed in the middle"
    assert await opened(store, old[0]) == await opened(store, old[1], OTHER)
    assert (await store.write(rewrap)).keys == 1
    await store.write(retire)
    lend_keys(store, fresh)
    assert await opened(store, old[0])
    new = await sealed(store)
    assert new[:16] != old[0][:16], "new data has a new key"
    assert await opened(store, new)
    lend_keys(store, KEY)
    with pytest.raises(KeyMissing, match="マスター鍵"):
        await opened(store, old[0])


async def test_old_rows_are_sealed_some_at_a_time_and_a_killed_program_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "AGAIN_AFTER", 0)
    looked: list[str] = []

    def step(tx: Tx, after: str) -> str | None:
        if len(looked) == 3:
            looked.append("dies")
            raise StoreError("killed")
        if after == "5":
            return None
        looked.append(after)
        return str(int(after or 0) + 1)

    runner = vault.Turnings(store, [vault.Turning("numbers", step)])
    await runner.run()
    assert looked == ["", "1", "2", "dies", "3", "4"]
    await runner.run()
    assert len(looked) == 6, "once in the life of a database"
    row = await store.read(lambda tx: tx.first(select(vault_turnings)))
    assert row is not None
    assert (row["name"], row["after"]) == ("numbers", "5")


# --- master keys of an installation ---


def home(tmp_path: Path, master_key: str = "") -> Settings:
    return Settings(
        home=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'own.db'}",
        master_key=master_key,
    )


@pytest.fixture
async def own_store(tmp_path: Path, clock: MovedClock) -> AsyncIterator[Store]:
    """With the tables, and without keys."""
    made = Store(home(tmp_path).database, clock)
    migrate(made.engine)
    await made.open()
    yield made
    await made.close()


async def test_the_first_start_makes_a_key_that_only_its_user_reads(
    own_store: Store, tmp_path: Path
) -> None:
    settings = home(tmp_path)
    ring = await asyncio.to_thread(vault.unlock, own_store, settings)
    file = file_of(settings)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["master.key"]
    again = await asyncio.gather(*(asyncio.to_thread(make, settings) for _ in range(4)))
    assert {one.current for one in again} == {ring.current[0]}, "all that begin at once agree"


async def test_a_lost_master_key_is_named_and_no_new_one_made(
    own_store: Store, tmp_path: Path
) -> None:
    settings = home(tmp_path)
    ring = await asyncio.to_thread(vault.unlock, own_store, settings)
    text = await sealed(own_store)
    copy = file_of(settings).read_text()
    file_of(settings).unlink()
    with pytest.raises(KeyMissing, match=ring.current[0]):
        await asyncio.to_thread(vault.unlock, own_store, settings)
    assert not file_of(settings).exists()
    wrong = base64.b64encode(os.urandom(32)).decode()
    with pytest.raises(KeyMissing, match=ring.current[0]):
        await asyncio.to_thread(vault.unlock, own_store, home(tmp_path, master_key=wrong))
    note, line = copy.splitlines()
    named, letters = line.split()
    other = "A" if letters[0] != "A" else "B"
    file_of(settings).write_text(f"{note}\n{named} {other}{letters[1:]}\n")
    with pytest.raises(KeyMissing, match="壊れて"):
        await asyncio.to_thread(vault.unlock, own_store, settings)
    both = home(tmp_path, master_key=f"{wrong} {letters}")
    await asyncio.to_thread(vault.unlock, own_store, both)
    assert await opened(own_store, text)


async def test_the_command_turns_over_while_a_program_runs(
    own_store: Store, tmp_path: Path
) -> None:
    settings = home(tmp_path)
    first = (await asyncio.to_thread(vault.unlock, own_store, settings)).current[0]
    text = await sealed(own_store)
    told, every = await rotate_command(settings)
    assert every
    current = vault.load(settings)
    assert current is not None
    assert current.current != first
    assert current.current in told
    assert set(current.keys) == {first, current.current}
    # The running program meets rows that a key it does not know yet wraps.
    other = await sealed(own_store, client=OTHER)
    assert await opened(own_store, text)
    assert await opened(own_store, other, OTHER)
    new = await sealed(own_store)
    assert await opened(own_store, new)


def alter(tx: Tx, client: str, purpose: str = "seal") -> str:
    """A key's row is not what it was; its id."""
    mine = (vault_keys.c.owner == client) & (vault_keys.c.purpose == purpose)
    mine &= vault_keys.c.retired_at.is_(None)
    row = tx.first(select(vault_keys.c.id, vault_keys.c.wrapped).where(mine))
    assert row is not None
    wrapped = row["wrapped"][::-1]
    tx.execute(update(vault_keys).where(vault_keys.c.id == row["id"]).values(wrapped=wrapped))
    return str(row["id"])


async def test_one_altered_key_does_not_keep_the_others_from_being_turned(
    own_store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = home(tmp_path)
    first = (await asyncio.to_thread(vault.unlock, own_store, settings)).current[0]
    clients = [new_id() for _ in range(5)]
    texts = {client: await sealed(own_store, client=client) for client in clients}
    bad = await own_store.write(lambda tx: alter(tx, clients[2]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "load", lambda: settings)
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(cli.vault_rotate.main, [], standalone_mode=False)
    assert ended.value.code == 1
    told = capsys.readouterr().out
    assert bad in told
    assert "1 本あります" in told
    rows = await own_store.read(lambda tx: tx.all(select(vault_keys)))
    assert {row["id"] for row in rows if row["master"] == first} == {bad}
    assert all(row["retired_at"] is not None for row in rows), "also that of the broken one"
    lend_keys(own_store, *_masters(settings))
    for client in clients:
        if client == clients[2]:
            with pytest.raises(Tampered):
                await opened(own_store, texts[client], client)
        else:
            assert await opened(own_store, texts[client], client)
    # What comes in is sealed under new keys, and the row is mended from a copy one day.
    assert await opened(own_store, await sealed(own_store, client=clients[2]), clients[2])
    await own_store.write(
        lambda tx: (
            tx.execute(
                update(vault_keys)
                .where(vault_keys.c.id == bad)
                .values(wrapped=next(row["wrapped"] for row in rows if row["id"] == bad)[::-1])
            )
            and None
        )
    )
    assert await opened(own_store, texts[clients[2]], clients[2])
    assert (await rotate_command(settings))[1]


def _masters(settings: Settings) -> list[bytes]:
    known = vault.load(settings)
    assert known is not None
    return [known.keys[known.current], *known.keys.values()]


async def test_what_comes_in_is_sealed_under_a_new_key_where_the_row_of_the_current_one_was_altered(
    store: Store, clock: MovedClock
) -> None:
    old = await sealed(store)
    bad = await store.write(lambda tx: alter(tx, ONE))
    ring = lend_keys(store)  # a program that begins: nothing is remembered
    fresh = await sealed(store, "新しい報告")
    assert await opened(store, fresh) == "新しい報告"
    assert vault.key_named_in(fresh) != bad
    assert vault.key_named_in(await sealed(store)) == vault.key_named_in(fresh), "one is enough"
    with pytest.raises(Tampered):
        await opened(store, old)
    assert ring.unopened.kinds(clock.now())["vault_keys"] == 1
    (entry,) = await store.read(lambda tx: listed(tx, Wanted(kind="key.replaced")))
    assert entry.client_id == ONE
    assert entry.details == {"broken": bad, "made": vault.key_named_in(fresh)}
    # The master key of another machine is not here yet: that is not an altered row.
    lend_keys(store, os.urandom(32))
    with pytest.raises(KeyMissing):
        await sealed(store)
