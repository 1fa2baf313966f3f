"""Who may ask, and how what belongs to a client is read and changed."""

from collections.abc import Callable
from typing import TypeVar

from denwaban.access import Role
from denwaban.lines.levels import LinesError
from denwaban.people import client_here
from denwaban.store import Store, Tx
from denwaban.web import needs
from denwaban.web.api import refused

T = TypeVar("T")

EVERYONE = needs()
ADMINISTRATOR = needs(Role.ADMINISTRATOR)


async def of_client(store: Store, client_id: str, verb: Callable[[Tx], T]) -> T:
    """Reads something of a client that is there; 404 when it is not."""

    def read(tx: Tx) -> T:
        client_here(tx, client_id)
        return verb(tx)

    return await store.read(read)


async def changed(store: Store, client_id: str, verb: Callable[[Tx], T], field: str) -> T:
    """Changes something of a client that is there."""

    def change(tx: Tx) -> T:
        client_here(tx, client_id)
        return verb(tx)

    try:
        return await store.write(change)
    except LinesError as error:
        raise refused(field, " ".join(error.sentences)) from error
