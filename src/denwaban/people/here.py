"""Whether a client, an operator or one of a client's staff is there, for pages and programs that name one."""

from denwaban.people.model import Client, Operator, Staff
from denwaban.people.queries import client, operator, staff_member
from denwaban.store import Tx
from denwaban.web import not_here


def client_here(tx: Tx, client_id: str) -> Client:
    """The client of this id. Raises `Problem` 404 when there is none; whether it may be seen, the caller asks."""
    found = client(tx, client_id)
    if found is None:
        raise not_here()
    return found


def operator_here(tx: Tx, operator_id: str) -> Operator:
    """The operator of this id, in the same way."""
    found = operator(tx, operator_id)
    if found is None:
        raise not_here()
    return found


def staff_here(tx: Tx, staff_id: str) -> Staff:
    """Whoever of a client's staff has this id, in the same way."""
    found = staff_member(tx, staff_id)
    if found is None:
        raise not_here()
    return found
