"""Sending the report of a call: all that it moves, in one transaction."""

from denwaban import vault
from denwaban.calls import Call
from denwaban.console.acts import run_for
from denwaban.console.guide import window_of
from denwaban.console.model import REASON, Lack, exception_of, lacks_of, problems
from denwaban.console.outlook import Outlook, outlook
from denwaban.delivery import send
from denwaban.memory import (
    count_askings,
    keep,
    known_before,
    learn,
    memory_of_call,
    said_by_caller,
    who_calls,
)
from denwaban.oncall import deadlines_of, on_duty, roster_now
from denwaban.people import Operator
from denwaban.promises import make
from denwaban.reports import AlreadySent, Incomplete, Report, accept, set_status
from denwaban.scripts import RunView, finish_run, settings_of
from denwaban.store import Tx


class NotReady(Exception):
    """The report may not go out yet; what is missing, in the order of the screen."""

    def __init__(self, lacks: list[Lack]) -> None:
        super().__init__(f"{len(lacks)} problems")
        self.lacks = lacks


class StillTalking(Exception):
    """The report is sent when the call has ended."""


def outlook_for(tx: Tx, operator_id: str, call_id: str) -> Outlook:
    """What would become of the operator's call if its report were sent now. Raises `NotYours`."""
    found, run = run_for(tx, operator_id, call_id)
    return _outlook(tx, found, run)


def _outlook(tx: Tx, found: Call, run: RunView) -> Outlook:
    assert found.client_id is not None  # own_call
    roster = roster_now(tx, found.client_id)
    return outlook(
        tx,
        found,
        run,
        who_calls(tx, found),
        list(roster.staff),
        on_duty(roster, tx.now),
        deadlines_of(tx, found.client_id),
    )


def send_report(tx: Tx, operator: Operator, call_id: str, acknowledge_minutes: int) -> Report:
    """Makes the report of the operator's call from what is saved, freezes its ladder, sends it to the person in charge,
    notes the promise (of a call back, or the three hours of an opportunity), and remembers the caller: all of it or nothing. Doing
    it again gives the same report and sends nothing more. Raises `NotYours`, `StillTalking`, `NotReady`."""
    found, run = run_for(tx, operator.id, call_id)
    if not found.handed_over:
        raise StillTalking(call_id)
    assert found.client_id is not None  # own_call
    ahead = _outlook(tx, found, run)
    terms, deadlines = settings_of(tx, run.client_id).terms, deadlines_of(tx, run.client_id)
    window = window_of(run, found, tx.now, terms, deadlines)
    if not run.finished and (missing := problems(run, found, ahead.words, window)):
        raise NotReady(missing)
    try:
        sent = accept(
            tx,
            found.client_id,
            call_id,
            operator.id,
            ahead.words.in_charge,
            ahead.draft,
            found.practice,
            around=ahead.around,
            routing=ahead.routing,
            recipients=ahead.recipients,
            due_at=ahead.due_at,
            reason=run.value(REASON),
        )
    except AlreadySent as already:
        return already.report
    except Incomplete as incomplete:
        raise NotReady(lacks_of(incomplete.findings)) from incomplete
    if run.finished:
        return sent
    if why := exception_of(run, found):
        set_status(tx, sent.id, sent.status, operator.user_id, why)
    _count(tx, found, run)
    finish_run(tx, run.id)
    send(tx, sent, acknowledge_minutes, sent.recipients)
    make(tx, sent)
    with vault.alone(tx, "persons", call_id):
        # Who called stands in the report; that they are not known next time must not keep it back.
        learn(tx, found, sent)
    keep(tx, sent)
    return sent


def _count(tx: Tx, found: Call, run: RunView) -> None:
    """Whether the caller was asked for what we knew."""
    memory = memory_of_call(tx, found)
    fields = [field for node in run.walked for field in node.ask] + run.extra
    before = known_before(fields, said_by_caller(tx, found, memory))
    count_askings(tx, found, run, memory, before)
