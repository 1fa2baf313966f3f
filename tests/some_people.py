"""Clients and operators for tests that need some."""

from sqlalchemy import insert

from denwaban.access import Hashed, Role, add_user
from denwaban.people import add_client
from denwaban.people.rows import operators
from denwaban.store import Tx, new_id


def a_client(tx: Tx, code: str = "yamada") -> str:
    """A client named after its code; returns its id."""
    return add_client(tx, code, f"{code}社", code)


def an_operator(tx: Tx, name: str) -> str:
    """An operator at seat-<name>; returns their id. Nobody knows their password."""
    user_id = add_user(tx, name, Hashed("x"), Role.OPERATOR, name)
    operator_id = new_id()
    tx.execute(
        insert(operators).values(
            id=operator_id,
            user_id=user_id,
            name=name,
            kana="",
            seat=f"seat-{name}",
            sip_password="x",
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    return operator_id
