"""Whether a client is there, for pages and programs that name one."""

from denwaban.people.model import Client
from denwaban.people.queries import client
from denwaban.store import Tx
from denwaban.web import not_here


def client_here(tx: Tx, client_id: str) -> Client:
    """The client of this id. Raises `Problem` 404 when there is none; whether it may be seen, the caller asks."""
    found = client(tx, client_id)
    if found is None:
        raise not_here()
    return found
