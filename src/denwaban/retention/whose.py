"""Whose data (本人からの請求): everything that is kept of one caller, by its ids; and what of it may go."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from denwaban import vault
from denwaban.calls import calls_of_numbers, still_going_on
from denwaban.lines import numbers_of, parse_number, show_number
from denwaban.people.persons import (
    Person,
    WayKind,
    given_calls,
    person_by_number,
    taken_from_number,
    ways_of,
)
from denwaban.promises import still_promised
from denwaban.reports import calls_of_reports, reports_of_calls, reports_of_numbers
from denwaban.retention.holds import held
from denwaban.retention.model import BadTerms
from denwaban.retention.waiting import waiting
from denwaban.store import Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that is kept of one caller of one client. Ids alone: a caller may have called ten thousands of times."""

    client_id: str
    numbers: tuple[str, ...] = field(repr=False)
    """E.164, the one that was asked for first."""
    caller: Person | None = field(repr=False)
    given: frozenset[str]
    """Calls that are the caller's because an operator said so."""
    calls: tuple[str, ...]
    """Oldest first."""
    reports: tuple[tuple[str, str | None], ...]
    """Each with its call, oldest first."""

    @property
    def anything(self) -> bool:
        return bool(self.caller or self.calls or self.reports)

    @property
    def size(self) -> int:
        """How many calls and reports."""
        return len(self.calls) + len(self.reports)

    @property
    def whose(self) -> tuple[object, ...]:
        """What decides whose a call is: as long as it is the same, nothing of it has become somebody else's number's."""
        return self.numbers, self.caller.id if self.caller is not None else None, self.given

    def only(self, calls: Collection[str], reports: Collection[str]) -> "Asked":
        """These of it."""
        return replace(
            self,
            calls=tuple(one for one in self.calls if one in calls),
            reports=tuple(one for one in self.reports if one[0] in reports),
        )


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


def who(tx: Tx, client_id: str, typed: str) -> Asked:
    """Who calls this client from this number, however it is written, with no calls and no reports yet. Raises `BadTerms` for no
    number and for one of the client's own."""
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
    given = given_calls(tx, caller.id) if caller is not None else []
    return Asked(client_id, tuple(numbers), caller, frozenset(given), (), ())


def asked(tx: Tx, client_id: str, typed: str) -> Asked:
    """What is kept of who calls this client from this number, however it is written, also from their other numbers; not
    calls that an operator gave to somebody else, nor their reports. Raises `BadTerms` as `who` does."""
    found = who(tx, client_id, typed)
    written = [typed.strip(), *(way for one in found.numbers for way in _written(one))]
    call_ids = {*calls_of_numbers(tx, client_id, written), *found.given}
    report_ids = {*reports_of_numbers(tx, client_id, written), *reports_of_calls(tx, call_ids)}
    reports = calls_of_reports(tx, report_ids)
    call_ids |= {call_id for call_id in reports.values() if call_id is not None}
    others = taken_from_number(tx, call_ids, found.caller.id if found.caller is not None else "")
    return replace(
        found,
        calls=tuple(sorted(call_ids - others)),
        reports=tuple((one, reports[one]) for one in sorted(reports) if reports[one] not in others),
    )


def must_open(tx: Tx, found: Asked) -> None:
    """Raises `VaultError` when a number of theirs cannot be opened, besides the one that was typed: its calls would stay, and nobody
    would know any more whose they are."""
    if found.caller is None:
        return
    ways = [one for one in ways_of(tx, found.caller.id) if one.kind is WayKind.PHONE]
    lacking = sum(not one.opened for one in ways)
    if lacking > (found.numbers[0] not in {one.value for one in ways}):
        raise vault.VaultError("a number")


def _written(number: str) -> tuple[str, ...]:
    """The ways in which an operator may have typed it."""
    shown = show_number(number)
    return number, shown, shown.replace("-", "")


def may_go(tx: Tx, found: Asked) -> May:
    """What of it may be erased now."""
    kept = held(tx, found.client_id)
    report_ids = [one for one, _call in found.reports]
    open_ones = waiting(tx, report_ids)
    # The recording and the number of a call whose report is still to be dealt with are needed for that.
    busy = {call_id for one, call_id in found.reports if one in open_ones}
    busy |= still_going_on(tx, found.calls)
    over = [one for one in found.calls if one not in busy]
    done = [one for one in found.reports if one[0] not in open_ones]
    calls = kept.free(over)
    reports = [one for one, call_id in done if not kept.everything and call_id not in kept.calls]
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
