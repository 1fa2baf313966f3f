"""What an operator does at the seat, where several slices change in one transaction."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from denwaban.calls import Call, talking_with
from denwaban.console import rows
from denwaban.console.guide import (
    EXCEPTION,
    GIVEN,
    MOOD,
    NOW,
    REFUSED,
    SAID,
    forbidden_in,
    is_refused,
    quick,
    unsaid,
    window_of,
)
from denwaban.console.look import Look, NotBegun, look, look_on, own_call
from denwaban.console.model import (
    OWN,
    field_moment,
    in_vain,
    in_window,
    span,
)
from denwaban.journal import Fact, append
from denwaban.lines import parse_number
from denwaban.memory import who_calls
from denwaban.oncall import deadlines_of
from denwaban.people import Operator, set_regular
from denwaban.people.persons import (
    give_call,
    numbers_of,
    person,
    set_regular_person,
    take_call,
)
from denwaban.scripts import (
    Forbidden,
    NoSuchWay,
    Promise,
    RunFinished,
    RunView,
    Saved,
    fill_known,
    jump,
    run_of_call,
    save_answer,
    settings_of,
    start_run,
)
from denwaban.store import Tx


class NotYours(LookupError):
    """No such call, or another operator's: the two are not told apart."""


class OutOfWindow(Exception):
    """A promise at a time that the client does not allow; the text says when it may be."""


class NoTimes(Exception):
    """A promise of a time to a caller, where the client allows none."""


class Kept(NamedTuple):
    """What became of an answer."""

    saved: Saved
    over: bool
    """The call has ended: the answer is part of the report."""
    forbidden: tuple[Forbidden, ...]
    """Phrases in it that should be worded otherwise."""


def take_seat(tx: Tx, operator_id: str, page: str) -> None:
    """From now on this page holds the operator's seat; the one that held it lets go when it hears so."""
    if rows.page_of(tx, operator_id) == page:
        return
    rows.put_page(tx, operator_id, page)
    append(tx, Fact("seat.taken", operator_id, None, {"operator_id": operator_id, "page": page}))


def run_for(tx: Tx, operator_id: str, call_id: str) -> tuple[Call, RunView]:
    """The operator's call and its run, begun when it was not yet. Raises `NotYours`."""
    found = own_call(tx, operator_id, call_id)
    if found is None:
        raise NotYours(call_id)
    return found, run_of_call(tx, call_id) or start_run(tx, found)


def change_run(
    tx: Tx,
    operator: Operator,
    call_id: str,
    change: Callable[[Call, RunView], RunView | None],
    opened: str,
    wanted: frozenset[str],
) -> Look:
    """Changes the run of the operator's call, and the screen afterwards, reading what both need once. `change` gives the run
    as it is then, None when it has to be read again. Raises `NotYours` and what `change` raises."""
    talking = talking_with(tx, operator.id)
    found = talking if talking is not None and talking.id == call_id else None
    found = found or own_call(tx, operator.id, call_id)
    if found is None or found.client_id is None:
        raise NotYours(call_id)
    run = change(found, run_of_call(tx, call_id) or start_run(tx, found))
    try:
        return look_on(tx, operator, talking, run, opened, wanted)
    except NotBegun as other:
        return look_begun(tx, operator, other.call_id, opened)


def look_begun(
    tx: Tx,
    operator: Operator,
    call_id: str,
    opened: str,
    helping: Mapping[str, str] | None = None,
) -> Look:
    """The screen with everything on it; the run of this call, of which a look said that it was not begun, is begun first, so that
    there is always something to say."""
    found = own_call(tx, operator.id, call_id)
    if found is not None:  # else it is another's by now
        start_run(tx, found)
    try:
        return look(tx, operator, opened, helping=helping)
    except NotBegun as other:
        # The next call came between that look and this one.
        run_for(tx, operator.id, other.call_id)
        return look(tx, operator, opened, helping=helping)


def keep_answer(
    tx: Tx,
    operator_id: str,
    call_id: str,
    field: str,
    value: str,
    counter: int,
    *,
    same: bool = False,
) -> Kept:
    """Keeps what stands in a field of the operator's call; `same`: it is what the caller said last time, taken over without
    asking. Raises `NotYours`, `OutOfWindow` for a promise at a time that the
    client does not allow, `NoTimes` where it allows none, and what `scripts.save_answer` raises."""
    found, run = run_for(tx, operator_id, call_id)
    asked = run.script.field(field)
    promises = (
        asked is not None and asked.purpose == "callback_by" and isinstance(run.node, Promise)
    )
    if promises or field == OWN["callback_by"]:
        terms = settings_of(tx, run.client_id).terms
        if promises and not terms.may_promise and value.strip():
            raise NoTimes(call_id)
        window = window_of(run, found, tx.now, terms, deadlines_of(tx, run.client_id))
        if window is not None and not in_window(value, window):
            raise OutOfWindow(span(window))
    saved = save_answer(tx, run, field, value, counter, known=same)
    return Kept(saved, found.handed_over, tuple(forbidden_in(run.script, value)))


def mark(
    tx: Tx,
    run: RunView,
    operator_id: str,
    *,
    said: str = "",
    mood: str | None = None,
    refused: bool | None = None,
    now: bool | None = None,
) -> None:
    """What the operator tells of the call beside its script: a mandatory phrase that was said in passing, the caller's mood,
    whether the caller has refused an offer, whether they want the client's staff at once. Raises `RunFinished`."""
    if said and said in unsaid(run):
        heard = [*run.value(SAID).splitlines(), said]
        save_answer(tx, run, SAID, "\n".join(heard))
    if mood is not None:
        save_answer(tx, run, MOOD, mood)
    if refused is not None and refused != is_refused(run):
        save_answer(tx, run, REFUSED, "yes" if refused else "no")
    if now is not None and now != (run.value(NOW) == "yes"):
        save_answer(tx, run, NOW, "yes" if now else "no")
        kind = "call.staff_wanted" if now else "call.staff_not_wanted"
        append(tx, Fact(kind, run.call_id, run.client_id, {"operator_id": operator_id}))


def promise_call_back(tx: Tx, found: Call, run: RunView, when: str) -> None:
    """The caller is promised a call back by the client's staff: in so many minutes (`60`) or `tomorrow`; where the client
    allows no times, without one. Raises `OutOfWindow`, `RunFinished`, KeyError for another `when`."""
    terms, deadlines = settings_of(tx, run.client_id).terms, deadlines_of(tx, run.client_id)
    at = quick(tx.now, deadlines)[when] if terms.may_promise else None
    window = window_of(run, found, tx.now, terms, deadlines)
    if at is not None and window is not None and at not in window:
        raise OutOfWindow(span(window))
    if at is not None:
        save_answer(tx, run, OWN["callback_by"], field_moment(at))
    save_answer(tx, run, OWN["callback"], "yes")


def wants_staff(tx: Tx, operator_id: str) -> bool:
    """Whether the caller whom this operator talks with asked for the client's staff at once and was given neither them nor a
    promise, and no reason stands for it: then the call is not ended yet."""
    found = talking_with(tx, operator_id)
    run = run_of_call(tx, found.id) if found is not None else None
    return (
        found is not None
        and run is not None
        and in_vain(run, found)
        and not run.value(EXCEPTION).strip()
    )


def jump_to(tx: Tx, operator: Operator, run: RunView, target: str, at: str) -> RunView:
    """Straight to a node, for an experienced operator in a script that allows it. Raises `NoSuchWay`, `NotVerified`,
    `RunFinished`."""
    if not operator.experienced:
        raise NoSuchWay(target)
    return jump(tx, run, target, at)


def mark_regular(tx: Tx, found: Call, regular: bool) -> None:
    """Whether this client greets this caller as a regular one, from the next call on. Raises `NotYours` for a caller of whom
    nothing is known and who has no number."""
    known = who_calls(tx, found)
    if known is not None:
        set_regular_person(tx, known.id, regular)
        return
    number = parse_number(found.caller).e164 if found.caller else None
    if number is None or found.client_id is None:
        raise NotYours(found.id)
    set_regular(tx, found.client_id, number, regular)


def say_who(tx: Tx, found: Call, run: RunView, person_id: str) -> None:
    """It has come out who calls: the call is that person's, and what is known of them need not be asked. Empty: it was a
    mistake, the call is again of whom its number belongs to. Raises `NotYours` for somebody who calls another client,
    `Joined` for one who was joined into another person meanwhile, `RunFinished`."""
    if run.finished:
        raise RunFinished(run.id)
    save_answer(tx, run, GIVEN, person_id)
    if not person_id:
        take_call(tx, found.id)
        return
    chosen = person(tx, person_id)
    if chosen is None or chosen.client_id != found.client_id:
        raise NotYours(found.id)
    give_call(tx, person_id, found.id)
    numbers = numbers_of(tx, person_id)
    fill_known(tx, found, run, chosen, numbers[0] if numbers else "")
