"""How what a client says of people lies in the database: sealed under the client's own keys (ADR 31)."""

from denwaban import vault
from denwaban.disclosure.model import Kind
from denwaban.store import Tx


def closed(tx: Tx, client_id: str, place: str, text: str) -> str:
    """`place` is the column."""
    return vault.seal(tx, client_id, f"disclosure_members.{place}", text)


def opened(tx: Tx, client_id: str, place: str, kept: str, member_id: str) -> str:
    """Raises `vault.VaultError`."""
    return vault.open_(tx, client_id, f"disclosure_members.{place}", kept, member_id)


def key(tx: Tx, client_id: str, kind: Kind, text: str) -> str:
    """What somebody is found by: equal for equal answers of one client, and nobody reads it back."""
    return vault.blind(tx, client_id, f"disclosure_keys.{kind}", text)
