"""Making summaries: each is read, written once and never changed; a correction is another edition."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from denwaban.clock import japan_day
from denwaban.journal import Fact, append
from denwaban.store import Store, Tx, new_id
from denwaban.summaries.figures import Read, document
from denwaban.summaries.model import (
    LONGEST_DAILY,
    BadPlan,
    CallLine,
    Document,
    Kind,
    Period,
    State,
    month_of,
    plain,
)
from denwaban.summaries.plans import Reader, add_summary, plan_of, readers
from denwaban.summaries.reading import read, still_open
from denwaban.summaries.rows import summaries, summary_mails, summary_tries
from denwaban.summaries.sealing import addresses, seal_calls
from denwaban.texts import N_, clean_text
from denwaban.work import Duty

ONE = timedelta(days=1)

AGAIN = timedelta(minutes=2)
PATIENCE = timedelta(hours=6)
"""A call that goes on over midnight is waited for, but not longer."""

REST = 2
"""Times as long as one took, before the next."""

LONGEST_REASON = 200
LONGEST_AGO = timedelta(days=800)

TRIAL = 0
"""The edition of a trial."""


class NoSuchSummary(LookupError):
    """There is no such summary, or it is not made yet."""


def period_of(kind: Kind, first: date, last: date, today: date) -> Period:
    """Days that are over. Raises `BadPlan` for others."""
    period = month_of(first) if kind is Kind.MONTHLY else Period(kind, first, last)
    if period.last >= today:
        raise BadPlan(
            N_("まだ終わっていない日は集計できません。昨日までの日を選んでください。"), "first"
        )
    if period.first > period.last or (period.last - period.first).days >= LONGEST_DAILY:
        raise BadPlan(N_("日報は、31日までの期間にしてください。"), "last")
    if today - period.first > LONGEST_AGO:
        raise BadPlan(N_("2年より前の日は集計できません。"), "first")
    return period


def newest_period(kind: Kind, today: date) -> Period:
    """What a trial shows: yesterday, or the last month."""
    if kind is Kind.DAILY:
        return Period(kind, today - ONE, today - ONE)
    return month_of(today.replace(day=1) - ONE)


def make_again(tx: Tx, client_id: str, period: Period, reason: str, user_id: str | None) -> str:
    """Another edition of these days (the first one when there is none), with the figures as they are now. It is mailed as
    the others were and says why it was made. Returns its id; raises `BadPlan` without a reason for a later edition."""
    reason = clean_text(reason)[:LONGEST_REASON]
    editions = _editions(tx, client_id, period)
    if editions and not reason:
        raise BadPlan(N_("どこを直したのかを一言書いてください。受け取る方にも出ます。"), "reason")
    if (waiting := _waiting(tx, client_id, period)) is not None:
        return waiting
    edition = (max(editions) if editions else 0) + 1
    made = add_summary(tx, client_id, period, edition, reason if edition > 1 else "", user_id)
    append(tx, Fact("summary.wanted", made, client_id, {"user_id": user_id, "edition": edition}))
    return made


def _editions(tx: Tx, client_id: str, period: Period) -> list[int]:
    return [row["edition"] for row in tx.all(_same(client_id, period))]


def _same(client_id: str, period: Period) -> Select[Any]:
    return select(summaries.c.id, summaries.c.edition).where(
        summaries.c.client_id == client_id,
        summaries.c.kind == period.kind.value,
        summaries.c.first == period.first,
        summaries.c.last == period.last,
        summaries.c.edition > TRIAL,
    )


def _waiting(tx: Tx, client_id: str, period: Period) -> str | None:
    row = tx.first(_same(client_id, period).where(summaries.c.made_at.is_(None)))
    return row["id"] if row is not None else None


def try_out(tx: Tx, client_id: str, kind: Kind, to: Reader, user_id: str) -> str:
    """The newest days as a trial, mailed to `to` alone (somebody of ours: no staff id) and listed nowhere else."""
    period = newest_period(kind, japan_day(tx.now))
    for row in tx.all(
        select(summaries.c.id).where(
            summaries.c.client_id == client_id,
            summaries.c.kind == kind.value,
            summaries.c.edition == TRIAL,
        )
    ):
        mails = select(summary_mails.c.id).where(summary_mails.c.summary_id == row["id"])
        tx.execute(delete(summary_tries).where(summary_tries.c.mail_id.in_(mails)))
        tx.execute(delete(summary_mails).where(summary_mails.c.summary_id == row["id"]))
        tx.execute(delete(summaries).where(summaries.c.id == row["id"]))
    made = add_summary(tx, client_id, period, TRIAL, "", user_id)
    add_mail(tx, made, client_id, to, 1, user_id=user_id, due=False)
    append(tx, Fact("summary.tried", made, client_id, {"user_id": user_id}))
    return made


def send_again(tx: Tx, summary_id: str, user_id: str | None) -> int:
    """The same edition once more to everybody who gets summaries now; returns to how many. Raises `NoSuchSummary`."""
    row = tx.first(
        select(summaries.c.client_id, summaries.c.made_at, summaries.c.edition).where(
            summaries.c.id == summary_id
        )
    )
    if row is None or row["made_at"] is None or row["edition"] == TRIAL:
        raise NoSuchSummary(summary_id)
    mine = summary_mails.c.summary_id == summary_id
    # What failed is answered by this; what is still on its way need not go twice.
    on_its_way = {
        one["staff_id"]
        for one in tx.all(
            select(summary_mails.c.staff_id).where(
                mine, summary_mails.c.state == State.PENDING.value
            )
        )
    }
    last = tx.scalar(select(func.max(summary_mails.c.round)).where(mine)) or 0
    to = [
        one
        for one in readers(tx, row["client_id"], plan_of(tx, row["client_id"]).plan)
        if one.staff_id not in on_its_way
    ]
    for one in to:
        add_mail(tx, summary_id, row["client_id"], one, last + 1)
    append(tx, Fact("summary.sent_again", summary_id, row["client_id"], {"user_id": user_id}))
    return len(to)


def add_mail(
    tx: Tx,
    summary_id: str,
    client_id: str,
    to: Reader,
    round_: int,
    *,
    user_id: str | None = None,
    due: bool = True,
) -> None:
    """A mail that goes out as soon as the summary is made; one without an address has failed already and says so."""
    nowhere = "" if to.address else "メールの届け先がありません。担当者の届け先を追加してください。"
    mail_id = new_id()
    tx.execute(
        insert(summary_mails).values(
            id=mail_id,
            summary_id=summary_id,
            client_id=client_id,
            staff_id=None if user_id else to.staff_id,
            user_id=user_id,
            name=to.name,
            address=addresses.seal(tx, client_id, mail_id, "address", to.address),
            round=round_,
            state=State.FAILED.value if nowhere else State.PENDING.value,
            tries=0,
            trouble=nowhere,
            made_at=tx.now,
            due_at=tx.now if due and not nowhere else None,
        )
    )
    tx.touch(f"work:{summary_mails.name}")


def finish(tx: Tx, summary_id: str, made: Document, lines: Sequence[CallLine]) -> None:
    """Writes the figures down for good and hands the mails over, in one step. One that is made already stays as it is."""
    row = tx.first(
        select(summaries.c.client_id, summaries.c.made_at, summaries.c.edition).where(
            summaries.c.id == summary_id
        )
    )
    if row is None or row["made_at"] is not None:
        return
    client_id, edition = row["client_id"], row["edition"]
    plan = plan_of(tx, client_id).plan
    silent = made.kind is Kind.DAILY and made.empty and not plan.quiet and edition == 1
    to = [] if silent or edition == TRIAL else readers(tx, client_id, plan)
    for one in to:
        add_mail(tx, summary_id, client_id, one, 1)
    if edition == TRIAL:
        tx.execute(
            update(summary_mails)
            .where(
                summary_mails.c.summary_id == summary_id,
                summary_mails.c.state == State.PENDING.value,
            )
            .values(due_at=tx.now)
        )
        tx.touch(f"work:{summary_mails.name}")
    tx.execute(
        update(summaries)
        .where(summaries.c.id == summary_id)
        .values(
            made_at=tx.now,
            document=plain(made),
            calls=seal_calls(tx, client_id, summary_id, lines),
            received=made.received,
            answered=made.answered,
            missed=made.missed,
            mailed=bool(to),
            due_at=None,
            leased_until=None,
        )
    )
    data = {"kind": made.kind.value, "edition": edition, "mails": len(to)}
    append(tx, Fact("summary.made", summary_id, client_id, data))


async def make(store: Store, summary_id: str) -> None:
    """Makes what is wanted, or puts it off while a call of its days goes on. Figures are read beside the writer; they are
    written in one transaction with the mails, so a crash leaves none or all. Idempotent."""
    found = await store.read(lambda tx: _figures(tx, summary_id))
    if found is None:
        await store.write(lambda tx: _wait(tx, summary_id))
        return
    figures, edition, reason = found
    made, lines = document(figures, store.clock.now(), edition, reason)
    await store.write(lambda tx: finish(tx, summary_id, made, lines))


def duty(store: Store) -> Duty:
    """Making whatever is wanted, one after another, with rests: ten thousand may be wanted in the same minute, and calls come
    first."""

    async def do(summary_id: str) -> None:
        began = monotonic()
        await make(store, summary_id)
        await asyncio.sleep((monotonic() - began) * REST)

    return Duty("summaries", summaries, do, at_once=1, late_after=timedelta(hours=3))


def _figures(tx: Tx, summary_id: str) -> tuple[Read, int, str] | None:
    """What it is made of; None while a call of its days goes on, or when it is made."""
    row = tx.first(
        select(
            summaries.c.client_id,
            summaries.c.kind,
            summaries.c.first,
            summaries.c.last,
            summaries.c.edition,
            summaries.c.reason,
            summaries.c.made_at,
        ).where(summaries.c.id == summary_id)
    )
    if row is None or row["made_at"] is not None:
        return None
    period = Period(Kind(row["kind"]), row["first"], row["last"])
    waits = tx.now < period.until + PATIENCE
    if waits and still_open(tx, row["client_id"], period):
        return None
    return read(tx, row["client_id"], period), row["edition"], row["reason"]


def _wait(tx: Tx, summary_id: str) -> None:
    tx.execute(
        update(summaries)
        .where(summaries.c.id == summary_id, summaries.c.made_at.is_(None))
        .values(due_at=tx.now + AGAIN, leased_until=None)
    )
