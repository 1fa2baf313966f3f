"""The number of whoever a call was with: sealed in its row, and found by what stands in its place.

`calls.number` has it, sealed under the client's key for this row alone. Where it stood before (`caller`; `dialled` of a call that
we made) is its mark: a hash of it under the client's key, whose end is a hash of its last four digits under the key of the
installation, as one search for the end of a number asks all clients. So the same indexes find it as before.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Column, RowMapping, bindparam, func, select, update

from denwaban import vault
from denwaban.calls.model import Call, Direction
from denwaban.calls.rows import calls
from denwaban.store import Tx

log = structlog.get_logger(__name__)

UNOPENED_NUMBER = "【開けない番号】"
"""Stands for a number that cannot be opened: it is no number, so nothing is found by it and nobody calls it."""

NUMBER, TAIL = "calls.number", "calls.tail"
"""What the hashes are made for."""

AT_ONCE = 50
"""So many old rows are looked at in one transaction: calls wait for the same writer."""

_DIGITS, _END = 28, 4
"""Of a mark: hexadecimal digits of the whole number's hash, and then of its end's."""

_OUTBOUND = Direction.OUTBOUND.value


class Parties(NamedTuple):
    """Of a call: its two numbers as `Call` has them."""

    caller: str
    dialled: str


def kept(tx: Tx, call: Call) -> dict[str, str | None]:
    """What the columns `caller`, `dialled` and `number` of this call are to hold. Only in a transaction that writes."""
    return _kept(tx, call.id, call.client_id, call.direction, Parties(call.caller, call.dialled))


def parties(tx: Tx, row: RowMapping) -> Parties:
    """The numbers of a row with `id`, `client_id`, `direction`, `caller`, `dialled` and `number`. Opened as `open_number`
    does."""
    if row["number"] is None:
        return Parties(row["caller"], row["dialled"])
    far = open_number(tx, row["client_id"], place_of(row["id"]), row["number"])
    if row["direction"] == _OUTBOUND:
        return Parties(row["caller"], far)
    return Parties(far, row["dialled"])


def caller_in(tx: Tx, client_id: str | None, call_id: str, caller: str, number: str | None) -> str:
    """The caller of a call that came in, from these columns of its row: as `Call.caller` is. Opened as `open_number` does."""
    return caller if number is None else open_number(tx, client_id, place_of(call_id), number)


def forms(tx: Tx, client_id: str | None, numbers: Iterable[str]) -> list[str]:
    """What stands in the rows of this client's calls with these numbers (E.164, or as it came): their marks, also those of calls that
    came while the client's key did not open, and the numbers themselves until all old rows are sealed."""
    wanted = [one for one in numbers if one]
    marks = [found for one in wanted for found in marks_of(tx, client_id, one)]
    return marks if vault.turned(tx, NUMBER) else [*marks, *wanted]


def every_form(tx: Tx, client_id: str, numbers: Iterable[str]) -> list[str]:
    """`forms`, and how rows have them that were written while the client's key did not open (see `seal_number`): for those who
    must find all. Raises `VaultError` while it does not."""
    found = []
    for one in filter(None, numbers):
        wholes = vault.blind(tx, client_id, NUMBER, one), _stand_in(tx, client_id, one)
        # Never empty: that is what withheld numbers are.
        found += [mark_of(whole, _tail(tx, one)) for whole in wholes if whole]
        if not vault.turned(tx, NUMBER):
            found.append(one)
    return found


def tails(tx: Tx, digits: str) -> list[str]:
    """With what the callers of rows end whose numbers may end with these (four or more) digits; which of them do is known when
    they are opened."""
    found = _tail(tx, digits)
    marks = [found] if found else []
    return marks if vault.turned(tx, NUMBER) else [*marks, tail_of(digits)]


def seal_number(tx: Tx, client_id: str | None, place: str, number: str) -> str:
    """The number sealed for this place; under the key of the installation where the client's does not open: its callers are
    taken all the same."""
    try:
        return vault.seal(tx, client_id, place, number)
    except vault.VaultError as error:
        log.error("calls.key_not_opened", client=client_id, error=type(error).__name__)
        return vault.seal(tx, None, place, number)


def open_number(tx: Tx, client_id: str | None, place: str, sealed: str) -> str:
    """The reverse. One that cannot be opened is `UNOPENED_NUMBER`, one whose key was destroyed is empty: whatever else is
    known is told all the same."""
    try:
        return vault.open_(tx, client_id, place, sealed, or_house=True)  # see `seal_number`
    except vault.KeyDestroyed:
        return ""
    except vault.VaultError:
        return UNOPENED_NUMBER  # told of there


def beside(
    name: str, column: Column[Any], sealed: Column[Any], turn: Callable[[Tx, RowMapping], Any]
) -> vault.Turning:
    """The turning of a table with `id` and `client_id` whose numbers stood in `column` and are sealed in `sealed`, which is null
    until then; `turn` says what both hold from then on."""
    table = column.table
    return vault.row_by_row(
        name,
        table,
        turn,
        rows=select(table.c.id, table.c.client_id, column, sealed),
        is_old=lambda row: row[sealed.name] is None and bool(row[column.name]),
        plain=sealed.is_(None) & (column != ""),
        at_once=AT_ONCE,
    )


def learn_keys(tx: Tx, rows: Sequence[RowMapping]) -> None:
    """Before the numbers of many clients are opened: see `vault.learn_keys`."""
    vault.learn_keys(tx, ((row["client_id"], row["number"]) for row in rows))


def tail_of(number: str) -> str:
    """The end of a number that is enough to look for it."""
    return number[-_END:]


def place_of(call_id: str) -> str:
    """Where the sealed number of a call stands."""
    return f"{NUMBER}/{call_id}"


def _kept(
    tx: Tx, call_id: str, client_id: str | None, direction: str, both: Parties
) -> dict[str, str | None]:
    column = "dialled" if direction == _OUTBOUND else "caller"
    found: dict[str, str | None] = {**both._asdict(), "number": None}
    if far := getattr(both, column):
        found |= {
            column: mark(tx, client_id, far),
            "number": seal_number(tx, client_id, place_of(call_id), far),
        }
    return found


def mark(tx: Tx, client_id: str | None, number: str) -> str:
    """By what a number of this client's callers is found. Empty where nothing was sealed yet and this transaction only reads.
    Where the client's key does not open: see `seal_number`."""
    whole = vault.blind_at_least(tx, client_id, NUMBER, number)
    return mark_of(whole, _tail(tx, number)) if whole else ""


def marks_of(tx: Tx, client_id: str | None, number: str) -> list[str]:
    """By which marks a number is found: its own, and that which it has in rows from while the client's key did not open, where there
    are such."""
    found = [mark(tx, client_id, number)]
    if client_id is not None and vault.stood_in(tx, client_id):
        found.append(mark_of(_stand_in(tx, client_id, number), _tail(tx, number)))
    return [one for one in dict.fromkeys(found) if one]


def _stand_in(tx: Tx, client_id: str | None, number: str) -> str:
    """The hash of a whole number while the client's key does not open."""
    return vault.stand_in(tx, client_id, NUMBER, number)


def mark_of(whole: str, end: str) -> str:
    """The mark of a number from the hashes of it and of its end."""
    return whole[:_DIGITS] + end[:_END]


def _tail(tx: Tx, number: str) -> str:
    return vault.blind(tx, None, TAIL, tail_of(number))[:_END]


_OLD = calls.c.number.is_(None) & (
    ((calls.c.direction != _OUTBOUND) & (calls.c.caller != ""))
    | ((calls.c.direction == _OUTBOUND) & (calls.c.dialled != ""))
)
_SOME = (
    select(
        calls.c.id,
        calls.c.client_id,
        calls.c.direction,
        calls.c.caller,
        calls.c.dialled,
        calls.c.number,
    )
    .order_by(calls.c.id)
    .limit(AT_ONCE)
)
_SEAL = (
    update(calls)
    .where(calls.c.id == bindparam("b_id"))
    .values({name: bindparam(f"b_{name}") for name in ("caller", "dialled", "number")})
)


def _plain(tx: Tx) -> int:
    return int(tx.scalar(select(func.count()).select_from(calls).where(_OLD)))


def _old_calls(tx: Tx, after: str) -> str | None:
    rows = tx.all(_SOME.where(calls.c.id > after))
    turned = [_turned(tx, row) for row in rows if row["number"] is None]
    if sealed := [one for one in turned if one["b_number"] is not None]:
        tx.execute(_SEAL, sealed)
    return rows[-1]["id"] if rows else None


def _turned(tx: Tx, row: RowMapping) -> dict[str, Any]:
    both = Parties(row["caller"], row["dialled"])
    found = _kept(tx, row["id"], row["client_id"], row["direction"], both)
    return {f"b_{name}": value for name, value in {"id": row["id"], **found}.items()}


turnings = (vault.Turning(NUMBER, _old_calls, _plain),)
