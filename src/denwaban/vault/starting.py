"""The keys of a program that begins, and new ones."""

import asyncio
from dataclasses import dataclass
from functools import partial

from denwaban.config import Settings
from denwaban.store import Store
from denwaban.vault import master
from denwaban.vault.master import Keyring
from denwaban.vault.model import KeyMissing
from denwaban.vault.rewrapping import retire, rewrap, wrapped_by


def unlock(store: Store, settings: Settings) -> Keyring:
    """Lends the store the keys of this installation; makes the first one when nothing was ever sealed. Blocks.

    Raises `KeyMissing` when the database has keys that no known master key opens: a program that went on would tell
    people that nothing is there, and seal anew beside it.
    """
    known, wanted = master.load(settings), store.look(wrapped_by)
    if known is None and not wanted:
        known = master.make(settings)
    if lost := [one for one in wanted if known is None or one.master not in known.keys]:
        raise KeyMissing(
            f"データを守っているマスター鍵がありません。控えを {master.file_of(settings)} に戻すか、DENWABAN_MASTER_KEY に"
            f"書いてください。要る鍵: "
            + "、".join(f"{one.master}(顧客の鍵 {one.keys} 本)" for one in lost)
        )
    ring = Keyring(lambda: master.load(settings))
    store.lend(ring)
    return ring


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a turning of the keys has done."""

    master: str
    """The id of the master key that wraps now."""
    keys: int
    """How many clients' keys were wrapped anew."""
    broken: tuple[str, ...]
    """Ids of the rows of `vault_keys` that cannot be unwrapped: they stay under their old master key."""


async def rotate(store: Store, settings: Settings) -> Rotated:
    """A new master key wraps every client's key from now on, and new data gets new clients' keys, also where a row of a key was altered.

    Old master keys stay in the file, for copies of the database. With `DENWABAN_MASTER_KEY` the first key there counts as the
    new one. Killed in the middle, nothing is lost; it is done again. A program that runs meanwhile goes on. Raises
    `KeyMissing`, `StoreError`.
    """
    ring = await asyncio.to_thread(unlock, store, settings)
    if not settings.master_key:
        await asyncio.to_thread(master.add, settings)
        ring.look_again()
    count = 0
    while True:
        keys, broken = await _round(store)
        count += keys
        if not keys:
            break
        # Once more: a program that runs meanwhile may have made one under the old master key behind us.
    await store.write(retire)
    return Rotated(ring.current[0], count, broken)


async def _round(store: Store) -> tuple[int, tuple[str, ...]]:
    """How many keys were wrapped anew, and the rows that could not be."""
    keys, after = 0, ""
    broken: list[str] = []
    while True:
        done = await store.write(partial(rewrap, after=after))
        keys += done.keys
        broken += done.broken
        if done.last is None:
            return keys, tuple(broken)
        after = done.last
