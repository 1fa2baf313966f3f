"""What is still needed: held for a dispute, to be dealt with, or promised. Nothing of it is erased until that is over."""

from collections.abc import Sequence

from denwaban.calls import UNOPENED_NUMBER, Direction, calls_by_ids
from denwaban.delivery import still_open, still_open_of
from denwaban.lines import parse_number
from denwaban.people.persons import given_to, person_by_number
from denwaban.promises import open_of_client, still_promised
from denwaban.reports import listed_by_ids, reports_by_ids, reports_of_calls
from denwaban.retention.holds import held
from denwaban.store import Tx
from denwaban.vault import VaultError


def waiting(tx: Tx, report_ids: Sequence[str]) -> set[str]:
    """Those of these reports that somebody still has to deal with, or of which a promise is not kept yet."""
    return still_open(tx, report_ids) | still_promised(tx, report_ids)


def free_calls(tx: Tx, client_id: str, call_ids: Sequence[str]) -> list[str]:
    """Those of a client's calls of which neither a hold nor a report that waits needs anything."""
    free = held(tx, client_id).free(call_ids)
    found = listed_by_ids(tx, reports_of_calls(tx, free))
    open_ones = waiting(tx, [one.id for one in found])
    busy = {one.call_id for one in found if one.id in open_ones}
    return [one for one in free if one not in busy]


def needed_persons(tx: Tx, client_id: str) -> set[str]:
    """Ids of who has to stay known: a held call, or a report that waits, is theirs by its number or was given to them. Raises
    `VaultError` when it cannot be told whose one of them is: then everybody stays known."""
    promised = open_of_client(tx, client_id)
    open_ones = {*still_open_of(tx, client_id), *(one.report_id for one in promised)}
    found = reports_by_ids(tx, sorted(open_ones))
    call_ids = {one.call_id for one in found if one.call_id is not None}
    calls = calls_by_ids(tx, call_ids | held(tx, client_id).calls)
    numbers = {one.draft.number for one in found} | {one.caller_number for one in promised}
    needed = set()
    for one in calls.values():
        numbers.add(one.caller if one.direction is Direction.INBOUND else one.dialled)
        given = given_to(tx, one.id)
        if given is not None:
            needed.add(given)
    if UNOPENED_NUMBER in numbers:
        raise VaultError("a number")
    for typed in numbers:
        number = parse_number(typed).e164 if typed else None
        who = person_by_number(tx, client_id, number) if number is not None else None
        if who is not None:
            needed.add(who.id)
    return needed
