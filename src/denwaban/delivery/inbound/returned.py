"""What an incoming mail means for the report that it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import structlog
from sqlalchemy import RowMapping

from denwaban.delivery.acts import NotTheirs, acknowledge
from denwaban.delivery.handing import comment
from denwaban.delivery.inbound.keeping import Kept, Meaning
from denwaban.delivery.inbound.letter import Letter, Sort
from denwaban.delivery.inbound.model import Arrival
from denwaban.delivery.inbound.quoting import takes
from denwaban.delivery.inbound.receipts import delivery_by_id, delivery_of, rise
from denwaban.delivery.links import open_reply
from denwaban.store import Tx

log = structlog.get_logger(__name__)

VIA = "mail"


def kept_letter(letter: Letter) -> Kept:
    """A letter as it is kept until it is done."""
    return Kept(VIA, letter.seen_key, asdict(letter))


class Letters(Protocol):
    """Letters of another slice whose returns are to be heard of; see `Letter.comes_back`."""

    def knows(self, tx: Tx, key: str) -> bool:
        """Whether it has sent a letter of this key."""

    def returned(self, tx: Tx, key: str, why: str) -> None:
        """A letter that it knows came back; doing it again changes nothing."""


def mail_came(tx: Tx, payload: Mapping[str, Any], letters: Letters | None = None) -> Meaning:
    """Ties a mail to its delivery, or to one of the `letters`, and does what it says. A mail about nothing we know does
    nothing."""
    for key in payload["tokens"] if letters is not None else ():
        if letters is not None and letters.knows(tx, key):
            return _letter_came(tx, payload, letters, key)
    row, proven, lasting = _about(tx, payload["tokens"], payload["keys"])
    sort = Sort(payload["sort"])
    if row is None:
        log.info("mail.unknown", sort=sort.value)
        return Meaning.NOTHING
    if sort is Sort.BOUNCE:
        rise(tx, row, Arrival.FAILED, _came_back(payload))
        return Meaning.BOUNCE
    if sort in (Sort.ARRIVED, Sort.READ):
        rise(tx, row, Arrival.READ if sort is Sort.READ else Arrival.DELIVERED)
        return Meaning.RESULT
    if sort is Sort.NOTHING:
        return Meaning.NOTHING
    # A From line proves nothing; that it came to the address in our own mail to them does.
    named = payload["sender"] == str(row["address"].get("to", "")).lower()
    theirs = named and proven
    staff_id = str(row["staff_id"])
    text = words_of(payload)
    if sort is Sort.AWAY:
        # It tells that the person may not have read it: nothing is acknowledged by it.
        comment(tx, row["report_id"], staff_id if theirs else None, f"【不在応答】\n{text}", VIA)
        return Meaning.AWAY
    rise(tx, row, Arrival.READ)
    if not theirs:
        who = payload["sender"] or "差出人のないメール"
        head = "本人か確かめられない返信" if named else f"宛先とは別の方({who})からの返信"
        comment(tx, row["report_id"], None, f"【{head}】\n{text}", VIA)
        return Meaning.COMMENT
    try:
        comment(tx, row["report_id"], staff_id, text, VIA)
        if lasting and takes(payload["text"]):
            acknowledge(tx, row["report_id"], staff_id, VIA)
            return Meaning.TAKEN
    except NotTheirs:
        log.info("mail.person_gone", report=row["report_id"])
    return Meaning.COMMENT


def _letter_came(tx: Tx, payload: Mapping[str, Any], letters: Letters, key: str) -> Meaning:
    if Sort(payload["sort"]) is not Sort.BOUNCE:
        return Meaning.NOTHING
    letters.returned(tx, key, _came_back(payload))
    return Meaning.BOUNCE


def _came_back(payload: Mapping[str, Any]) -> str:
    status = f"({payload['status']})" if payload["status"] else ""
    return f"メールが戻ってきました{status}。アドレスを確かめてください。"


def _about(
    tx: Tx, tokens: Sequence[str], keys: Sequence[str]
) -> tuple[RowMapping | None, bool, bool]:
    """The delivery; whether a secret token proves that the writer had our mail; whether that token still lasts."""
    for token in tokens:
        link = open_reply(tx, token)
        if link is not None:
            return delivery_by_id(tx, link.delivery_id or ""), True, link.expires_at > tx.now
    for key in keys:
        row = delivery_of(tx, key)
        if row is not None and row["channel"] == "mail":
            return row, False, False
    return None, False, False


def words_of(payload: Mapping[str, Any]) -> str:
    """What is shown of a mail: its own words, and what came with it and was not kept."""
    text = payload["text"] or "(本文はありませんでした)"
    if payload["attachments"]:
        text += f"\n(添付は保存していません: {'、'.join(payload['attachments'])})"
    if payload["cut"]:
        text += "\n(メールが大きすぎるため、添付などの続きは受け取っていません)"
    return text
