"""Attempts in the database: written down before they are made, and what came of them. Many at a time.

A message may carry several reports (a digest): the delivery that was due is its carrier, the others point to it by `digest_id`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select, update

from denwaban.delivery import facts
from denwaban.delivery.acts import give_up_person
from denwaban.delivery.composing import address_of, message_of, names_of, together
from denwaban.delivery.gathering import Begun, gather, release
from denwaban.delivery.links import make_links, make_replies
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import (
    Failed,
    NotSetUp,
    Outcome,
    Retry,
    Sent,
    outcome_words,
    wait_after,
)
from denwaban.delivery.rows import attempts, deliveries, escalations
from denwaban.delivery.telling import DIGEST
from denwaban.journal import append
from denwaban.reports import reports_by_ids
from denwaban.store import Question, Tx, add_rows, among, new_id


@dataclass(frozen=True, slots=True)
class Ready:
    """An attempt that is written down and may now be made. `tries` are (attempt, delivery), the carrier's own first."""

    tries: tuple[tuple[str, str], ...]
    channel: str
    message: Message
    call_ended_at: datetime | None
    held: bool
    lost: Failed | None = None
    """Why there is nothing to try: the address cannot be read any more."""

    @property
    def delivery_id(self) -> str:
        return self.tries[0][1]


@dataclass(frozen=True, slots=True)
class Came:
    """What came of an attempt; `chance` spreads the next one."""

    ready: Ready
    outcome: Outcome
    chance: float


# Built once, and the same for any number of rows: a busy worker does hundreds a second. No moments: reading one costs most.
_FOUND = Question(
    select(
        deliveries.c.id,
        deliveries.c.report_id,
        deliveries.c.client_id,
        deliveries.c.staff_id,
        deliveries.c.channel,
        deliveries.c.rung,
        deliveries.c.kind,
        deliveries.c.address,
        deliveries.c.idempotency_key,
        deliveries.c.state,
        deliveries.c.tries,
        deliveries.c.held,
        deliveries.c.digest_id,
    ).where(among(deliveries.c.id, "ids"))
)
_TRIED = (
    update(deliveries).where(among(deliveries.c.id, "ids")).values(tries=deliveries.c.tries + 1)
)
_CUT_OFF = (
    update(attempts)
    .where(among(attempts.c.delivery_id, "ids"), attempts.c.ended_at.is_(None))
    .values(detail="送信の途中で中断しました。もう一度送ります。")
)
_ENDED = update(attempts).where(among(attempts.c.id, "ids"))
_ARRIVED = (
    update(deliveries)
    .where(among(deliveries.c.id, "ids"), deliveries.c.state != "sent")
    .values(state="sent", due_at=None, leased_until=None, error=None)
    .returning(
        *(deliveries.c[name] for name in ("id", "report_id", "client_id", "channel", "staff_id"))
    )
)
_REACHED = update(escalations).where(
    among(escalations.c.id, "ids"), escalations.c.reached_at.is_(None)
)


def begin(
    tx: Tx, delivery_ids: Sequence[str], url: str, *, answers: bool = False
) -> list[Ready | None]:
    """Writes attempts down before they are made; None where there is nothing left to do. In the order of the ids.
    `answers`: mails get an address of their own for answers."""
    found = {row["id"]: row for row in tx.all(_FOUND, {"ids": delivery_ids})}
    # Taken meanwhile, or another worker was quicker after a lease ran out.
    over = [one for one, row in found.items() if row["state"] != "pending"]
    begun: dict[str, Begun] = {}
    carried: set[str] = set()
    for one in dict.fromkeys(delivery_ids):
        row = found.get(one)
        if row is None or row["state"] != "pending" or one in carried:
            continue
        if row["held"] != DIGEST:
            begun[one] = Begun(row)
            continue
        gathered = gather(tx, row)
        if gathered is None:
            continue
        begun[one] = gathered
        carried |= {other["id"] for other in gathered.carried}
    for one in carried & set(begun):
        del begun[one]  # it began a moment before its carrier
    if over:
        release(tx, over, due_at=None)
    if not begun:
        return [None] * len(delivery_ids)
    made = _write_down(tx, list(begun.values()), url, answers)
    return [made.get(one) for one in delivery_ids]


def _write_down(tx: Tx, begun: Sequence[Begun], url: str, answers: bool) -> dict[str, Ready]:
    rows = [row for one in begun for row in one.rows]
    again = [row["id"] for row in rows if row["tries"]]
    if again:
        tx.execute(_CUT_OFF, {"ids": again})
    attempt_of = {row["id"]: new_id() for row in rows}
    add_rows(
        tx,
        attempts,
        [
            {
                "id": attempt_of[row["id"]],
                "delivery_id": row["id"],
                "number": row["tries"] + 1,
                "started_at": tx.now,
                "detail": "",
            }
            for row in rows
        ],
    )
    tx.execute(_TRIED, {"ids": attempt_of})
    wanted = [(row["report_id"], row["staff_id"], row["id"]) for row in rows]
    tokens = dict(zip(attempt_of, make_links(tx, wanted), strict=True))
    links = {one: f"{url}/a/{token}" for one, token in tokens.items()}
    mails = [one.row for one in begun if answers and one.row["channel"] == "mail"]
    wanted = [(row["report_id"], row["staff_id"], row["id"]) for row in mails]
    replies = dict(zip((row["id"] for row in mails), make_replies(tx, wanted), strict=True))
    reports = {one.id: one for one in reports_by_ids(tx, [row["report_id"] for row in rows])}
    names = names_of(tx, [row["staff_id"] for row in rows])
    made = {}
    for one in begun:
        first = reports[one.row["report_id"]]
        address, lost = address_of(tx, one.row)
        link, reply = links[one.row["id"]], replies.get(one.row["id"], "")
        message = message_of(tx, first, one.row, names, link, address, reply)
        if one.carried:
            listed = [(reports[row["report_id"]], links[row["id"]]) for row in one.rows]
            message = together(message, listed, f"{url}/portal/reports")
        made[one.row["id"]] = Ready(
            tuple((attempt_of[row["id"]], row["id"]) for row in one.rows),
            one.row["channel"],
            message,
            first.call_ended_at,
            one.row["held"] is not None,
            lost,
        )
    return made


def record(tx: Tx, came: Sequence[Came]) -> list[None]:
    """What came of attempts. A late answer of a sender that was thought dead only adds what is true."""
    ended: dict[tuple[str, str], list[str]] = {}
    for one in came:
        words = outcome_words(one.outcome)
        ended.setdefault(words, []).extend(attempt for attempt, _delivery in one.ready.tries)
    for (result, detail), tries in ended.items():
        told = {"ended_at": tx.now, "result": result, "detail": detail}
        tx.execute(_ENDED, {"ids": tries, **told})
    if sent := _deliveries_of(one for one in came if isinstance(one.outcome, Sent)):
        _sent(tx, sent)
    others = [one for one in came if not isinstance(one.outcome, Sent)]
    if others:
        rows = {row["id"]: row for row in tx.all(_FOUND, {"ids": _deliveries_of(others)})}
        for one in others:
            _not_sent(tx, one, rows)
    return [None] * len(came)


def _deliveries_of(came: Iterable[Came]) -> list[str]:
    return [delivery_id for one in came for _attempt, delivery_id in one.ready.tries]


def _sent(tx: Tx, ids: Sequence[str]) -> None:
    rows = tx.all(_ARRIVED, {"ids": ids, "sent_at": tx.now})
    if rows:
        append(tx, *(facts.sent(*_about(row)) for row in rows))
        tx.execute(_REACHED, {"ids": {row["report_id"] for row in rows}, "reached_at": tx.now})


def _not_sent(tx: Tx, one: Came, rows: dict[str, RowMapping]) -> None:
    detail = outcome_words(one.outcome)[1]
    carrier = rows[one.ready.delivery_id]
    pending = [
        rows[delivery_id]
        for _attempt, delivery_id in one.ready.tries
        if rows[delivery_id]["state"] == "pending"
    ]
    if carrier["state"] != "pending":
        release(tx, [carrier["id"]], due_at=None)
    if not pending:
        return
    ids = [row["id"] for row in pending]
    if isinstance(one.outcome, NotSetUp):
        release(tx, ids, state="cancelled", due_at=None, error=detail)
        return
    wait = None
    if isinstance(one.outcome, Retry):
        wait = wait_after(carrier["tries"], one.outcome.after, one.chance)
        if wait is None:
            detail = f"何度送っても届きませんでした。最後の理由: {detail}"
    if wait is not None:
        release(tx, ids, error=detail)
        release(tx, [carrier["id"]], due_at=tx.now + wait)
        tx.touch("work:deliveries")
        return
    release(tx, ids, state="failed", due_at=None, error=detail)
    for row in pending:
        append(tx, facts.failed(*_about(row)))
        give_up_person(tx, row["report_id"], row["rung"])


def _about(row: RowMapping) -> tuple[str, str, str, str, str]:
    return row["report_id"], row["client_id"], row["id"], row["channel"], row["staff_id"]
