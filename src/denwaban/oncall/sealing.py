"""The secrets in contacts' addresses: tokens, signing keys, addresses of hooks.

Each contact has a key of its own. A ladder that was frozen and a delivery hold copies of the sealed texts; when the contact is
removed its key is destroyed, and no copy says anything any more, wherever it is.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import RowMapping, select

from denwaban import vault
from denwaban.oncall.address import SECRETS
from denwaban.oncall.rows import calendars, contacts
from denwaban.store import Tx

PLACE = "contacts.address"
CALENDAR = "calendars.url"


def sealed_address(
    tx: Tx, client_id: str, channel: str, address: Mapping[str, str], kept: Mapping[str, Any]
) -> dict[str, str]:
    """The address with its secrets sealed. What is in `kept`, as it was sealed, and has not changed stays as it is there: two
    copies of one address are equal."""
    found = dict(address)
    secrets = [key for key in found if is_secret(channel, key) and found[key]]
    if not secrets:
        return found
    if "url" in secrets:
        found["host"] = urlsplit(found["url"]).hostname or ""  # what people are shown of it
    key_id = key_of(kept)
    for key in secrets:
        before = str(kept.get(key, ""))
        if vault.is_sealed(before) and vault.open_(tx, client_id, PLACE, before) == found[key]:
            found[key] = before
        else:
            key_id = key_id or vault.own_key(tx, client_id)
            found[key] = vault.seal(tx, client_id, PLACE, found[key], key_id)
    return found


def open_address(tx: Tx, client_id: str, address: Mapping[str, Any]) -> dict[str, str]:
    """The address with its secrets, for those who send. Raises `VaultError`; `KeyDestroyed` when the contact was removed."""
    of = key_of(address)  # each contact has its own
    return {
        key: vault.open_old(tx, client_id, PLACE, str(value), of)
        for key, value in address.items()
        if key != "host"
    }


def forget_address(tx: Tx, client_id: str, address: Mapping[str, Any]) -> None:
    """From the commit on no copy of its secrets can be opened."""
    if key_id := key_of(address):
        vault.destroy_key(tx, client_id, key_id)


def resealed_address(
    tx: Tx, client_id: str, channel: str, address: Mapping[str, str]
) -> dict[str, str]:
    """An address of a contact that is no more, sealed under a key of its own."""
    return sealed_address(tx, client_id, channel, address, {})


def without_secrets(channel: str, address: Mapping[str, Any]) -> dict[str, Any]:
    """The address without those of its secrets that are not sealed; of the address of a hook the host stays."""
    plain = {
        key: value
        for key, value in address.items()
        if is_secret(channel, key) and value and not vault.is_sealed(str(value))
    }
    found = {key: value for key, value in address.items() if key not in plain}
    if "url" in plain:
        found["host"] = urlsplit(plain["url"]).hostname or ""
    return found


def is_secret(channel: str, key: str) -> bool:
    """Whether this part of an address is never shown again; also the former signing key of a webhook."""
    return (channel, key) in SECRETS or key == "former"


def key_of(address: Mapping[str, Any]) -> str:
    """The id of the key that seals an address; empty when it has no sealed secret (or none of them says which)."""
    named = [vault.shown(partial(vault.key_named_in, value), "") for value in _sealed_in(address)]
    return next(filter(None, named), "")


def _sealed_in(address: Mapping[str, Any]) -> list[str]:
    return [str(value) for value in address.values() if vault.is_sealed(str(value))]


def _contact(tx: Tx, row: RowMapping) -> dict[str, Any]:
    return {
        "address": sealed_address(tx, row["client_id"], row["channel"], row["address"], {}),
    }


def _calendar(tx: Tx, row: RowMapping) -> dict[str, Any]:
    return {"url": vault.seal(tx, row["client_id"], CALENDAR, row["url"])}


turnings = (
    vault.row_by_row(
        "contacts.address", contacts, _contact, is_old=lambda row: not _sealed_in(row["address"])
    ),
    vault.row_by_row(
        "calendars.url",
        calendars,
        _calendar,
        rows=select(calendars.c.id, calendars.c.client_id, calendars.c.url),
        is_old=lambda row: row["url"] is not None and not vault.is_sealed(row["url"]),
    ),
)
