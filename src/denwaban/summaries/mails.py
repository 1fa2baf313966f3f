"""The mails that carry a summary: every try is written down before it is made, and what came of it afterwards."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import RowMapping, insert, select, update

from denwaban.delivery import (
    Attachment,
    Channels,
    Letter,
    NotSetUp,
    Outcome,
    Retry,
    Sent,
    wait_after,
)
from denwaban.journal import Fact, append
from denwaban.store import Store, Tx, new_id
from denwaban.summaries.model import Document, State
from denwaban.summaries.paper import LONGEST, Press, PressFailed, paper, tiles
from denwaban.summaries.queries import Kept, kept
from denwaban.summaries.rows import summary_mails, summary_tries
from denwaban.summaries.sealing import addresses
from denwaban.summaries.table import csv_of
from denwaban.summaries.words import TITLES, file_name, period_words, subject_of
from denwaban.vault import VaultError
from denwaban.work import Duty

KEY = "summary-"
"""How the key of a letter begins; the id of its mail follows."""

_KEY = re.compile(KEY + "([0-9a-f]{32})")

LEASE = timedelta(seconds=LONGEST + 60)
"""Longer than a paper and a mail may take."""

MOST_BYTES = 7_000_000
"""Of the attachments; most mailboxes take 10 MB, and a mail is a third larger than what it carries."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A try that is written down and may now be made."""

    try_id: str
    mail_id: str
    name: str
    address: str
    kept: Kept
    trial: bool


def begin(tx: Tx, mail_id: str) -> Ready | None:
    """Writes a try down; None when there is nothing left to do. Raises `VaultError`: the mail stays due."""
    row = tx.first(select(summary_mails).where(summary_mails.c.id == mail_id))
    if row is None or row["state"] != State.PENDING.value or row["due_at"] is None:
        return None
    found = kept(tx, row["summary_id"])
    if found is None:
        return None
    if found.closed:
        raise VaultError(f"summaries.calls/{row['summary_id']}")  # it waits until its calls open
    try_id = new_id()
    same = summary_mails.c.id == mail_id
    tx.execute(update(summary_mails).where(same).values(tries=row["tries"] + 1))
    tx.execute(
        insert(summary_tries).values(
            id=try_id, mail_id=mail_id, number=row["tries"] + 1, started_at=tx.now, detail=""
        )
    )
    trial = row["user_id"] is not None
    address = addresses.open(tx, row["client_id"], mail_id, "address", row["address"])
    return Ready(try_id, mail_id, row["name"], address, found, trial)


def record(tx: Tx, ready: Ready, outcome: Outcome, chance: float) -> None:
    """What came of a try. One that was sent stays sent, whatever is heard of it later."""
    result, detail = _words(outcome)
    tx.execute(
        update(summary_tries)
        .where(summary_tries.c.id == ready.try_id)
        .values(ended_at=tx.now, result=result, detail=detail)
    )
    row = tx.first(select(summary_mails).where(summary_mails.c.id == ready.mail_id))
    if row is None or row["state"] != State.PENDING.value:
        return
    values: dict[str, object] = {"trouble": detail, "due_at": None}
    if isinstance(outcome, Sent):
        values |= {"state": State.SENT.value, "sent_at": tx.now, "trouble": ""}
    elif isinstance(outcome, NotSetUp):
        values |= {"state": State.NOT_SET_UP.value}
    else:
        wait = None
        if isinstance(outcome, Retry):
            wait = wait_after(row["tries"], outcome.after, chance)
            if wait is None:
                values["trouble"] = f"何度送っても届きませんでした。最後の理由: {detail}"
        values |= {"due_at": tx.now + wait} if wait else {"state": State.FAILED.value}
    tx.execute(
        update(summary_mails)
        .where(summary_mails.c.id == ready.mail_id)
        .values(leased_until=None, **values)
    )
    for state in (State.SENT, State.FAILED):
        if values.get("state") == state.value:
            append(tx, _fact(state, row))
    tx.touch(f"work:{summary_mails.name}")


class Returns:
    """Hears of mails that the server took and brought back later."""

    def knows(self, tx: Tx, key: str) -> bool:
        return self._mail(tx, key) is not None

    def returned(self, tx: Tx, key: str, why: str) -> None:
        row = self._mail(tx, key)
        # A return may be quicker than our note that the server took it: that mail is pending still.
        if row is None or row["state"] not in (State.SENT.value, State.PENDING.value):
            return
        tx.execute(
            update(summary_mails)
            .where(summary_mails.c.id == row["id"])
            .values(state=State.FAILED.value, trouble=why, due_at=None, leased_until=None)
        )
        append(tx, _fact(State.FAILED, row))

    def _mail(self, tx: Tx, key: str) -> RowMapping | None:
        found = _KEY.fullmatch(key)
        if found is None:
            return None
        return tx.first(select(summary_mails).where(summary_mails.c.id == found[1]))


def _fact(state: State, row: RowMapping) -> Fact:
    data = {"mail_id": row["id"]}
    return Fact(f"summary.{state.value}", row["summary_id"], row["client_id"], data)


def _words(outcome: Outcome) -> tuple[str, str]:
    if isinstance(outcome, Sent):
        return "sent", outcome.detail
    if isinstance(outcome, Retry):
        return "retry", outcome.why
    return "not_set_up" if isinstance(outcome, NotSetUp) else "failed", outcome.why


async def letter(ready: Ready, url: str, press: Press) -> Letter:
    """The mail with its attachments. Raises `PressFailed`."""
    document, calls = ready.kept.document, ready.kept.calls
    pdf = await press.pdf(paper(document, calls, mail=True))
    files = (
        Attachment(file_name(document, "pdf"), "application/pdf", pdf),
        Attachment(
            file_name(document, "csv"),
            'text/csv; charset="utf-8"',
            csv_of(document, calls, mail=True),
        ),
    )
    fits = sum(len(one.data) for one in files) <= MOST_BYTES
    return Letter(
        key=f"{KEY}{ready.mail_id}",
        to=ready.address,
        name=ready.name,
        subject=subject_of(document),
        text=text_of(ready, document, url, attached=fits),
        at=document.made_at,
        attachments=files if fits else (),
        comes_back=True,
    )


def text_of(ready: Ready, document: Document, url: str, *, attached: bool) -> str:
    """The mail's own words: the figures, and where the rest is."""
    lines = [
        f"{document.client}",
        f"{ready.name} 様",
        "",
        f"{period_words(document.period)}の{TITLES[document.kind]}をお届けします。",
    ]
    if ready.trial:
        lines.append("これはお試しの送信です。お客様には送っていません。")
    if document.reason:
        lines += ["", f"【訂正】{document.reason}", "前にお届けしたものと差し替えてご覧ください。"]
    lines += ["", *(f"■ {name}: {figure}({what})" for name, figure, what in tiles(document)), ""]
    if attached:
        lines.append("つながらなかったお電話の番号などは、添付の PDF と CSV にあります。")
    else:
        lines.append("件数が多く添付できないため、PDF と CSV はポータルでご覧ください。")
    where = f"/portal/summaries/{ready.kept.listed.id}"
    if ready.trial:
        where = f"/summaries/{ready.kept.listed.id}"
    lines += [
        f"{url}{where}",
        "",
        "このメールは電話番からお送りしています。届け先や時刻は、ポータルの「日報・月報」で変えられます。",
        "",
    ]
    return "\n".join(lines)


def duty(
    store: Store,
    url: str,
    channels: Channels,
    press: Press,
    chance: Callable[[], float] = random.random,
) -> Duty:
    """Sending. A crash between the server's yes and our note sends a second copy under the same Message-ID."""

    async def do(mail_id: str) -> None:
        ready = await store.write(lambda tx: begin(tx, mail_id))
        if ready is None:
            return
        outcome: Outcome
        try:
            outcome = await channels.letter(await letter(ready, url, press))
        except PressFailed as error:
            outcome = Retry(f"PDF を作れませんでした({error})。")
        await store.write(lambda tx: record(tx, ready, outcome, chance()))

    return Duty(
        "summary mails", summary_mails, do, lease=LEASE, at_once=4, late_after=timedelta(hours=3)
    )
