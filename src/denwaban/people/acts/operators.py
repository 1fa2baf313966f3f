"""Adding and changing operators."""

import secrets
from datetime import datetime

from sqlalchemy import func, insert, select

from denwaban.access import Role, add_user, disable_user, list_users, new_password
from denwaban.journal import append
from denwaban.people import facts
from denwaban.people.acts.checks import change, check_text
from denwaban.people.model import PeopleError
from denwaban.people.queries import operator, seal_sip_password
from denwaban.people.rows import operators
from denwaban.store import Tx, new_id
from denwaban.vault import row_by_row


def _check_known(tx: Tx, operator_id: str) -> None:
    if operator(tx, operator_id) is None:
        raise PeopleError("このオペレーターは見つかりません")


def add_operator(tx: Tx, user_id: str, name: str, kana: str = "") -> str:
    """Makes somebody an operator with a seat of their own (`seat-<n>`), and returns the operator's id."""
    if tx.first(select(operators.c.id).where(operators.c.user_id == user_id)) is not None:
        raise PeopleError("この人はすでにオペレーターです")
    operator_id = new_id()
    number = int(tx.scalar(select(func.count()).select_from(operators))) + 1
    tx.execute(
        insert(operators).values(
            id=operator_id,
            user_id=user_id,
            name=check_text("name", name, required=True),
            kana=check_text("kana", kana),
            seat=f"seat-{number}",
            **seal_sip_password(tx, operator_id, secrets.token_urlsafe(18)),
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    append(tx, facts.operator_added(operator_id))
    return operator_id


HOUSE_LOGIN = "denwaban-house"
HOUSE_NAME = "留守番(自動)"


def house_operator(tx: Tx) -> str:
    """In whose name the house itself writes what callers said to the engine: an operator who can neither sign in nor take a
    call. Made when first needed."""
    for account in list_users(tx, search=HOUSE_LOGIN):
        if account.login == HOUSE_LOGIN:
            known = tx.first(select(operators.c.id).where(operators.c.user_id == account.id))
            if known is not None:
                return str(known["id"])
    user_id = add_user(tx, HOUSE_LOGIN, new_password(), Role.OPERATOR, HOUSE_NAME)
    disable_user(tx, user_id)
    operator_id = add_operator(tx, user_id, HOUSE_NAME)
    leave_operator(tx, operator_id)
    return operator_id


def change_operator(
    tx: Tx, operator_id: str, *, name: str, kana: str, seen: datetime | None = None
) -> None:
    """Changes an operator; `seen` as in `change_client`."""
    _check_known(tx, operator_id)
    values = {"name": check_text("name", name, required=True), "kana": check_text("kana", kana)}
    change(tx, operators, operator_id, values, seen)
    append(tx, facts.operator_changed(operator_id, *values))


def set_experienced(tx: Tx, operator_id: str, experienced: bool) -> None:
    """Whether an operator may leave the order of scripts that allow it (自由応対)."""
    _check_known(tx, operator_id)
    change(tx, operators, operator_id, {"experienced": experienced}, None)
    append(tx, facts.operator_changed(operator_id, "experienced"))


def new_sip_password(tx: Tx, operator_id: str) -> str:
    """A new password for the operator's telephone; the old one stops working once the engine has read it."""
    _check_known(tx, operator_id)
    made = secrets.token_urlsafe(18)
    change(tx, operators, operator_id, dict(seal_sip_password(tx, operator_id, made)), None)
    append(tx, facts.operator_changed(operator_id, "sip_password"))
    return made


def leave_operator(tx: Tx, operator_id: str, left: bool = True) -> None:
    """Somebody no longer answers calls (or does again). Their past calls stay theirs."""
    change(tx, operators, operator_id, {"left_at": tx.now if left else None}, None)
    append(tx, facts.operator_changed(operator_id, "left_at"))


turnings = (
    row_by_row(
        "operators.sip_password",
        operators,
        lambda tx, row: seal_sip_password(tx, row["id"], row["sip_password"]),
        is_old=lambda row: row["sip_sealed"] is None,
    ),
)
