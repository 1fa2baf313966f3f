"""Promises that are kept by what people write anyway: an answer by mail, the note with which a report is done."""

import re

from sqlalchemy import or_, select

from denwaban.delivery import acknowledgement, talk_words
from denwaban.delivery.rows import report_talk
from denwaban.journal import Fact, Journal, attend
from denwaban.people import staff_member
from denwaban.promises.acts import keep, promise_of_report
from denwaban.promises.model import Promise
from denwaban.promises.rows import promises
from denwaban.reports import Status, history, set_status
from denwaban.reports.rows import report_statuses
from denwaban.store import Store, Tx
from denwaban.vault import UNOPENED, alone

SHOWN = 300
"""Characters of a mail that are kept as evidence."""

_DONE = re.compile(
    r"(?:電話|折り?返し|連絡|お伝え|伝え|ご?案内|ご?説明|対応|お話)[^。\n]{0,20}?"
    r"(?:しました|いたしました|致しました|ました|済みです|済です|ずみです|完了です)"
)
_NOT_YET = re.compile(
    r"不在|留守|つながら|繋がら|出られ|お出になら|出ません|出なかった|かけ直|改めて|あらためて|これから|後ほど|あとで|まだ"
    r"|明日|予定|できていません|できません|でしょうか|[?？]"
)


def says_done(text: str) -> bool:
    """Whether a line says that the caller was talked to, and nothing in the text that it was not, or is still to come."""
    return _DONE.search(text) is not None and _NOT_YET.search(text) is None


def find(tx: Tx, report_id: str) -> Promise | None:
    """Keeps the open promise of a report when there is evidence: whoever took it wrote by mail that it is done, or the
    report was set to 完了 with a note. None when there is none, or nothing to keep. Idempotent. What cannot be opened is no
    evidence."""
    promise = promise_of_report(tx, report_id)
    if promise is None or promise.kept_at is not None:
        return None
    for change in history(tx, report_id):
        if change.note in ("", UNOPENED) or change.at < promise.made_at:
            continue
        if change.status is Status.DONE:
            return keep(tx, promise.id, change.by_user_id, change.note)
    taken = acknowledgement(tx, report_id)
    if taken is None:
        return None
    answer = next((text for text in _mails(tx, report_id, taken.staff_id) if says_done(text)), None)
    if answer is None:
        return None
    person = staff_member(tx, taken.staff_id)
    user_id = person.user_id if person is not None else None
    said = f"メールの返信: {answer[:SHOWN]}"
    set_status(tx, report_id, Status.DONE, user_id, said)
    return keep(tx, promise.id, user_id, said)


def _mails(tx: Tx, report_id: str, staff_id: str) -> list[str]:
    query = select(report_talk).where(
        report_talk.c.report_id == report_id,
        report_talk.c.staff_id == staff_id,
        report_talk.c.via == "mail",
        report_talk.c.kind == "comment",
    )
    texts = [talk_words(tx, row) for row in tx.all(query.order_by(report_talk.c.id))]
    return [text for text in texts if text != UNOPENED]


def catch_up(tx: Tx) -> None:
    """Looks for evidence of every open promise of which something was written."""
    done = select(report_statuses.c.report_id).where(
        report_statuses.c.status == Status.DONE.value, report_statuses.c.note != ""
    )
    written = select(report_talk.c.report_id).where(report_talk.c.via == "mail")
    rows = tx.all(
        select(promises.c.report_id).where(
            promises.c.kept_at.is_(None),
            or_(promises.c.report_id.in_(done), promises.c.report_id.in_(written)),
        )
    )
    for row in rows:
        _look(tx, row["report_id"])


def _look(tx: Tx, report_id: str) -> None:
    with alone(tx, "promises.evidence", report_id):
        find(tx, report_id)


class Evidence:
    """Follows the journal for what is written about reports. What was written while no program ran is looked for at the
    start; any number of programs may, doing it twice does no harm."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def run(self) -> None:
        """Until cancelled."""
        await attend(self._store, self._journal, catch_up, self._heard)

    async def _heard(self, fact: Fact) -> None:
        if fact.kind in ("report.commented", "report.status_changed"):
            await self._store.write(lambda tx: _look(tx, fact.subject))
