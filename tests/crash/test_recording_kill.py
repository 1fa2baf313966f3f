"""kill -9 at every step of the sealing of a recording: nothing is lost, and no half of one is ever heard."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.keys import lend_keys
from tests.recording_story import Shelf, wav

from denwaban.calls import Keeper
from denwaban.calls.recordings import State, sealed_path
from denwaban.clock import MovedClock, SystemClock
from denwaban.store import Store

STEPS = 60
"""More than there are."""


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough: the files are what is at stake."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def dying_at(step: int) -> None:
    """Lets this process die at its so many-th step: before or after anything that the disk or the database keeps."""
    left = [step]

    def passed() -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(act: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            passed()
            result = act(*args, **named)
            passed()
            return result

        return run

    os.fsync = watched(os.fsync)
    os.fchmod = watched(os.fchmod)
    for name in ("rename", "unlink", "mkdir"):
        setattr(Path, name, watched(getattr(Path, name)))
    write = Store.write

    async def writing(store: Store, verb: Any) -> Any:
        passed()
        result = await write(store, verb)
        passed()
        return result

    Store.write = writing  # type: ignore[method-assign,assignment]


def seal(url: str, spool: Path, folder: Path, call_id: str, step: int) -> None:
    """A program that seals one recording and dies at a step."""

    async def run() -> None:
        store = Store(url, SystemClock())
        lend_keys(store)
        await store.open()
        keeper = Keeper(store, store.clock, lambda one: spool / f"{one}.wav", folder)
        dying_at(step)
        await keeper.do(call_id)
        await store.close()

    asyncio.run(run())


async def test_killed_at_every_step_nothing_is_lost(
    store: Store, clock: MovedClock, tmp_path: Path
) -> None:
    shelf = Shelf(store, clock, tmp_path)
    one, content = await shelf.talk(), wav(40_000)
    spawn = multiprocessing.get_context("forkserver")
    spawn.set_forkserver_preload(["tests.crash.test_recording_kill"])
    for step in range(STEPS):
        shelf.writes(one, content)
        await shelf.keeper.sweep()
        process = spawn.Process(
            target=seal,
            args=(store.url, shelf.spool, shelf.sealed, one.id, step),
        )
        process.start()
        await asyncio.to_thread(process.join)
        assert await shelf.heard(one) == content, f"step {step}"
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
    else:
        raise AssertionError("it never came to an end")
    assert step > 8, "a step is not watched any more"
    assert not shelf.plain(one.id).exists()
    assert [file.name for file in shelf.sealed.rglob("*.*")] == [
        sealed_path(shelf.sealed, one.id).name
    ]
    assert (await shelf.row(one))["state"] == State.SEALED
    assert await shelf.keeper.sweep() == 0
