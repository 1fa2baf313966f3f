"""Recordings are sealed when their call is over: nobody who listens notices, and nobody else hears anything."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from tests.recording_story import Shelf, wav
from tests.web_fixtures import MakeWeb

from denwaban import vault
from denwaban.access import Role
from denwaban.calls import Keeper, erase_recordings, pages, sealed_files
from denwaban.calls.recordings import HEADER, State, read
from denwaban.calls.rows import recordings
from denwaban.clock import MovedClock
from denwaban.journal import after
from denwaban.store import Store


@pytest.fixture
def shelf(store: Store, clock: MovedClock, tmp_path: Path) -> Shelf:
    return Shelf(store, clock, tmp_path)


async def test_a_finished_recording_is_sealed_and_sounds_the_same(shelf: Shelf) -> None:
    one, content = await shelf.talk(), wav(100_000)
    shelf.writes(one, content)
    before = await asyncio.to_thread(shelf.recordings.find, one)
    assert await shelf.turned(one) is State.SEALED
    assert not shelf.plain(one.id).exists()
    assert shelf.kept(one.id).stat().st_mode & 0o077 == 0
    sealed = shelf.kept(one.id).read_bytes()
    assert b"RIFF" not in sealed
    assert content[1000:1064] not in sealed
    found = await asyncio.to_thread(shelf.recordings.find, one)
    assert found is not None
    assert before is not None
    assert (found.size, found.seconds) == (before.size, before.seconds)
    assert found.mark != before.mark
    assert await shelf.heard(one) == content
    dice = random.Random(1)
    for _ in range(20):
        first = dice.randrange(len(content))
        wanted = range(first, dice.randrange(first, len(content)) + 1)
        assert await shelf.heard(one, wanted) == content[wanted.start : wanted.stop]
    row = await shelf.row(one)
    assert (row["size"], row["due_at"], row["leased_until"]) == (len(content), None, None)
    assert list(shelf.sealed.rglob("*.making")) == []


async def test_browsers_get_any_part_of_a_sealed_recording(shelf: Shelf, make_web: MakeWeb) -> None:
    one, content = await shelf.talk(), wav(70_000)
    shelf.writes(one, content)
    assert await shelf.turned(one) is State.SEALED
    web = await make_web(pages=pages.routes, services={"recordings": shelf.recordings})
    browser = await web.browser(Role.SUPERVISOR)
    place = f"/calls/{one.id}/recording"
    whole = await browser.get(place)
    assert (whole.status_code, whole.content) == (200, content)
    for asked, wanted in (
        ("bytes=0-0", content[:1]),
        ("bytes=40-50", content[40:51]),
        ("bytes=65530-131100", content[65530:131101]),
        ("bytes=-7", content[-7:]),
        ("bytes=139000-", content[139000:]),
    ):
        part = await browser.get(place, headers={"range": asked, "if-range": whole.headers["etag"]})
        assert (part.status_code, part.content) == (206, wanted)
    beyond = await browser.get(place, headers={"range": "bytes=999999-"})
    assert beyond.status_code == 416


async def test_what_the_engine_still_writes_is_left_alone(shelf: Shelf) -> None:
    now, lasting = await shelf.talk(), await shelf.talk(over=False)
    shelf.writes(lasting, wav(500))
    assert await shelf.turned(lasting) is None, "the call is not over"
    shelf.writes(now, wav(500), ago=0)
    assert await shelf.turned(now) is State.PLAIN, "it was changed a moment ago"
    shelf.writes(now, wav(500, closed=False), ago=60)
    assert await shelf.turned(now) is State.PLAIN, "its lengths are not written yet"
    assert (await shelf.row(now))["due_at"] > shelf.clock.now()
    assert await shelf.heard(now) == wav(500)
    # The engine was killed: nobody will write them.
    shelf.writes(now, wav(500, closed=False), ago=601)
    assert await shelf.turned(now) is State.SEALED
    assert await shelf.heard(now) == wav(500)


async def test_an_empty_file_is_nothing_and_goes(shelf: Shelf) -> None:
    one, none = await shelf.talk(), await shelf.talk()
    shelf.writes(one, wav(0))
    shelf.writes(none, b"", ago=601)
    for each in (one, none):
        assert await shelf.turned(each) is State.NOTHING
        assert not shelf.plain(each.id).exists()
        assert await shelf.heard(each) is None
    assert await shelf.keeper.sweep() == 0


async def test_who_listens_while_it_is_sealed_hears_it_to_the_end(shelf: Shelf) -> None:
    one, content = await shelf.talk(), wav(60_000)
    shelf.writes(one, content)
    found = await asyncio.to_thread(shelf.recordings.find, one)
    assert found is not None
    pieces = read(found, range(found.size))
    heard = await anext(pieces)
    assert len(heard) == HEADER
    assert await shelf.turned(one) is State.SEALED
    async for piece in pieces:
        heard += piece
    assert heard == content


async def test_old_files_are_found_and_a_plain_one_that_was_left_goes(shelf: Shelf) -> None:
    some = [await shelf.talk() for _ in range(3)]
    for one in some:
        shelf.writes(one, wav(200))
    (shelf.spool / "nobody.wav").write_bytes(wav(1))
    (shelf.spool / "notes.txt").write_text("x")
    assert await shelf.keeper.sweep() == 3
    assert await shelf.keeper.sweep() == 0, "they are due already"
    for one in some:
        await shelf.keeper.do(one.id)
    assert {file.name for file in shelf.spool.iterdir()} == {"nobody.wav", "notes.txt"}
    # Killed between the row and the removal; or somebody put back a copy of the folder.
    shelf.writes(some[0], wav(200))
    assert await shelf.turned(some[0]) is State.SEALED
    assert not shelf.plain(some[0].id).exists()
    assert await shelf.heard(some[0]) == wav(200)


async def test_an_altered_or_exchanged_file_is_not_played(shelf: Shelf, make_web: MakeWeb) -> None:
    one, other = await shelf.talk(), await shelf.talk("sato")
    for each in (one, other):
        shelf.writes(each, wav(300))
        assert await shelf.turned(each) is State.SEALED
    mine, theirs = shelf.kept(one.id), shelf.kept(other.id)
    whole = mine.read_bytes()
    mine.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    with pytest.raises(vault.Tampered):
        await shelf.heard(one)
    mine.write_bytes(theirs.read_bytes())
    with pytest.raises(vault.Tampered):
        await shelf.heard(one)
    web = await make_web(pages=pages.routes, services={"recordings": shelf.recordings})
    browser = await web.browser(Role.SUPERVISOR)
    shown = await browser.get(f"/calls/{one.id}")
    assert "録音をいま開けません" in shown.text
    assert (await browser.get(f"/calls/{one.id}/recording")).status_code == 404
    assert await shelf.heard(other) == wav(300)


async def test_an_erased_recording_is_heard_no_more_and_its_files_go(
    shelf: Shelf, make_web: MakeWeb
) -> None:
    sealed, plain, lasting = (
        await shelf.talk(),
        await shelf.talk(),
        await shelf.talk(over=False),
    )
    for one in (sealed, plain, lasting):
        shelf.writes(one, wav(300))
    assert await shelf.turned(sealed) is State.SEALED
    ids = [sealed.id, plain.id, lasting.id]
    assert await shelf.store.write(lambda tx: erase_recordings(tx, ids)) == 2
    for one in (sealed, plain):
        assert await shelf.heard(one) is None, "from the commit on"
        await shelf.keeper.do(one.id)
        assert not shelf.plain(one.id).exists()
        assert not shelf.kept(one.id).exists()
        assert (await shelf.row(one))["erased_at"] == shelf.clock.now()
    assert await shelf.heard(lasting) == wav(300)
    assert await shelf.store.write(lambda tx: erase_recordings(tx, ids)) == 0
    web = await make_web(pages=pages.routes, services={"recordings": shelf.recordings})
    browser = await web.browser(Role.SUPERVISOR)
    assert "消去しました" in (await browser.get(f"/calls/{sealed.id}")).text
    kinds = [entry.fact.kind for entry in await shelf.store.read(lambda tx: after(tx, 0))]
    assert kinds.count("recording.erased") == 2
    # A copy of the folder that is put back does not bring it back.
    shelf.writes(sealed, wav(300))
    assert await shelf.turned(sealed) is State.ERASED
    assert not shelf.plain(sealed.id).exists()


async def test_an_erasure_that_comes_while_it_is_sealed_wins(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await shelf.talk()
    shelf.writes(one, wav(300))
    await shelf.keeper.sweep()
    seal = sealed_files.seal

    def slow(*args: Any) -> None:
        seal(*args)
        with shelf.store.engine.begin() as other:
            other.execute(
                update(recordings).values(state=State.ERASING.value, due_at=shelf.clock.now())
            )

    monkeypatch.setattr("denwaban.calls.keeping.seal", slow)
    await shelf.keeper.do(one.id)
    row = await shelf.row(one)
    assert (row["state"], row["due_at"]) == (State.ERASING, shelf.clock.now())
    assert await shelf.turned(one) is State.ERASED
    assert not shelf.kept(one.id).exists()
    assert not shelf.plain(one.id).exists()


async def test_a_machine_without_the_file_leaves_its_erasure_to_the_one_that_has_it(
    shelf: Shelf, tmp_path: Path
) -> None:
    here, plain = await shelf.talk(), await shelf.talk()
    shelf.writes(here, wav(300))
    assert await shelf.turned(here) is State.SEALED
    shelf.writes(plain, wav(300))
    await shelf.keeper.sweep()
    ids = [here.id, plain.id]
    assert await shelf.store.write(lambda tx: erase_recordings(tx, ids)) == 2
    elsewhere = Keeper(
        shelf.store, shelf.clock, lambda one: tmp_path / "b" / f"{one}.wav", tmp_path / "other"
    )
    for one in (here, plain):
        await elsewhere.do(one.id)
        row = await shelf.row(one)
        assert (row["state"], row["leased_until"]) == (State.ERASING, None)
        assert row["due_at"] > shelf.clock.now()
    await elsewhere.erase_here()
    assert shelf.kept(here.id).exists()
    await shelf.keeper.erase_here()
    for one in (here, plain):
        assert (await shelf.row(one))["state"] == State.ERASED
        assert not shelf.kept(one.id).exists()
        assert not shelf.plain(one.id).exists()


async def test_files_of_what_was_erased_elsewhere_go_when_their_machine_begins(
    shelf: Shelf,
) -> None:
    one = await shelf.talk()
    shelf.writes(one, wav(300))
    assert await shelf.turned(one) is State.SEALED
    gone = update(recordings).values(state=State.ERASED.value, due_at=None, holder=None)
    await shelf.store.write(lambda tx: tx.execute(gone))
    await shelf.keeper.claim()
    await shelf.keeper.erase_here()
    assert not shelf.kept(one.id).exists()


async def test_a_destroyed_key_takes_the_recordings_with_it(shelf: Shelf) -> None:
    one = await shelf.talk()
    shelf.writes(one, wav(300))
    assert await shelf.turned(one) is State.SEALED
    assert one.client_id is not None
    client_id = one.client_id
    await shelf.store.write(lambda tx: vault.destroy(tx, client_id))
    with pytest.raises(vault.KeyDestroyed):
        await shelf.heard(one)
