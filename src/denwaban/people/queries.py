"""Reading people."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, or_, select

from denwaban import vault
from denwaban.people.model import Client, Operator, Presence, Staff
from denwaban.people.rows import clients, operators, staff
from denwaban.store import Question, Tx, among, among_these


def _client(row: RowMapping) -> Client:
    return Client(**row)


def client(tx: Tx, client_id: str) -> Client | None:
    row = tx.first(_ONE, {"it": client_id})
    return _client(row) if row is not None else None


# Built once: asked at every key of every seat.
_ONE = Question(select(clients).where(clients.c.id == bindparam("it")))


def clients_by_ids(tx: Tx, ids: Iterable[str]) -> dict[str, Client]:
    """The clients with these ids, by id."""
    found = tx.all(select(clients).where(among_these(clients.c.id, ids)))
    return {row["id"]: _client(row) for row in found}


def client_by_code(tx: Tx, code: str) -> Client | None:
    row = tx.first(select(clients).where(clients.c.code == code))
    return _client(row) if row is not None else None


def clients_page(
    tx: Tx,
    *,
    only: str | None = None,
    search: str = "",
    after: tuple[str, str] | None = None,
    limit: int = 100,
    ended: bool = True,
) -> list[Client]:
    """Clients by reading (kana, id), `limit` of them after a place. `only` restricts to one client."""
    query = select(clients).order_by(clients.c.kana, clients.c.id).limit(limit)
    if only is not None:
        query = query.where(clients.c.id == only)
    if not ended:
        query = query.where(clients.c.ended_at.is_(None))
    if search:
        # Contains, taken literally: % and _ are letters like any other.
        query = query.where(
            or_(
                *(
                    column.contains(search, autoescape=True)
                    for column in (clients.c.name, clients.c.kana, clients.c.code)
                )
            )
        )
    if after is not None:
        kana, row_id = after
        query = query.where(
            or_(clients.c.kana > kana, and_(clients.c.kana == kana, clients.c.id > row_id))
        )
    return [_client(row) for row in tx.all(query)]


def list_clients(tx: Tx, *, ended: bool = False) -> list[Client]:
    """Every client, by reading; without those whose contract is over unless asked for."""
    query = select(clients).order_by(clients.c.kana, clients.c.id)
    if not ended:
        query = query.where(clients.c.ended_at.is_(None))
    return [_client(row) for row in tx.all(query)]


def _staff(row: RowMapping) -> Staff:
    values: dict[str, Any] = {**row, "presence": Presence(row["presence"])}
    return Staff(**values)


def staff_member(tx: Tx, staff_id: str) -> Staff | None:
    row = tx.first(select(staff).where(staff.c.id == staff_id))
    return _staff(row) if row is not None else None


def staff_of(tx: Tx, client_id: str, *, left: bool = False) -> list[Staff]:
    """The client's staff: who is in charge first, then by reading."""
    query = (
        select(staff)
        .where(staff.c.client_id == client_id)
        .order_by(staff.c.in_charge.desc(), staff.c.kana, staff.c.id)
    )
    if not left:
        query = query.where(staff.c.left_at.is_(None))
    return [_staff(row) for row in tx.all(query)]


def staff_of_user(tx: Tx, user_id: str) -> Staff | None:
    """The member of staff who signs in with this account."""
    row = tx.first(select(staff).where(staff.c.user_id == user_id, staff.c.left_at.is_(None)))
    return _staff(row) if row is not None else None


def staff_of_each(tx: Tx, client_ids: Iterable[str]) -> dict[str, list[Staff]]:
    """The staff of several clients by client, who is in charge first, then by reading; without those who have left."""
    ids = list(client_ids)
    found: dict[str, list[Staff]] = {client_id: [] for client_id in ids}
    for row in tx.all(_STAFF, {"those": ids}):
        found[row["client_id"]].append(_staff(row))
    return found


# Built once: asked at every look of every seat.
_STAFF = Question(
    select(staff)
    .where(among(staff.c.client_id, "those"), staff.c.left_at.is_(None))
    .order_by(staff.c.in_charge.desc(), staff.c.kana, staff.c.id)
)


def staff_page(
    tx: Tx, client_id: str | None, after: str | None = None, limit: int = 100
) -> list[Staff]:
    """Staff (of one client, or of all) by id."""
    query = select(staff).order_by(staff.c.id).limit(limit)
    if client_id is not None:
        query = query.where(staff.c.client_id == client_id)
    if after is not None:
        query = query.where(staff.c.id > after)
    return [_staff(row) for row in tx.all(query)]


def staff_by_ids(tx: Tx, ids: Iterable[str]) -> dict[str, Staff]:
    """The members of staff with these ids, by id."""
    found = tx.all(select(staff).where(among_these(staff.c.id, ids)))
    return {row["id"]: _staff(row) for row in found}


def _operator(tx: Tx, row: RowMapping) -> Operator:
    values = dict(row)
    sealed = values.pop("sip_sealed")
    if sealed is not None:
        # Without it their telephone does not sign in; a new one puts that right.
        values["sip_password"] = vault.shown(lambda: open_sip_password(tx, row["id"], sealed), "")
    return Operator(**values)


def seal_sip_password(tx: Tx, operator_id: str, password: str) -> dict[str, str]:
    """The columns that keep the password of an operator's telephone."""
    place = f"operators.sip_password/{operator_id}"
    return {"sip_password": "", "sip_sealed": vault.seal(tx, None, place, password)}


def open_sip_password(tx: Tx, operator_id: str, sealed: str) -> str:
    """Raises `VaultError`."""
    return vault.open_(tx, None, f"operators.sip_password/{operator_id}", sealed)


def operator(tx: Tx, operator_id: str) -> Operator | None:
    row = tx.first(select(operators).where(operators.c.id == operator_id))
    return _operator(tx, row) if row is not None else None


def operator_of_user(tx: Tx, user_id: str) -> Operator | None:
    """The operator who signs in with this account, unless they have left."""
    row = tx.first(_OPERATOR_OF_USER, {"it": user_id})
    return _operator(tx, row) if row is not None else None


# Built once: every request of every seat begins with it.
_OPERATOR_OF_USER = Question(
    select(operators).where(operators.c.user_id == bindparam("it"), operators.c.left_at.is_(None))
)


def list_operators(
    tx: Tx, *, left: bool = False, after: str | None = None, limit: int | None = None
) -> list[Operator]:
    """Every operator, in the order in which they came (`limit` of them after an id)."""
    query = select(operators).order_by(operators.c.id).limit(limit)
    if after is not None:
        query = query.where(operators.c.id > after)
    if not left:
        query = query.where(operators.c.left_at.is_(None))
    return [_operator(tx, row) for row in tx.all(query)]
