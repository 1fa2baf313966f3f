"""What the pages of the portal show, read in one transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from denwaban.calls import Missed, Outcome, RecordingState, state_of
from denwaban.calls import call as call_of
from denwaban.clock import japan_day
from denwaban.delivery import (
    Acknowledged,
    Caller,
    Moment,
    Standing,
    State,
    acknowledgement,
    caller_of,
    has_to_confirm,
    standings,
    story_of,
    taken,
    untaken,
)
from denwaban.feedback import Feedback, answers_for, of_report
from denwaban.lines import parse_number, show_number
from denwaban.oncall import Contact, NobodyOnDuty, OnDuty, contacts_of, person_in_charge
from denwaban.people import Presence, Staff, staff_of, staff_of_user
from denwaban.promises import Promise, open_of_client, promise_of_report
from denwaban.reports import (
    Report,
    caller_words,
    lines_of,
    listed_by_ids,
    name_words,
    reports,
)
from denwaban.store import Tx

SHOWN = 40
"""Reports of the inbox; older ones are a page further."""


@dataclass(frozen=True, slots=True)
class Item:
    """One report in a list."""

    report: Report
    caller: str
    taken: Acknowledged | None
    owner: str
    """Name of the person whose turn it is."""
    mine: bool
    overdue: bool
    """Its call-back time has passed."""
    nobody: bool
    """Everybody was told and nobody has taken it."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """Untaken reports first, emergencies and then the oldest on top; then the taken ones, newest on top."""

    untaken: list[Item]
    taken: list[Item]
    more: str
    """Where older reports begin; empty when these are all."""
    on_duty: OnDuty | NobodyOnDuty
    known: bool
    """Whether the reader is on the roster, so that they can take something."""
    answers: list[Feedback]
    """Wishes of the reader that were dealt with since they looked."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One report with all that happened to it."""

    report: Report
    lines: tuple[tuple[str, str], ...]
    taken: Acknowledged | None
    standing: Standing | None
    owner: str
    mine: bool
    known: bool
    confirms: bool
    """All are to confirm it, and the reader has not."""
    promise: Promise | None
    late: bool
    number: str
    """For a `tel:` link; empty when there is none to call."""
    number_shown: str
    story: list[Moment]
    """Everything that happened to it, oldest first."""
    caller: Caller
    """What else the caller has had to do with the client."""
    colleagues: list[tuple[str, str]]
    """(id, name) of whom it can be given to."""
    words: list[Feedback]
    """What colleagues said of the call."""
    message: str
    """The caller has left a message: `kept`, or `erased` when its time was over; empty: none."""


@dataclass(frozen=True, slots=True)
class MissedDay:
    """The missed calls of one day in Tokyo."""

    day: date
    first: datetime
    calls: list["MissedCall"]


@dataclass(frozen=True, slots=True)
class MissedCall:
    at: datetime
    number: str
    shown: str
    seconds: int
    """Until answered, or until the caller gave up."""
    outcome: str
    """As of the call, or `cut_short`: answered, then cut off on our side."""
    practice: bool


@dataclass(frozen=True, slots=True)
class PromiseItem:
    promise: Promise
    caller: str
    shown: str
    late: bool


@dataclass(frozen=True, slots=True)
class Person:
    staff: Staff
    now: Presence
    substitute: str


@dataclass(frozen=True, slots=True)
class Roster:
    me: Person | None
    contacts: list[Contact]
    """By which ways the reader is told of reports."""
    others: list[Person]
    on_duty: OnDuty | NobodyOnDuty


def _items(tx: Tx, client_id: str, found: Sequence[Report], user_id: str) -> list[Item]:
    ids = [report.id for report in found]
    took, stand = taken(tx, ids), standings(tx, ids)
    people = {person.id: person for person in staff_of(tx, client_id, left=True)}
    items = []
    for report in found:
        standing = stand.get(report.id)
        owner = people.get(standing.owner_id if standing else report.in_charge_id)
        by = report.draft.callback_by
        items.append(
            Item(
                report,
                caller_words(report.draft),
                took.get(report.id),
                owner.name if owner is not None else "",
                owner is not None and owner.user_id == user_id,
                report.status == "callback" and by is not None and by < tx.now,
                standing is not None and standing.state is State.EXHAUSTED,
            )
        )
    return items


def inbox(tx: Tx, client_id: str, user_id: str) -> Inbox:
    """The newest reports, those that need somebody first."""
    found = reports(tx, client_id, limit=SHOWN + 1)
    items = _items(tx, client_id, found[:SHOWN], user_id)
    # However old: a report that nobody has taken never leaves the first page. Hundreds of them do not hide the newest.
    waiting = untaken(tx, client_id)
    open_ones = _items(tx, client_id, listed_by_ids(tx, waiting), user_id)
    open_ones += [it for it in items if it.taken is None and it.report.id not in waiting]
    me = staff_of_user(tx, user_id)
    return Inbox(
        untaken=sorted(open_ones, key=lambda item: item.report.draft.urgency != "emergency"),
        taken=[item for item in items if item.taken is not None],
        more=found[SHOWN - 1].id if len(found) > SHOWN else "",
        on_duty=person_in_charge(tx, client_id, tx.now),
        known=me is not None and me.client_id == client_id,
        answers=answers_for(tx, user_id),
    )


def older(tx: Tx, client_id: str, before: str | None) -> list[Item]:
    """Reports before that one."""
    return _items(tx, client_id, reports(tx, client_id, before=before, limit=SHOWN), "")


def detail(tx: Tx, report: Report, user_id: str) -> Detail:
    """One report."""
    item = _items(tx, report.client_id, [report], user_id)[0]
    number = report.draft.number
    promise = promise_of_report(tx, report.id)
    me = staff_of_user(tx, user_id)
    return Detail(
        report=report,
        lines=lines_of(report, signed_in=True),
        taken=acknowledgement(tx, report.id),
        standing=standings(tx, [report.id]).get(report.id),
        owner=item.owner,
        mine=item.mine,
        known=me is not None and me.client_id == report.client_id,
        confirms=me is not None and has_to_confirm(tx, report.id, me.id),
        promise=promise,
        late=promise is not None and promise.late(tx.now),
        number=parse_number(number).e164 or "",
        number_shown=show_number(number) if number else "",
        story=story_of(tx, report, to_client=True),
        caller=caller_of(tx, report),
        words=of_report(tx, report.id),
        message=_message(tx, report),
        colleagues=[
            (person.id, person.name)
            for person in staff_of(tx, report.client_id)
            if me is None or person.id != me.id
        ],
    )


_ERASED = (RecordingState.ERASING, RecordingState.ERASED)


def _message(tx: Tx, report: Report) -> str:
    call = call_of(tx, report.call_id) if report.call_id is not None else None
    if call is None or call.outcome is not Outcome.MESSAGE:
        return ""
    return "erased" if state_of(tx, call.id) in _ERASED else "kept"


def by_day(found: Sequence[Missed]) -> list[MissedDay]:
    """Missed calls, newest first, under their days."""
    days: list[MissedDay] = []
    for call in found:
        day = japan_day(call.at)
        if not days or days[-1].day != day:
            days.append(MissedDay(day, call.at, []))
        days[-1].calls.append(
            MissedCall(
                call.at,
                call.number if call.number.startswith("+") else "",
                show_number(call.number) if call.number else "",
                call.wait_ms // 1000,
                "cut_short" if call.answered_at is not None else call.outcome.value,
                call.practice,
            )
        )
    return days


def promises(tx: Tx, client_id: str) -> list[PromiseItem]:
    """Open promises, nearest time first."""
    return [
        PromiseItem(
            promise,
            name_words(promise.caller_name),
            show_number(promise.caller_number) if promise.caller_number else "",
            promise.late(tx.now),
        )
        for promise in open_of_client(tx, client_id)
    ]


def roster(tx: Tx, client_id: str, user_id: str) -> Roster:
    """Everybody's presence; the reader's own first."""
    people = staff_of(tx, client_id)
    names = {person.id: person.name for person in people}
    shown = [
        Person(person, person.presence_at(tx.now), names.get(person.substitute_id or "", ""))
        for person in people
    ]
    mine = [person for person in shown if person.staff.user_id == user_id]
    return Roster(
        mine[0] if mine else None,
        contacts_of(tx, mine[0].staff.id) if mine else [],
        [person for person in shown if person not in mine[:1]],
        person_in_charge(tx, client_id, tx.now),
    )
