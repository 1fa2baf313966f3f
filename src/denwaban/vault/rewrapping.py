"""Which master key wraps the keys of clients, and turning to another one."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import func, select, update

from denwaban.store import Tx
from denwaban.vault import model
from denwaban.vault.master import Keyring
from denwaban.vault.model import VaultError
from denwaban.vault.rows import vault_keys

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """How many of the clients' keys one master key wraps."""

    master: str
    keys: int


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one step of turning the master key has done."""

    last: str | None
    """The id to go on behind; None: there were no more."""
    keys: int
    broken: tuple[str, ...]
    """Ids of the rows that cannot be unwrapped."""


def rewrap(tx: Tx, after: str = "", limit: int = 500) -> Rewrapped:
    """Wraps those of up to `limit` keys that another master key wraps, behind the id `after`, under the current one. A row that
    cannot be unwrapped stays as it is, and is named."""
    ring = tx.lent(Keyring)
    master_id, master = ring.current
    old = tx.all(
        select(vault_keys)
        .where(
            vault_keys.c.master != master_id,
            vault_keys.c.destroyed_at.is_(None),
            vault_keys.c.id > after,
        )
        .order_by(vault_keys.c.id)
        .limit(limit)
    )
    keys, broken = 0, []
    for row in old:
        about = row["id"], row["owner"], row["purpose"]
        try:
            key = model.unwrap(ring.master(row["master"]), *about, row["wrapped"])
        except VaultError as error:
            broken.append(row["id"])
            log.error("vault.not_rewrapped", key=row["id"], error=type(error).__name__)
            continue
        tx.execute(
            update(vault_keys)
            .where(vault_keys.c.id == row["id"])
            .values(master=master_id, wrapped=model.wrap(master, *about, key))
        )
        keys += 1
    return Rewrapped(old[-1]["id"] if old else None, keys, tuple(broken))


def retire(tx: Tx) -> int:
    """From now on new data is sealed with new keys; what is sealed stays as it is. Returns how many keys retired. Keys for
    `blind` stay: what was blinded with them would not be found any more."""
    tx.lent(Keyring).forget_current()
    return tx.execute(
        update(vault_keys)
        .where(vault_keys.c.purpose == "seal", vault_keys.c.retired_at.is_(None))
        .values(retired_at=tx.now)
    ).rowcount


def wrapped_by(tx: Tx) -> Sequence[Wrapped]:
    """Which master keys wrap how many of the keys that are not destroyed."""
    return [
        Wrapped(row["master"], row["keys"])
        for row in tx.all(
            select(vault_keys.c.master, func.count().label("keys"))
            .where(vault_keys.c.destroyed_at.is_(None))
            .group_by(vault_keys.c.master)
            .order_by(vault_keys.c.master)
        )
    ]
