"""Adding and changing the staff of clients."""

from datetime import datetime

from sqlalchemy import insert, select

from denwaban.journal import append
from denwaban.people import facts
from denwaban.people.acts.checks import change, check_text
from denwaban.people.model import PeopleError, Presence, Staff
from denwaban.people.queries import client, staff_member
from denwaban.people.rows import staff
from denwaban.store import Tx, new_id


def _check_substitute(tx: Tx, client_id: str, staff_id: str, substitute_id: str | None) -> None:
    if substitute_id is None:
        return
    other = staff_member(tx, substitute_id)
    if substitute_id == staff_id:
        raise PeopleError("本人を代替確認者にはできません", "substitute_id")
    if other is None or other.client_id != client_id or other.left_at is not None:
        raise PeopleError("代替確認者が見つかりません", "substitute_id")


def _person(tx: Tx, staff_id: str) -> Staff:
    person = staff_member(tx, staff_id)
    if person is None:
        raise PeopleError("この担当者は見つかりません")
    return person


def add_staff(
    tx: Tx,
    client_id: str,
    name: str,
    kana: str = "",
    department: str = "",
    *,
    in_charge: bool = False,
    substitute_id: str | None = None,
    user_id: str | None = None,
) -> str:
    """Adds a member of the client's staff and returns the id. Raises `PeopleError`."""
    if client(tx, client_id) is None:
        raise PeopleError("この顧客企業は見つかりません", "client_id")
    staff_id = new_id()
    _check_substitute(tx, client_id, staff_id, substitute_id)
    tx.execute(
        insert(staff).values(
            id=staff_id,
            client_id=client_id,
            name=check_text("name", name, required=True),
            kana=check_text("kana", kana),
            department=check_text("department", department),
            presence=Presence.PRESENT,
            presence_until=None,
            presence_note="",
            substitute_id=substitute_id,
            in_charge=in_charge,
            user_id=user_id,
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    append(tx, facts.staff_changed(staff_id, client_id, "added"))
    return staff_id


def change_staff(
    tx: Tx,
    staff_id: str,
    *,
    name: str,
    kana: str,
    department: str,
    in_charge: bool,
    substitute_id: str | None,
    seen: datetime | None = None,
) -> None:
    """Changes a member of staff; `seen` as in `change_client`."""
    person = _person(tx, staff_id)
    _check_substitute(tx, person.client_id, staff_id, substitute_id)
    values = {
        "name": check_text("name", name, required=True),
        "kana": check_text("kana", kana),
        "department": check_text("department", department),
        "in_charge": in_charge,
        "substitute_id": substitute_id,
    }
    change(tx, staff, staff_id, values, seen)
    append(tx, facts.staff_changed(staff_id, person.client_id, *values))


def set_substitute(tx: Tx, staff_id: str, substitute_id: str | None) -> None:
    """Names who takes over while this member of staff is away."""
    person = _person(tx, staff_id)
    _check_substitute(tx, person.client_id, staff_id, substitute_id)
    change(tx, staff, staff_id, {"substitute_id": substitute_id}, None)
    append(tx, facts.staff_changed(staff_id, person.client_id, "substitute_id"))


def give_account(tx: Tx, staff_id: str, user_id: str) -> None:
    """Ties a member of staff to the account they sign in with."""
    person = _person(tx, staff_id)
    change(tx, staff, staff_id, {"user_id": user_id}, None)
    append(tx, facts.staff_changed(staff_id, person.client_id, "user_id"))


def set_presence(
    tx: Tx,
    staff_id: str,
    presence: Presence | str,
    until: datetime | None = None,
    note: str = "",
) -> None:
    """Says whether somebody can take something, until when, and a word about it. Raises `PeopleError`."""
    person = staff_member(tx, staff_id)
    if person is None or person.left_at is not None:
        raise PeopleError("この担当者は見つかりません")
    try:
        chosen = Presence(presence)
    except ValueError as error:
        raise PeopleError("在席状況を選んでください", "presence") from error
    if until is not None and until <= tx.now:
        raise PeopleError("終わりの時刻は、いまより後にしてください", "until")
    values = {
        "presence": chosen,
        "presence_until": None if chosen is Presence.PRESENT else until,
        "presence_note": check_text("presence_note", note),
    }
    change(tx, staff, staff_id, values, None)
    append(tx, facts.staff_changed(staff_id, person.client_id, *values))


def leave_staff(tx: Tx, staff_id: str) -> None:
    """Somebody no longer works for the client. Their past stays; nobody is left with them as a substitute."""
    person = staff_member(tx, staff_id)
    if person is None or person.left_at is not None:
        return
    others = tx.all(select(staff.c.id).where(staff.c.substitute_id == staff_id))
    for other in others:
        change(tx, staff, other["id"], {"substitute_id": None}, None)
        append(tx, facts.staff_changed(other["id"], person.client_id, "substitute_id"))
    change(tx, staff, staff_id, {"left_at": tx.now, "in_charge": False}, None)
    append(tx, facts.staff_changed(staff_id, person.client_id, "left_at"))
