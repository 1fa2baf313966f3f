"""Sealed recordings in a bucket of an S3-compatible service."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from tests.recording_story import Shelf, wav
from tests.servers.s3 import BUCKET, KEY, REGION, SECRET, Bucket, s3_server

from denwaban.calls import Keeper, Recordings, bucket_of, erase_recordings
from denwaban.calls.away import Away, AwayTrouble
from denwaban.calls.recordings import State, read
from denwaban.clock import MovedClock
from denwaban.config import Settings, SettingsError
from denwaban.store import Store


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough: the bucket is what is at stake."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with s3_server() as bucket:
        yield bucket


def told(bucket: Bucket, secret: str = SECRET) -> Settings:
    return Settings(
        s3_bucket=BUCKET, s3_endpoint=bucket.url, s3_region=REGION, s3_key=KEY, s3_secret=secret
    )


def with_bucket(shelf: Shelf, settings: Settings) -> Shelf:
    away = bucket_of(settings)
    shelf.keeper = Keeper(shelf.store, shelf.clock, shelf.plain, shelf.sealed, away)
    shelf.recordings = Recordings(shelf.store, shelf.plain, shelf.sealed, away)
    return shelf


@pytest.fixture
def shelf(store: Store, clock: MovedClock, tmp_path: Path, bucket: Bucket) -> Shelf:
    return with_bucket(Shelf(store, clock, tmp_path), told(bucket))


async def test_a_recording_goes_there_sealed_and_any_part_of_it_is_heard_from_there(
    shelf: Shelf, bucket: Bucket
) -> None:
    one, content = await shelf.talk(), wav(5_000_000)  # more than one part of an upload
    shelf.writes(one, content)
    assert await shelf.turned(one) is State.AWAY
    assert not shelf.plain(one.id).exists()
    assert not shelf.kept(one.id).exists()
    (sealed,) = bucket.objects.values()
    assert b"RIFF" not in sealed
    assert len(sealed) > len(content)
    assert bucket.refused == []
    dice = random.Random(2)
    for _ in range(8):
        first = dice.randrange(len(content))
        wanted = range(first, min(first + dice.randrange(1, 3_000_000), len(content)))
        assert await shelf.heard(one, wanted) == content[wanted.start : wanted.stop]
    found = await asyncio.to_thread(shelf.recordings.find, one)
    assert found is not None
    assert found.size == len(content)
    asked = len(bucket.asked)
    assert len(b"".join([piece async for piece in read(found, range(10))])) == 10
    assert len(bucket.asked) == asked + 1, "a part is fetched, not the whole"


async def test_a_bucket_that_is_away_or_refuses_loses_nothing(shelf: Shelf, bucket: Bucket) -> None:
    one = await shelf.talk()
    shelf.writes(one, wav(300))
    refusing = with_bucket(shelf, told(bucket, "another secret"))
    with pytest.raises(AwayTrouble):
        await refusing.turned(one)
    assert bucket.refused != []
    assert await refusing.heard(one) == wav(300), "it is still here"
    bucket.broken = 2  # tried again by itself
    again = with_bucket(shelf, told(bucket))
    await again.keeper.do(one.id)
    assert (await again.row(one))["state"] == State.AWAY
    assert await again.heard(one) == wav(300)
    gone = with_bucket(shelf, Settings())
    assert await gone.heard(one) is None


async def test_earlier_recordings_go_there_when_a_bucket_is_set(
    store: Store, clock: MovedClock, tmp_path: Path, bucket: Bucket
) -> None:
    shelf = Shelf(store, clock, tmp_path)
    one = await shelf.talk()
    shelf.writes(one, wav(300))
    assert await shelf.turned(one) is State.SEALED
    listening = await asyncio.to_thread(shelf.recordings.find, one)
    assert listening is not None
    running = asyncio.create_task(with_bucket(shelf, told(bucket)).keeper.run())
    listening = await asyncio.to_thread(shelf.recordings.find, one)
    assert listening is not None
    async with asyncio.timeout(20):
        while (await shelf.row(one))["due_at"] is None:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await shelf.keeper.do(one.id)
    assert (await shelf.row(one))["state"] == State.AWAY
    # Who had begun to listen to the file that was here goes on.
    assert b"".join([piece async for piece in read(listening, range(listening.size))]) == wav(300)


async def test_an_erased_recording_is_removed_there(shelf: Shelf, bucket: Bucket) -> None:
    one = await shelf.talk()
    shelf.writes(one, wav(300))
    assert await shelf.turned(one) is State.AWAY
    assert await shelf.store.write(lambda tx: erase_recordings(tx, [one.id])) == 1
    assert await shelf.heard(one) is None
    await shelf.keeper.do(one.id)
    assert bucket.objects == {}
    assert (await shelf.row(one))["state"] == State.ERASED


async def test_what_is_erased_while_it_goes_there_is_nowhere(shelf: Shelf, bucket: Bucket) -> None:
    one = await shelf.talk()
    shelf.writes(one, wav(300))
    found, loop = bucket_of(told(bucket)), asyncio.get_running_loop()
    assert found is not None
    real: Away = found

    class Meanwhile:
        """Somebody asks for the erasure in the middle of the upload."""

        forget = real.forget

        def keep(self, name: str, path: Path) -> None:
            erased = shelf.store.write(lambda tx: erase_recordings(tx, [one.id]))
            asyncio.run_coroutine_threadsafe(erased, loop).result(10)
            real.keep(name, path)

    away = cast(Away, Meanwhile())
    shelf.keeper = Keeper(shelf.store, shelf.clock, shelf.plain, shelf.sealed, away)
    assert await shelf.turned(one) is State.ERASING
    assert bucket.objects == {}
    row = await shelf.row(one)
    assert (row["due_at"] is not None, row["leased_until"]) == (True, None)
    await shelf.keeper.do(one.id)
    await shelf.keeper.do(one.id)
    assert (await shelf.row(one))["state"] == State.ERASED
    assert (bucket.objects, shelf.kept(one.id).exists()) == ({}, False)


def test_half_a_setting_is_refused() -> None:
    assert bucket_of(Settings()) is None
    with pytest.raises(SettingsError, match="DENWABAN_S3_KEY"):
        bucket_of(Settings(s3_bucket="recordings", s3_endpoint="https://s3.example"))
