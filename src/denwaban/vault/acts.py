"""Sealing and opening in a transaction, with the key of the client."""

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import RowMapping, bindparam, func, insert, or_, select, update

from denwaban import audit
from denwaban.store import Question, Tx
from denwaban.vault import model
from denwaban.vault.master import Keyring
from denwaban.vault.model import KEY_BYTES, KeyDestroyed, KeyMissing, Tampered, VaultError
from denwaban.vault.rows import vault_keys, vault_turnings
from denwaban.vault.unopened import noted

log = structlog.get_logger(__name__)

HOUSE = "house"
"""Whose key seals what belongs to no client: our operators, calls to nobody's number."""

SETTLED = timedelta(minutes=1)
"""A key that is older than this is committed."""

# Built once: asked at calls of clients of whom nothing was heard for a while, for both keys at once.
_ONE = Question(select(vault_keys).where(vault_keys.c.id == bindparam("it")))
_STOOD = Question(
    select(vault_turnings.c.done_at).where(vault_turnings.c.name == bindparam("name"))
)
_CURRENT = Question(
    select(vault_keys)
    .where(
        vault_keys.c.owner == bindparam("who"),
        or_(vault_keys.c.purpose == "seal", vault_keys.c.purpose == "blind"),
        vault_keys.c.retired_at.is_(None),
    )
    .order_by(vault_keys.c.created_at.desc(), vault_keys.c.id)
)


def seal(tx: Tx, client_id: str | None, place: str, text: str, key_id: str = "") -> str:
    """The text, sealed under the client's key (None: the house's), which is made the first time: only in a transaction that
    writes. It opens for this client and this `place` (`table.column`, or `table.column/id` for what never moves) alone.
    `key_id`: under this key of the client (`own_key`) instead. Where the row of the client's key was altered, a new key takes its place:
    what comes in now must not wait until somebody has mended it. Raises `KeyMissing`, `KeyDestroyed`."""
    owner = client_id or HOUSE
    if key_id:
        key = key_named(tx, client_id, key_id)
    else:
        key_id, key = _current(tx, owner, "seal")
    return model.seal_text(key, key_id, owner, place, text)


def own_key(tx: Tx, client_id: str | None) -> str:
    """The id of a fresh key for one thing alone, whose copies are all to be unreadable one day (`destroy_key`)."""
    return _new(tx, client_id or HOUSE, "own")[0]


def destroy_key(tx: Tx, client_id: str | None, key_id: str) -> None:
    """Destroys one key of a client, as `destroy` does all of them."""
    owner = client_id or HOUSE
    mine = (vault_keys.c.id == key_id) & (vault_keys.c.owner == owner)
    tx.execute(update(vault_keys).where(mine).values(**_gone(tx)))
    tx.lent(Keyring).forget(f"{owner}/{key_id}")


def open_(
    tx: Tx,
    client_id: str | None,
    place: str,
    sealed: str,
    of: str = "",
    *,
    or_house: bool = False,
) -> str:
    """What was sealed. Raises `Tampered` (altered, or another client's, or of another place), `KeyDestroyed` (erased for
    good), `KeyMissing`; but for what was erased, the health tells of it. `of`: which row it is, where `place` has no id.
    `or_house`: the house's key may have sealed it in place of the client's."""
    unopened = tx.lent(Keyring).unopened
    row = f"{place}/{of}" if of else place
    try:
        text = _opened(tx, client_id, place, sealed, or_house=or_house)
    except KeyDestroyed:
        raise
    except VaultError as error:
        unopened.met(row, error, tx.now)
        noted(tx, row)
        raise
    unopened.opened(row)
    return text


def _opened(tx: Tx, client_id: str | None, place: str, sealed: str, *, or_house: bool) -> str:
    try:
        key = key_named(tx, client_id, model.key_named_in(sealed))
        return model.open_text(key, client_id or HOUSE, place, sealed)
    except KeyDestroyed:
        raise
    except VaultError:
        if not or_house:
            raise
    return _opened(tx, None, place, sealed, or_house=False)


def open_old(tx: Tx, client_id: str | None, place: str, text: str, of: str = "") -> str:
    """As `open_`; a text that is not sealed is itself: rows from before this place was sealed."""
    return open_(tx, client_id, place, text, of) if model.is_sealed(text) else text


def blind(tx: Tx, client_id: str | None, place: str, text: str) -> str:
    """32 hex digits by which equal texts of one client and place are found without opening them. Empty when the client has
    nothing sealed yet and this transaction only reads: then there is nothing to be found."""
    key = blind_key(tx, client_id or HOUSE)
    return model.blind_text(key, place, text) if key is not None else ""


def blind_at_least(tx: Tx, client_id: str | None, place: str, text: str) -> str:
    """`blind`, or the text's `stand_in` while the client's key does not open: for what must be written all the same. It is kept in
    mind that the client has such (`stood_in`)."""
    try:
        return blind(tx, client_id, place, text)
    except VaultError as error:
        log.error("vault.key_not_opened", client=client_id, error=type(error).__name__)
    if client_id is not None and not tx.reads and not stood_in(tx, client_id):
        name = _stood(client_id)
        tx.execute(insert(vault_turnings).values(name=name, after="", done_at=tx.now))
        tx.lent(Keyring).forget_none_stood(client_id)
        tx.memo[name] = True
    return stand_in(tx, client_id, place, text)


def stand_in(tx: Tx, client_id: str | None, place: str, text: str) -> str:
    """What stands for the text where the client's key did not open: a hash under the key of the installation."""
    return blind(tx, None, f"{place}/{client_id}", text)


def stood_in(tx: Tx, client_id: str) -> bool:
    """Whether something of this client may be found by a `stand_in` alone. Costs nothing when it was asked a moment ago."""
    ring, name = tx.lent(Keyring), _stood(client_id)
    if name not in tx.memo:
        if ring.none_stood(client_id, tx.now):
            return False
        tx.memo[name] = tx.scalar(_STOOD, {"name": name}) is not None
        if not tx.memo[name]:
            ring.remember_none_stood(client_id, tx.now)
    return bool(tx.memo[name])


def _stood(client_id: str) -> str:
    return f"stood/{client_id}"


def blind_key(tx: Tx, owner: str) -> bytes | None:
    """The key of an owner by which things are found unopened; None when there is none and this transaction only reads."""
    if tx.reads and _standing(tx, owner, "blind") is None:
        return None
    return _current(tx, owner, "blind")[1]


def file_key(tx: Tx, client_id: str | None) -> tuple[str, bytes]:
    """(id, key) under which a new file of the client is sealed (`vault.chunks`). Only in a transaction that writes."""
    return _current(tx, client_id or HOUSE, "seal")


def key_named(tx: Tx, client_id: str | None, key_id: str) -> bytes:
    """A key of the client by its id. Raises `KeyMissing`, `KeyDestroyed`, and `Tampered` for another client's."""
    ring = tx.lent(Keyring)
    owner = client_id or HOUSE
    # With its owner: what is remembered must not open somebody else's.
    known = ring.recall(f"{owner}/{key_id}", tx.now)
    if known is not None:
        return known
    row = tx.first(_ONE, {"it": key_id})
    if row is None:
        raise KeyMissing(f"鍵 {key_id} がありません。データベースの控えが古いようです")
    if row["destroyed_at"] is not None:
        raise KeyDestroyed(f"鍵 {key_id} は {row['destroyed_at']:%Y-%m-%d} に消去されました")
    if row["owner"] != owner:
        raise Tampered(f"key {key_id}")
    return remember(tx, row)


def remember(tx: Tx, row: RowMapping) -> bytes:
    """The key of a row that is not destroyed, which is unwrapped and remembered for a while. Raises `KeyMissing`, `Tampered`."""
    ring, owner, key_id = tx.lent(Keyring), row["owner"], row["id"]
    key = model.unwrap(ring.master(row["master"]), key_id, owner, row["purpose"], row["wrapped"])
    ring.remember(f"{owner}/{key_id}", key, tx.now)
    return key


def _current(tx: Tx, owner: str, purpose: str) -> tuple[str, bytes]:
    # For this transaction alone: a key that another one has just made may be rolled back with it.
    kept: dict[tuple[str, str], tuple[str, bytes]] = tx.memo.setdefault("vault", {})
    if (owner, purpose) not in kept:
        key_id = _standing(tx, owner, purpose)
        if key_id is None:
            kept[owner, purpose] = _new(tx, owner, purpose)
        else:
            client_id = None if owner == HOUSE else owner
            try:
                kept[owner, purpose] = key_id, key_named(tx, client_id, key_id)
            except Tampered as error:
                # By another `blind` key nothing would be found any more; those who need one have a stand-in.
                if tx.reads or purpose != "seal":
                    raise
                kept[owner, purpose] = _instead(tx, owner, key_id, error)
    return kept[owner, purpose]


def _instead(tx: Tx, owner: str, key_id: str, error: Tampered) -> tuple[str, bytes]:
    """A new key in place of one whose row is not what it was; that one stays, for it may be mended from a copy."""
    ring = tx.lent(Keyring)
    ring.unopened.met(f"vault_keys/{key_id}", error, tx.now)
    ring.forget_current()
    tx.execute(update(vault_keys).where(vault_keys.c.id == key_id).values(retired_at=tx.now))
    made = _new(tx, owner, "seal")
    client_id = None if owner == HOUSE else owner
    told = {"broken": key_id, "made": made[0]}
    audit.record(tx, audit.Trace("key.replaced", None, client_id, data=told))
    log.error("vault.key_replaced", owner=owner, broken=key_id, made=made[0])
    return made


def _standing(tx: Tx, owner: str, purpose: str) -> str | None:
    """The id of the key that seals; None when there is none yet."""
    ring = tx.lent(Keyring)
    known = ring.current_of(owner, purpose, tx.now)
    if known is not None:
        return known
    found: dict[str, str] = {}
    for row in tx.all(_CURRENT, {"who": owner}):
        if row["purpose"] in found:
            continue  # the newest is first
        found[row["purpose"]] = row["id"]
        with suppress(VaultError):  # told by whoever seals with it
            remember(tx, row)
        # What was made just now may be of this very commit, which may yet fail: nobody could open what a lost key has sealed. Who
        # only reads sees what is committed.
        if tx.reads or row["created_at"] < tx.now - SETTLED:
            ring.remember_current(owner, row["purpose"], row["id"], tx.now)
    return found.get(purpose)


def _new(tx: Tx, owner: str, purpose: str) -> tuple[str, bytes]:
    master_id, master = tx.lent(Keyring).current
    key_id, key = model.new_key_id(), secrets.token_bytes(KEY_BYTES)
    tx.execute(
        insert(vault_keys).values(
            id=key_id,
            owner=owner,
            purpose=purpose,
            master=master_id,
            wrapped=model.wrap(master, key_id, owner, purpose, key),
            created_at=tx.now,
        )
    )
    return key_id, key


def destroy(tx: Tx, client_id: str) -> int:
    """Destroys every key of a client: whatever they sealed, also in files and in copies of them, is gone for good. How many
    keys those were. Other programs on the same database forget them within `master.REMEMBERED`; what they seal under them until then
    is gone as well."""
    mine = (vault_keys.c.owner == client_id) & vault_keys.c.destroyed_at.is_(None)
    ids = [row["id"] for row in tx.all(select(vault_keys.c.id).where(mine))]
    tx.execute(update(vault_keys).where(mine).values(**_gone(tx)))
    tx.memo.pop("vault", None)
    tx.lent(Keyring).forget_current()
    for key_id in ids:
        tx.lent(Keyring).forget(f"{client_id}/{key_id}")
    return len(ids)


def _gone(tx: Tx) -> dict[str, Any]:
    return {
        "wrapped": "",
        "destroyed_at": tx.now,
        "retired_at": func.coalesce(vault_keys.c.retired_at, tx.now),
    }
