"""Presses of our buttons in Slack and LINE, and what is answered there.

A button proves which message was pressed; the service proves who pressed it. Only the person whom the message was for, or
somebody of the same client whom their contacts name, takes the report: a colleague in the same channel does not take it
in another's name.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import RowMapping, select

from denwaban.delivery.acknowledgements import Acknowledged
from denwaban.delivery.acts import NotTheirs, acknowledge
from denwaban.delivery.channels.line import TAKE
from denwaban.delivery.inbound.keeping import Meaning
from denwaban.delivery.inbound.model import Arrival
from denwaban.delivery.inbound.receipts import delivery_of, rise
from denwaban.oncall import open_address
from denwaban.oncall import rows as oncall_rows
from denwaban.people import rows as people_rows
from denwaban.store import Tx
from denwaban.vault import KeyDestroyed, shown

UNKNOWN = "この報告は見つかりませんでした。ポータルでご確認ください。"
NOT_YOURS = (
    "ボタンを押した方を確認できないため、引き受けになっていません。メッセージのリンクから引き受けてください。"
    "連絡先の画面に Slack のメンバー ID を入れると、次からボタンで引き受けられます。"
)
HELLO = "お知らせの届け先に登録するには、次の ID を連絡先の画面に入れてください。\n{user}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell the one who pressed; a courtesy, the report is taken or not without it. `by` is slack or line."""

    by: str
    text: str
    at: str = field(repr=False)
    """Slack: the URL to answer at. LINE: the reply token."""
    everybody: bool = False


def slack_pressed(tx: Tx, payload: Mapping[str, Any]) -> tuple[Meaning, Answer | None]:
    """A press in Slack."""
    row = delivery_of(tx, payload["key"])
    if row is None or row["channel"] != "slack_app":
        return Meaning.NOTHING, _slack(payload, UNKNOWN)
    who = slack_person(tx, row, payload["member"], payload["place"])
    if who is None:
        return Meaning.NOTHING, _slack(payload, NOT_YOURS)
    found = _take(tx, row, who, "slack")
    if found is None:
        return Meaning.NOTHING, _slack(payload, UNKNOWN)
    return Meaning.TAKEN, _slack(payload, words_of(found), found.first)


def slack_person(tx: Tx, row: RowMapping, member: str, place: str) -> str | None:
    """The staff member who pressed: the addressee in a talk of their own or by their member ID, or a colleague of the same
    client whose contact names this member ID in the same workspace."""
    try:
        address = open_address(tx, row["client_id"], row["address"])
    except KeyDestroyed:
        return None  # the contact was removed since
    own_talk = address["place"] in (member, place) and address["place"][:1] in ("U", "D")
    if member and (own_talk or address.get("member") == member):
        return str(row["staff_id"])
    contacts, staff = oncall_rows.contacts, people_rows.staff
    others = tx.all(
        select(contacts.c.staff_id, contacts.c.address)
        .join(staff, staff.c.id == contacts.c.staff_id)
        .where(
            contacts.c.client_id == row["client_id"],
            contacts.c.channel == "slack_app",
            staff.c.left_at.is_(None),
        )
    )
    for one in others:
        if not member or one["address"].get("member") != member:
            continue
        kept = shown(partial(open_address, tx, row["client_id"], one["address"]), {})
        if kept and kept.get("token") == address.get("token"):
            return str(one["staff_id"])
    return None


def line_came(tx: Tx, payload: Mapping[str, Any]) -> tuple[Meaning, Answer | None]:
    """An event of LINE: a press, or somebody who asks for their ID."""
    if payload["type"] != "postback":
        wanted = payload["type"] == "follow" or asks_id(payload["text"])
        if not wanted:
            return Meaning.NOTHING, None
        return Meaning.ANSWERED, _line(payload, HELLO.format(user=payload["user"]))
    row = delivery_of(tx, payload["data"].removeprefix(TAKE))
    theirs = row is not None and row["address"].get("user") == payload["user"]
    if row is None or row["channel"] != "line" or not theirs:
        return Meaning.NOTHING, _line(payload, UNKNOWN)
    found = _take(tx, row, str(row["staff_id"]), "line")
    if found is None:
        return Meaning.NOTHING, _line(payload, UNKNOWN)
    return Meaning.TAKEN, _line(payload, words_of(found))


def asks_id(text: str) -> bool:
    """Whether somebody asks for their ID: in small or full-width letters as well."""
    return unicodedata.normalize("NFKC", text).strip().lower() == "id"


def words_of(found: Acknowledged) -> str:
    """Who has it."""
    if found.first:
        return f"{found.staff_name} さんが引き受けました。ありがとうございます。"
    return f"この報告は、すでに {found.staff_name} さんが引き受けています。"


def _take(tx: Tx, row: RowMapping, staff_id: str, via: str) -> Acknowledged | None:
    try:
        found = acknowledge(tx, row["report_id"], staff_id, via)
    except NotTheirs:
        return None  # they have left meanwhile
    rise(tx, row, Arrival.READ)
    return found


def _slack(payload: Mapping[str, Any], text: str, everybody: bool = False) -> Answer | None:
    at = payload["answer_at"]
    return Answer("slack", text, at, everybody) if at else None


def _line(payload: Mapping[str, Any], text: str) -> Answer | None:
    at = payload["answer_by"]
    return Answer("line", text, at) if at else None
