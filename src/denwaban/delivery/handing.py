"""What people do with a report on its way: hand it back, give it to somebody, say something, send it again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from denwaban.access import rows as access_rows
from denwaban.delivery import facts
from denwaban.delivery.acknowledgements import Acknowledged, acknowledgement
from denwaban.delivery.acts import NotTheirs, move
from denwaban.delivery.model import Kind, Rung, State, Told, cut_short, handed, resumed, to_json
from denwaban.delivery.plans import Unreachable, ladder_for, targets_of
from denwaban.delivery.rows import acknowledgements, escalations, report_talk
from denwaban.delivery.sealing import talk, talk_words
from denwaban.delivery.standing import climb_of
from denwaban.delivery.telling import About, cancel, tell
from denwaban.journal import append
from denwaban.oncall import reachable
from denwaban.people import rows as people_rows
from denwaban.people import staff_member
from denwaban.reports import Report, Status, hand_to
from denwaban.reports import report as report_of
from denwaban.reports import rows as report_rows
from denwaban.store import Tx, new_id
from denwaban.texts import clean_text

LONGEST = 2000
"""Characters of a comment or a reason; the rest is cut."""

MOST_BY_MAIL = 50
"""Comments by mail on one report from one person (from all strangers together): two robots that answer each other must not
fill it."""

MORE_BY_MAIL = (
    "メールの返信が多いため、これより後のものは残していません。ポータルに書き込んでください。"
)

MOST_RUNGS = 200
"""Of one ladder, with all that has been handed on: everybody who looks at the report reads it."""

JUST_NOW = timedelta(seconds=10)
"""Two presses of 「再送」 within this are one."""


class NoReason(ValueError):
    """A report is handed back with a reason; the message is a Japanese sentence."""


class NotTaken(ValueError):
    """Only who has taken a report can hand it back; `by` is who has, None when nobody."""

    def __init__(self, by: Acknowledged | None) -> None:
        super().__init__("not taken by them")
        self.by = by


class HandedTooOften(ValueError):
    """It has been given to so many people that no more are told."""


class AlreadyTaken(ValueError):
    """Somebody has taken it: nothing is to be sent."""

    def __init__(self, by: Acknowledged) -> None:
        super().__init__("already taken")
        self.by = by


@dataclass(frozen=True, slots=True)
class Said:
    """Something said or done about a report by a person. `kind` is comment, handed_back, reassigned, resent or confirmed."""

    id: str
    kind: str
    by: str
    """Their name; empty for the system."""
    text: str
    via: str
    at: datetime


def comment(tx: Tx, report_id: str, by: str | None, text: str, via: str) -> None:
    """Adds what somebody said about a report. `by` is the id of a staff member of its client, or of an account of ours or
    theirs, None for somebody whom we do not know (the text says who they say they are); `via` is portal, board, api or the channel that was answered (mail, slack, …).

    A text without a word is ignored; a second copy of the same words by the same person within a minute too (a mail server
    that delivers twice). Of mails, `MOST_BY_MAIL` and a word that there were more. Raises `NotTheirs` when there is no such report or `by` has nothing to do with it.
    """
    text = clean_text(text, lines=True)[:LONGEST]
    report = _report(tx, report_id)
    who = _who(tx, report.client_id, by) if by is not None else {}
    if not text:
        return
    mine = [
        report_talk.c.report_id == report_id,
        *(report_talk.c[name] == who.get(name) for name in ("staff_id", "user_id")),
    ]
    just_now = report_talk.c.at > tx.now - timedelta(minutes=1)
    latest = select(report_talk).where(*mine, just_now)
    if any(talk_words(tx, row) == text for row in tx.all(latest)):
        return
    if via == "mail":
        by_mail = (report_talk.c.via == via, report_talk.c.kind == "comment")
        mails = tx.scalar(select(func.count()).where(*mine, *by_mail))
        if mails > MOST_BY_MAIL:
            return
        text = MORE_BY_MAIL if mails == MOST_BY_MAIL else text
    _say(tx, report, "comment", who, text, via)
    append(tx, facts.commented(report_id, report.client_id))


def hand_back(tx: Tx, report_id: str, staff_id: str, reason: str, via: str) -> None:
    """Whoever took it cannot do it after all: the ladder goes on from its next rung that is somebody else.

    Raises `NotTheirs`, `NoReason`, `NotTaken`. After that anybody may take it again.
    """
    report = _report(tx, report_id)
    taken = acknowledgement(tx, report_id)
    if taken is None or taken.staff_id != staff_id:
        raise NotTaken(taken)
    reason = clean_text(reason, lines=True)[:LONGEST]
    if not reason:
        raise NoReason("理由を一言入れてください。例:「出張中のため、今日中に対応できません」")
    _say(tx, report, "handed_back", {"staff_id": staff_id}, reason, via)
    _back(tx, report, staff_id)


def _back(tx: Tx, report: Report, staff_id: str) -> None:
    before = climb_of(tx, report.id)
    assert before is not None  # it was taken
    _untake(tx, report.id)
    append(tx, facts.handed_back(report.id, report.client_id, staff_id))
    move(tx, report.id, before, resumed(before, staff_id, tx.now))


def reassign(tx: Tx, report_id: str, staff_id: str, by: str, reason: str, via: str) -> None:
    """Gives it to somebody on the roster: what was on its way ends, and the client's ladder begins again for them.

    `by` and `via` as in `comment`. Raises `NotTheirs` when there is no such report or they are not on the roster,
    `HandedTooOften`.
    """
    report, before = _report(tx, report_id), climb_of(tx, report_id)
    who = _who(tx, report.client_id, by)
    if before is None:
        raise NotTheirs("not sent")
    try:
        ladder = ladder_for(
            tx,
            report.client_id,
            report.draft.urgency,
            staff_id,
            round(before.ladder.last_wait.total_seconds() / 60),
        )
    except Unreachable as error:
        raise NotTheirs("not on the roster") from error
    after = handed(before, [_given(rung) for rung in ladder.rungs], tx.now)
    if len(after.ladder.rungs) > MOST_RUNGS:
        raise HandedTooOften(report_id)
    if acknowledgement(tx, report_id) is not None:
        _untake(tx, report_id)
    cancel(tx, report_id)
    tx.execute(
        update(escalations)
        .where(escalations.c.id == report_id)
        .values(ladder=to_json(after.ladder), closed_at=None, floor_since=None, asked=0)
    )
    _say(tx, report, "reassigned", who, clean_text(reason, lines=True)[:LONGEST], via)
    hand_to(tx, report_id, staff_id)
    append(tx, facts.reassigned(report_id, report.client_id, staff_id))
    move(tx, report_id, before, after)


def resend(tx: Tx, report_id: str, by: str, via: str) -> None:
    """Tells whoever has the report once more, now, by the contacts they have now: quiet hours do not hold it.

    Two presses are one. Raises `NotTheirs`, `AlreadyTaken`.
    """
    report, before = _report(tx, report_id), climb_of(tx, report_id)
    who = _who(tx, report.client_id, by)
    if before is None:
        raise NotTheirs("not sent")
    taken = acknowledgement(tx, report_id)
    if taken is not None:
        raise AlreadyTaken(taken)
    last = tx.scalar(
        select(func.max(report_talk.c.at)).where(
            report_talk.c.report_id == report_id, report_talk.c.kind == "resent"
        )
    )
    if last is not None and last > tx.now - JUST_NOW:
        return
    owner = before.now_on.staff_id
    _say(tx, report, "resent", who, "", via)
    this = About(report.id, report.client_id, report.draft.urgency)
    tell(
        tx,
        this,
        before.rung,
        [Told(owner, Kind.REMINDER, targets_of(tx, owner))],
        at_once=True,
    )
    append(tx, facts.resent(report_id, report.client_id, owner))


def gone(tx: Tx, staff_id: str) -> int:
    """This person has left, or is away from now on: what waits for them goes to the next rung at once, and what somebody
    who left had taken goes back on its ladder. Returns how many reports moved. Idempotent."""
    person = staff_member(tx, staff_id)
    if person is None or (person.left_at is None and reachable(tx, person.id, tx.now)):
        return 0
    reports = report_rows.reports
    rows = tx.all(
        select(escalations.c.id, escalations.c.state)
        .join(reports, reports.c.id == escalations.c.id)
        .where(reports.c.in_charge_id == staff_id, escalations.c.closed_at.is_(None))
        .order_by(escalations.c.id)
    )
    moved = 0
    for row in rows:
        if row["state"] == State.WAITING.value:
            moved += _pass_over(tx, row["id"], staff_id, "left" if person.left_at else "away")
        elif row["state"] == State.ACKNOWLEDGED.value and person.left_at is not None:
            report = _report(tx, row["id"])
            if report.status is not Status.DONE and acknowledgement(tx, row["id"]) is not None:
                append(tx, facts.passed_over(row["id"], report.client_id, staff_id, "left"))
                _back(tx, report, staff_id)
                moved += 1
    return moved


def _pass_over(tx: Tx, report_id: str, staff_id: str, why: str) -> int:
    before = climb_of(tx, report_id)
    if before is None or before.state is not State.WAITING or before.now_on.staff_id != staff_id:
        return 0
    rest = before.ladder.rungs[before.rung :]
    others = any(one.staff_id != staff_id for rung in rest for one in rung.told)
    if why == "away" and not others:
        return 0  # a message to somebody away is better than none
    report = _report(tx, report_id)
    append(tx, facts.passed_over(report_id, report.client_id, staff_id, why))
    if why == "left":
        cancel(tx, report_id, staff_ids=[staff_id])
    move(tx, report_id, before, cut_short(before, tx.now))
    return 1


def said(tx: Tx, report_id: str) -> list[Said]:
    """What people said and did about a report, oldest first."""
    staff, users = people_rows.staff, access_rows.users
    query = (
        select(report_talk, staff.c.name.label("staff_name"), users.c.name.label("user_name"))
        .outerjoin(staff, staff.c.id == report_talk.c.staff_id)
        .outerjoin(users, users.c.id == report_talk.c.user_id)
        .where(report_talk.c.report_id == report_id)
        .order_by(report_talk.c.id)
    )
    return [
        Said(
            row["id"],
            row["kind"],
            row["staff_name"] or row["user_name"] or "",
            talk_words(tx, row),
            row["via"],
            row["at"],
        )
        for row in tx.all(query)
    ]


def _given(rung: Rung) -> Rung:
    """The first message of a report that was given to somebody says so."""
    if rung.kind is not Kind.FIRST:
        return rung
    return Rung(rung.staff_id, Kind.HANDED, rung.wait, rung.targets, rung.others)


def _untake(tx: Tx, report_id: str) -> None:
    tx.execute(delete(acknowledgements).where(acknowledgements.c.report_id == report_id))
    tx.execute(
        update(escalations)
        .where(escalations.c.id == report_id)
        .values(asked=0, closed_at=None, floor_since=None)
    )


def _report(tx: Tx, report_id: str) -> Report:
    found = report_of(tx, report_id)
    if found is None:
        raise NotTheirs("no such report")
    return found


def _who(tx: Tx, client_id: str, by: str) -> dict[str, str]:
    """Whether `by` is somebody of the client, an account of theirs, or one of ours."""
    staff, users = people_rows.staff, access_rows.users
    if tx.first(select(staff.c.id).where(staff.c.id == by, staff.c.client_id == client_id)):
        return {"staff_id": by}
    account = tx.first(select(users.c.client_id).where(users.c.id == by))
    if account is None or account["client_id"] not in (None, client_id):
        raise NotTheirs("nobody of this client")
    return {"user_id": by}


def _say(tx: Tx, report: Report, kind: str, who: dict[str, str], text: str, via: str) -> None:
    made = new_id()
    tx.execute(
        insert(report_talk).values(
            id=made,
            report_id=report.id,
            client_id=report.client_id,
            kind=kind,
            via=via,
            text=talk.seal(tx, report.client_id, made, "text", text),
            at=tx.now,
            **who,
        )
    )
