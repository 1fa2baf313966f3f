"""What one caller may ask for (本人からの請求): everything about them, and that it is erased."""

from dataclasses import dataclass, field

from denwaban import vault
from denwaban.calls import Call, calls_by_ids, calls_of_numbers, erase_recordings
from denwaban.lines import numbers_of, parse_number, show_number
from denwaban.people.persons import (
    Person,
    WayKind,
    forget_persons,
    given_calls,
    person_by_number,
    taken_from_number,
    ways_of,
)
from denwaban.promises import still_promised
from denwaban.reports import Report, listed_by_ids, reports_of_calls, reports_of_numbers
from denwaban.retention.acts import forget, forget_who, note_erasure
from denwaban.retention.holds import held
from denwaban.retention.model import BadTerms, Counts, Kind
from denwaban.retention.waiting import waiting
from denwaban.store import Tx, new_id


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that is kept of one caller of one client."""

    client_id: str
    numbers: tuple[str, ...] = field(repr=False)
    """E.164, the one that was asked for first."""
    caller: Person | None = field(repr=False)
    calls: tuple[Call, ...] = field(repr=False)
    reports: tuple[Report, ...] = field(repr=False)

    @property
    def anything(self) -> bool:
        return bool(self.caller or self.calls or self.reports)


@dataclass(frozen=True, slots=True)
class May:
    """What of it may go now, and why the rest may not."""

    calls: tuple[str, ...]
    reports: tuple[str, ...]
    caller: bool
    held: int
    """Calls and reports under a legal hold."""
    waiting: int
    """Reports that somebody still has to deal with or of which a promise is not kept, and calls that are not over."""
    promised: int
    """How many of `waiting` wait for a promise to be kept."""


def asked(tx: Tx, client_id: str, typed: str) -> Asked:
    """What is kept of who calls this client from this number, however it is written, also from their other numbers; not
    calls that an operator gave to somebody else, nor their reports. Raises `BadTerms` for no number and for one of the client's
    own."""
    number = parse_number(typed).e164
    if number is None:
        raise BadTerms("電話番号の形が違うようです。例: 090-1234-5678", "number")
    if any(one.number == number for one in numbers_of(tx, client_id)):
        raise BadTerms(
            "これは顧客の窓口の番号です。請求した方ご自身の電話番号を入れてください", "number"
        )
    caller = person_by_number(tx, client_id, number)
    ways = ways_of(tx, caller.id) if caller is not None else []
    numbers = dict.fromkeys((number, *(one.value for one in ways if one.kind is WayKind.PHONE)))
    written = [typed.strip(), *(way for one in numbers for way in _written(one))]
    given = given_calls(tx, caller.id) if caller is not None else []
    call_ids = [*calls_of_numbers(tx, client_id, written), *given]
    report_ids = dict.fromkeys(
        (*reports_of_numbers(tx, client_id, written), *reports_of_calls(tx, call_ids))
    )
    reports = listed_by_ids(tx, sorted(report_ids))
    all_calls = {*call_ids, *(one.call_id for one in reports if one.call_id is not None)}
    others = taken_from_number(tx, all_calls, caller.id if caller is not None else "")
    reports = [one for one in reports if one.call_id not in others]
    calls = calls_by_ids(tx, all_calls - others)
    return Asked(
        client_id,
        tuple(numbers),
        caller,
        tuple(calls[one] for one in sorted(calls)),
        tuple(reports),
    )


def _lacks_number(tx: Tx, caller: Person, typed: str) -> bool:
    """Whether the caller has a number that cannot be opened, besides the one that was typed."""
    ways = [one for one in ways_of(tx, caller.id) if one.kind is WayKind.PHONE]
    lacking = sum(not one.opened for one in ways)
    return lacking > (typed not in {one.value for one in ways})


def _written(number: str) -> tuple[str, ...]:
    """The ways in which an operator may have typed it."""
    shown = show_number(number)
    return number, shown, shown.replace("-", "")


def may_go(tx: Tx, found: Asked) -> May:
    """What of it may be erased now."""
    kept = held(tx, found.client_id)
    report_ids = [one.id for one in found.reports]
    open_ones = waiting(tx, report_ids)
    # The recording and the number of a call whose report is still to be dealt with are needed for that.
    busy = {one.call_id for one in found.reports if one.id in open_ones}
    over = [one.id for one in found.calls if one.ended_at is not None and one.id not in busy]
    done = [one for one in found.reports if one.id not in open_ones]
    calls = kept.free(over)
    reports = [one.id for one in done if not kept.everything and one.call_id not in kept.calls]
    stopped = len(over) - len(calls) + len(done) - len(reports)
    going_on = len(found.calls) - len(over) + len(open_ones)
    return May(
        tuple(calls),
        tuple(reports),
        found.caller is not None and not stopped and not going_on and not kept.everything,
        stopped,
        going_on,
        len(still_promised(tx, report_ids)),
    )


def erase_caller(tx: Tx, client_id: str, typed: str, user_id: str | None) -> tuple[Counts, May]:
    """Erases what may go of one caller, and keeps that it happened: not who it was. What is held, or still has to be dealt
    with, stays, and so does the caller's name until then. Raises `BadTerms`, and `VaultError` when a number of theirs cannot be
    opened: its calls would stay, and nobody would know any more whose they are."""
    found = asked(tx, client_id, typed)
    if found.caller is not None and _lacks_number(tx, found.caller, found.numbers[0]):
        raise vault.VaultError("a number")
    may = may_go(tx, found)
    recordings = erase_recordings(tx, may.calls)
    reports = forget(tx, client_id, may.reports, may.calls)
    forget_who(tx, client_id, may.calls)
    callers = 0
    if may.caller and found.caller is not None:
        callers = forget_persons(tx, client_id, [found.caller.id])
    gone = Counts(recordings, reports, callers)
    note_erasure(tx, client_id, Kind.REQUEST, gone, user_id, new_id())
    return gone, may
