"""Keeping contacts."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, insert, update

from denwaban import vault
from denwaban.journal import append
from denwaban.oncall import facts, queries
from denwaban.oncall.address import SECRETS, BadAddress, checked_address
from denwaban.oncall.model import Contact
from denwaban.oncall.rows import contacts
from denwaban.oncall.sealing import forget_address, open_address, sealed_address
from denwaban.store import Tx, new_id

MOST = 10
"""Contacts of one person: every one of them is told of every report."""

BOTH_KEYS = timedelta(hours=24)
"""How long the former signing key of a webhook still signs beside the new one."""


class NoSuchContact(LookupError):
    """There is no such contact, or no such staff member."""


def add_contact(
    tx: Tx,
    client_id: str,
    staff_id: str,
    channel: str,
    address: Mapping[str, Any],
    *,
    own: bool = False,
) -> Contact:
    """Adds a contact behind those already there. Raises `BadAddress` (`own` as in `checked_address`), or `NoSuchContact`
    when this is not a staff member of this client."""
    kept = checked_address(channel, address, own=own)
    if queries.client_of(tx, staff_id) != client_id:
        raise NoSuchContact("this client has no such staff member")
    others = queries.every_contact_of(tx, staff_id)
    _check_new(tx, others, channel, kept)
    if len(others) >= MOST:
        raise BadAddress("連絡先は1人%(most)s件までです", "channel", most=str(MOST))
    kept = sealed_address(tx, client_id, channel, kept, {})
    made = Contact(
        new_id(), client_id, staff_id, channel, kept, queries.last_position(tx, staff_id) + 1
    )
    tx.execute(
        insert(contacts).values(
            id=made.id,
            client_id=client_id,
            staff_id=staff_id,
            channel=channel,
            address=kept,
            position=made.position,
            enabled=True,
        )
    )
    append(tx, facts.contacts_changed(staff_id, client_id, "added", channel))
    return made


def change_contact(
    tx: Tx,
    contact_id: str,
    *,
    address: Mapping[str, Any] | None = None,
    enabled: bool | None = None,
    own: bool = False,
) -> Contact:
    """Changes where a contact leads, or switches it off and on; what is None stays. A secret that is left empty stays
    too: it was never shown. A new address counts as untested. Reports sent already keep the old one.

    Raises `BadAddress`, `NoSuchContact`.
    """
    known = _known(tx, contact_id)
    values: dict[str, Any] = {}
    if address is not None:
        given = {
            key: value
            for key, value in address.items()
            if value or (known.channel, key) not in SECRETS
        }
        before = open_address(tx, known.client_id, known.address)
        kept = checked_address(known.channel, {**before, **given}, own=own)
        if kept.get("secret") != before.get("secret"):
            # The receiver changes its key a little later than we do: until then both sign.
            kept |= {
                "former": before["secret"],
                "former_until": (tx.now + BOTH_KEYS).isoformat(),
            }
        elif "former" in before:
            kept |= {key: before[key] for key in ("former", "former_until")}
        if kept != before:
            others = queries.every_contact_of(tx, known.staff_id)
            _check_new(tx, [one for one in others if one.id != contact_id], known.channel, kept)
            values |= {
                "address": sealed_address(tx, known.client_id, known.channel, kept, known.address),
                "tested_at": None,
                "test_result": None,
                "test_detail": None,
            }
    if enabled is not None and enabled != known.enabled:
        values["enabled"] = enabled
    if values:
        tx.execute(update(contacts).where(contacts.c.id == contact_id).values(**values))
        append(
            tx, facts.contacts_changed(known.staff_id, known.client_id, "changed", known.channel)
        )
    return _known(tx, contact_id)


def order_contacts(tx: Tx, staff_id: str, ids: Sequence[str]) -> list[Contact]:
    """Puts all contacts of a staff member into this order. Raises `BadAddress` unless `ids` names each of them once."""
    found = {one.id: one for one in queries.every_contact_of(tx, staff_id)}
    if sorted(ids) != sorted(found):
        raise BadAddress("連絡先が変わっています。読み込み直してから並べ替えてください", "ids")
    moved = [
        (place, contact_id)
        for place, contact_id in enumerate(ids, 1)
        if found[contact_id].position != place
    ]
    for place, contact_id in moved:
        tx.execute(update(contacts).where(contacts.c.id == contact_id).values(position=place))
    if moved:
        append(tx, facts.contacts_changed(staff_id, found[ids[0]].client_id, "ordered"))
    return queries.every_contact_of(tx, staff_id)


def move_contact(tx: Tx, contact_id: str, by: int) -> Contact:
    """Moves a contact so many places down (negative: up), as far as the list goes. Raises `NoSuchContact`."""
    known = _known(tx, contact_id)
    ids = [one.id for one in queries.every_contact_of(tx, known.staff_id)]
    place = min(max(ids.index(contact_id) + by, 0), len(ids) - 1)
    ids.remove(contact_id)
    ids.insert(place, contact_id)
    order_contacts(tx, known.staff_id, ids)
    return known


def remove_contact(tx: Tx, contact_id: str) -> Contact:
    """Forgets a contact; returns what it was. Its secrets can be read nowhere any more, also not in the copies that reports
    sent already have: what was still to go out there fails, and the ladder goes on. Raises `NoSuchContact`."""
    known = _known(tx, contact_id)
    forget_address(tx, known.client_id, known.address)
    tx.execute(delete(contacts).where(contacts.c.id == contact_id))
    append(tx, facts.contacts_changed(known.staff_id, known.client_id, "removed", known.channel))
    return known


def record_test(tx: Tx, tested: Contact, result: str, detail: str) -> None:
    """Keeps what came of a test message, unless the contact has changed or gone meanwhile."""
    now = queries.contact(tx, tested.id)
    if now is None or dict(now.address) != dict(tested.address):
        return
    tx.execute(
        update(contacts)
        .where(contacts.c.id == tested.id)
        .values(tested_at=tx.now, test_result=result, test_detail=detail)
    )
    append(tx, facts.contacts_changed(now.staff_id, now.client_id, "tested", now.channel))


def _known(tx: Tx, contact_id: str) -> Contact:
    found = queries.contact(tx, contact_id)
    if found is None:
        raise NoSuchContact("no such contact")
    return found


def _check_new(tx: Tx, others: Sequence[Contact], channel: str, address: Mapping[str, str]) -> None:
    """Twice the same would tell everything twice."""
    same = [one for one in others if one.channel == channel]
    known = [vault.shown(partial(open_address, tx, one.client_id, one.address), {}) for one in same]
    if dict(address) in known:
        raise BadAddress("同じ連絡先がすでにあります", "channel")
