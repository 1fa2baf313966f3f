"""How what a client says of people lies in the database."""

import hashlib

from denwaban.disclosure.model import Kind
from denwaban.store import Tx


def closed(tx: Tx, client_id: str, place: str, text: str) -> str:
    """`place` is the column."""
    return text


def opened(tx: Tx, client_id: str, place: str, kept: str) -> str:
    return kept


def key(tx: Tx, client_id: str, kind: Kind, text: str) -> str:
    """What somebody is found by."""
    return hashlib.sha256(f"{client_id} {kind} {text}".encode()).hexdigest()
