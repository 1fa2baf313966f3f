"""Adding and changing people. Every change checks what it is given and leaves a fact."""

import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, insert, select, update

from denwaban.journal import append
from denwaban.people import facts
from denwaban.people.model import N_, Caller, Changed, PeopleError, Presence
from denwaban.people.queries import caller_of, client, operator, staff_member
from denwaban.people.rows import callers, clients, operators, staff
from denwaban.store import Tx, new_id

CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")

LONGEST = {
    "name": 100,
    "kana": 100,
    "industry": 50,
    "department": 100,
    "presence_note": 200,
    "greeting": 1000,
    "policy": 10_000,
    "company": 100,
}

_LABELS = {
    "name": N_("名前"),
    "kana": N_("ふりがな"),
    "industry": N_("業種"),
    "department": N_("部署"),
    "presence_note": N_("メモ"),
    "greeting": N_("第一声"),
    "policy": N_("対応方針"),
    "company": N_("会社名"),
}


def check_text(field: str, text: str, required: bool = False) -> str:
    """The text without blanks around it; raises `PeopleError` if it is too long, missing or cannot be shown."""
    text = text.strip()
    label = _LABELS[field]
    if required and not text:
        raise PeopleError("%(label)sを入力してください", field, label=label)
    if len(text) > LONGEST[field]:
        raise PeopleError(
            "%(label)sは%(most)s文字以内にしてください",
            field,
            label=label,
            most=str(LONGEST[field]),
        )
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\r\t" for char in text):
        raise PeopleError("%(label)sに使えない文字が含まれています", field, label=label)
    return text


def _check_unchanged(tx: Tx, table: Table, row_id: str, seen: datetime | None) -> None:
    if seen is None:
        return
    if tx.scalar(select(table.c.updated_at).where(table.c.id == row_id)) != seen:
        raise Changed


def _change(
    tx: Tx, table: Table, row_id: str, values: Mapping[str, Any], seen: datetime | None
) -> None:
    _check_unchanged(tx, table, row_id, seen)
    moment = tx.now
    before = tx.scalar(select(table.c.updated_at).where(table.c.id == row_id))
    if before is not None and moment <= before:
        # Two changes in one moment must differ, or the second editor would not notice the first.
        moment = before + before.resolution
    tx.execute(update(table).where(table.c.id == row_id).values(**values, updated_at=moment))


# -- clients ----------------------------------------------------------------------------------------------------------


def add_client(
    tx: Tx,
    code: str,
    name: str,
    kana: str = "",
    industry: str = "",
    greeting: str = "",
    policy: str = "",
    *,
    preparing: bool = False,
) -> str:
    """Adds a client and returns its id. `preparing`: its calls are not taken before it goes live. Raises `PeopleError`
    (code taken, text missing or too long)."""
    code = code.strip()
    if not CODE.match(code):
        raise PeopleError("顧客コードは半角の英数字と - _ で、32文字以内にしてください", "code")
    if tx.first(select(clients.c.id).where(clients.c.code == code)):
        raise PeopleError("この顧客コードは使われています", "code")
    name = check_text("name", name, required=True)
    client_id = new_id()
    tx.execute(
        insert(clients).values(
            id=client_id,
            code=code,
            name=name,
            kana=check_text("kana", kana),
            industry=check_text("industry", industry),
            greeting=check_text("greeting", greeting)
            or f"お電話ありがとうございます。{name}でございます。",
            policy=check_text("policy", policy),
            created_at=tx.now,
            updated_at=tx.now,
            live_at=None if preparing else tx.now,
        )
    )
    append(tx, facts.client_added(client_id))
    return client_id


def change_client(
    tx: Tx,
    client_id: str,
    *,
    name: str,
    kana: str,
    industry: str,
    greeting: str,
    policy: str,
    seen: datetime | None = None,
) -> None:
    """Changes a client. `seen` is its `updated_at` as it was shown: raises `Changed` if it has moved since."""
    values = {
        "name": check_text("name", name, required=True),
        "kana": check_text("kana", kana),
        "industry": check_text("industry", industry),
        "greeting": check_text("greeting", greeting, required=True),
        "policy": check_text("policy", policy),
    }
    if client(tx, client_id) is None:
        raise PeopleError("この顧客企業は見つかりません")
    _change(tx, clients, client_id, values, seen)
    append(tx, facts.client_changed(client_id, *values))


def set_recorded(tx: Tx, client_id: str, recorded: bool) -> None:
    """From the next talk on, talks are recorded, or are not. Earlier recordings stay."""
    _change(tx, clients, client_id, {"recorded": recorded}, None)
    append(tx, facts.client_changed(client_id, "recorded"))


def end_client(tx: Tx, client_id: str, ended: bool = True) -> None:
    """Ends the contract (nothing is erased), or takes it up again."""
    _change(tx, clients, client_id, {"ended_at": tx.now if ended else None}, None)
    append(tx, facts.client_changed(client_id, "ended_at"))


def set_live(tx: Tx, client_id: str, is_live: bool) -> None:
    """Whether the client's calls are taken. What must be in place before that is `oncall.go_live`'s to ask."""
    _change(tx, clients, client_id, {"live_at": tx.now if is_live else None}, None)
    append(tx, facts.client_changed(client_id, "live_at"))


# -- staff ------------------------------------------------------------------------------------------------------------


def _check_substitute(tx: Tx, client_id: str, staff_id: str, substitute_id: str | None) -> None:
    if substitute_id is None:
        return
    other = staff_member(tx, substitute_id)
    if substitute_id == staff_id:
        raise PeopleError("本人を代替確認者にはできません", "substitute_id")
    if other is None or other.client_id != client_id or other.left_at is not None:
        raise PeopleError("代替確認者が見つかりません", "substitute_id")


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
    person = staff_member(tx, staff_id)
    if person is None:
        raise PeopleError("この担当者は見つかりません")
    _check_substitute(tx, person.client_id, staff_id, substitute_id)
    values = {
        "name": check_text("name", name, required=True),
        "kana": check_text("kana", kana),
        "department": check_text("department", department),
        "in_charge": in_charge,
        "substitute_id": substitute_id,
    }
    _change(tx, staff, staff_id, values, seen)
    append(tx, facts.staff_changed(staff_id, person.client_id, *values))


def set_substitute(tx: Tx, staff_id: str, substitute_id: str | None) -> None:
    """Names who takes over while this member of staff is away."""
    person = staff_member(tx, staff_id)
    if person is None:
        raise PeopleError("この担当者は見つかりません")
    _check_substitute(tx, person.client_id, staff_id, substitute_id)
    _change(tx, staff, staff_id, {"substitute_id": substitute_id}, None)
    append(tx, facts.staff_changed(staff_id, person.client_id, "substitute_id"))


def give_account(tx: Tx, staff_id: str, user_id: str) -> None:
    """Ties a member of staff to the account they sign in with."""
    person = staff_member(tx, staff_id)
    if person is None:
        raise PeopleError("この担当者は見つかりません")
    _change(tx, staff, staff_id, {"user_id": user_id}, None)
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
    _change(tx, staff, staff_id, values, None)
    append(tx, facts.staff_changed(staff_id, person.client_id, *values))


def leave_staff(tx: Tx, staff_id: str) -> None:
    """Somebody no longer works for the client. Their past stays; nobody is left with them as a substitute."""
    person = staff_member(tx, staff_id)
    if person is None or person.left_at is not None:
        return
    others = tx.all(select(staff.c.id).where(staff.c.substitute_id == staff_id))
    for other in others:
        _change(tx, staff, other["id"], {"substitute_id": None}, None)
        append(tx, facts.staff_changed(other["id"], person.client_id, "substitute_id"))
    _change(tx, staff, staff_id, {"left_at": tx.now, "in_charge": False}, None)
    append(tx, facts.staff_changed(staff_id, person.client_id, "left_at"))


# -- operators --------------------------------------------------------------------------------------------------------


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
            sip_password=secrets.token_urlsafe(18),
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    append(tx, facts.operator_added(operator_id))
    return operator_id


def change_operator(
    tx: Tx, operator_id: str, *, name: str, kana: str, seen: datetime | None = None
) -> None:
    """Changes an operator; `seen` as in `change_client`."""
    if operator(tx, operator_id) is None:
        raise PeopleError("このオペレーターは見つかりません")
    values = {"name": check_text("name", name, required=True), "kana": check_text("kana", kana)}
    _change(tx, operators, operator_id, values, seen)
    append(tx, facts.operator_changed(operator_id, *values))


def set_experienced(tx: Tx, operator_id: str, experienced: bool) -> None:
    """Whether an operator may leave the order of scripts that allow it (自由応対)."""
    if operator(tx, operator_id) is None:
        raise PeopleError("このオペレーターは見つかりません")
    _change(tx, operators, operator_id, {"experienced": experienced}, None)
    append(tx, facts.operator_changed(operator_id, "experienced"))


def new_sip_password(tx: Tx, operator_id: str) -> str:
    """A new password for the operator's telephone; the old one stops working once the engine has read it."""
    if operator(tx, operator_id) is None:
        raise PeopleError("このオペレーターは見つかりません")
    made = secrets.token_urlsafe(18)
    _change(tx, operators, operator_id, {"sip_password": made}, None)
    append(tx, facts.operator_changed(operator_id, "sip_password"))
    return made


def leave_operator(tx: Tx, operator_id: str, left: bool = True) -> None:
    """Somebody no longer answers calls (or does again). Their past calls stay theirs."""
    _change(tx, operators, operator_id, {"left_at": tx.now if left else None}, None)
    append(tx, facts.operator_changed(operator_id, "left_at"))


# -- callers ----------------------------------------------------------------------------------------------------------


def remember_caller(
    tx: Tx, client_id: str, number: str, name: str = "", kana: str = "", company: str = ""
) -> Caller:
    """Keeps what is known of who calls this client from this number (E.164). An empty text keeps what was known."""
    given = {
        "name": check_text("name", name),
        "kana": check_text("kana", kana),
        "company": check_text("company", company),
    }
    known = caller_of(tx, client_id, number)
    if known is None:
        tx.execute(
            insert(callers).values(
                id=new_id(), client_id=client_id, number=number, updated_at=tx.now, **given
            )
        )
    else:
        fresh = {key: value for key, value in given.items() if value}
        tx.execute(
            update(callers).where(callers.c.id == known.id).values(**fresh, updated_at=tx.now)
        )
    found = caller_of(tx, client_id, number)
    assert found is not None  # it was just written
    return found


def set_regular(tx: Tx, client_id: str, number: str, regular: bool) -> Caller:
    """Whether this client greets who calls from this number (E.164) as a regular caller; one who is not known yet is from
    now on, without a name."""
    known = caller_of(tx, client_id, number) or remember_caller(tx, client_id, number)
    tx.execute(
        update(callers).where(callers.c.id == known.id).values(regular=regular, updated_at=tx.now)
    )
    found = caller_of(tx, client_id, number)
    assert found is not None  # it was just written
    return found
