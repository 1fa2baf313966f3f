"""Beginning, following and ending call-backs in transactions; calling is in `caller`."""

from dataclasses import dataclass, field, replace

import msgspec
from sqlalchemy import RowMapping, insert, select, update

from denwaban.callback.model import CallBack, Result, Stage, evidence
from denwaban.callback.rows import call_backs
from denwaban.calls import Call as CallRow
from denwaban.calls import CallState, Change, Direction, Outcome, changes, record
from denwaban.calls import call as call_of
from denwaban.delivery import acknowledge
from denwaban.journal import Fact
from denwaban.lines import numbers_of, parse_number
from denwaban.oncall import contacts_of
from denwaban.outgoing import MayNotCall, callable_number
from denwaban.people import client, staff_of_user
from denwaban.promises import keep, open_promises, promise_of_report
from denwaban.reports import Report, Status, caller_words, set_status
from denwaban.reports import report as report_of
from denwaban.store import Tx, new_id

FOR_ANOTHER = "(同じ方への別の報告の折り返し)"


class CannotCallBack(Exception):
    """It cannot be begun; the message is a Japanese sentence that says why and what to do."""


class Busy(Exception):
    """A call-back for this report is under way: that is the one."""

    def __init__(self, under_way: CallBack) -> None:
        super().__init__(under_way.id)
        self.under_way = under_way


@dataclass(frozen=True, slots=True)
class Ready:
    """Who would be called, from where, showing what."""

    report: Report
    own: str = field(repr=False)
    """The staff member's own telephone, E.164; as are the others."""
    caller: str = field(repr=False)
    shown: str = field(repr=False)
    who: str = field(repr=False)
    """The caller, as they are spoken of."""
    record: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """A call-back that was written down and may now be made."""

    call_back: CallBack
    plan: Ready


def ready(tx: Tx, report_id: str, user_id: str, *, abroad: bool) -> Ready:
    """What a call-back by this member of the client's staff needs. Raises `CannotCallBack`; whose report it is, the page asks."""
    report = report_of(tx, report_id)
    me = staff_of_user(tx, user_id)
    if report is None or me is None or me.client_id != report.client_id:
        raise CannotCallBack("この報告の折り返しは、名簿にいる担当の方だけができます。")
    if report.closed:
        raise CannotCallBack(
            "保存された内容を開けないため、折り返す番号が分かりません。電話番の運用管理の担当者にお知らせください。"
        )
    if not report.draft.number:
        raise CannotCallBack("非通知のお電話のため、折り返す番号がありません。")
    own = next((one for one in contacts_of(tx, me.id) if one.channel == "phone"), None)
    if own is None:
        raise CannotCallBack(
            "お手元の電話番号が登録されていません。「お知らせの届け先」に電話を足してください。"
        )
    owner = client(tx, report.client_id)
    assert owner is not None  # a foreign key
    return Ready(
        report,
        _may(own.address["number"], abroad),
        _may(report.draft.number, abroad),
        _shown(tx, report),
        caller_words(report.draft),
        owner.recorded,
    )


def _may(number: str, abroad: bool) -> str:
    try:
        return callable_number(number, abroad=abroad)
    except MayNotCall as error:
        raise CannotCallBack(str(error)) from error


def _shown(tx: Tx, report: Report) -> str:
    """The client's number that the caller knows: the one they dialled, else the client's first."""
    theirs = [one.number for one in numbers_of(tx, report.client_id)]
    call = call_of(tx, report.call_id) if report.call_id is not None else None
    if call is not None and call.dialled in theirs:
        return call.dialled
    found = parse_number(theirs[0]).e164 if theirs else None
    if found is None:
        raise CannotCallBack(
            "お客様に見せる貴社の番号が登録されていません。電話番の運用管理の担当者にお知らせください。"
        )
    return found


def begin(tx: Tx, report_id: str, user_id: str, trunk: str, *, abroad: bool) -> Begun:
    """Writes it down before anybody is called; whoever begins takes the report. Raises `CannotCallBack`, `Busy`."""
    under_way = last_of_report(tx, report_id)
    if under_way is not None and under_way.stage is not Stage.ENDED:
        raise Busy(under_way)
    plan = ready(tx, report_id, user_id, abroad=abroad)
    me = staff_of_user(tx, user_id)
    assert me is not None  # `ready` has found them
    call_back = CallBack(
        new_id(), plan.report.client_id, report_id, user_id, Stage.OWN, None, tx.now, None, None
    )
    call = CallRow(
        id=call_back.id,
        client_id=plan.report.client_id,
        leg=f"callback:{call_back.id}",
        trunk=trunk,
        dialled=plan.caller,
        caller=plan.shown,
        arrived_at=tx.now,
        state=CallState.RINGING,
        direction=Direction.OUTBOUND,
    )
    record(tx, [Change(call, _fact("began", call_back), new_call=True)])
    tx.execute(
        insert(call_backs).values(
            id=call_back.id,
            client_id=call_back.client_id,
            report_id=report_id,
            user_id=user_id,
            stage=Stage.OWN.value,
            began_at=tx.now,
        )
    )
    acknowledge(tx, report_id, me.id, "portal")
    return Begun(call_back, plan)


def moved(tx: Tx, call_back_id: str, stage: Stage) -> CallBack:
    """It has come so far; when the caller answered, so is its call."""
    at = tx.now if stage is Stage.TALKING else None
    tx.execute(
        update(call_backs)
        .where(call_backs.c.id == call_back_id)
        .values(stage=stage.value, answered_at=at)
    )
    now = _one(tx, call_back_id)
    call = _call_of(tx, now)
    if at is not None:
        call = msgspec.structs.replace(call, state=CallState.TALKING, answered_at=at)
    record(tx, [Change(call, _fact(stage.value, now))])
    return now


def ended(tx: Tx, call_back_id: str, result: Result, least_seconds: int) -> CallBack:
    """It is over. A talk of `least_seconds` or more keeps the promise, and what else was promised to this caller, and is written
    into the report; doing it again does nothing. `TALKED` becomes `SHORT` when it was shorter."""
    before = _one(tx, call_back_id)
    if before.stage is Stage.ENDED:
        return before
    after = replace(before, stage=Stage.ENDED, ended_at=tx.now)
    if result is Result.TALKED and after.seconds < least_seconds:
        result = Result.SHORT
    after = replace(after, result=result)
    tx.execute(
        update(call_backs)
        .where(call_backs.c.id == call_back_id)
        .values(stage=Stage.ENDED.value, result=result.value, ended_at=tx.now)
    )
    call = _call_of(tx, after)
    owner = client(tx, after.client_id)
    talked = call.answered_at is not None
    recording = f"{call.id}.wav" if talked and owner is not None and owner.recorded else None
    outcome = Outcome.ANSWERED if talked else Outcome.NOT_REACHED
    over = changes.ended(call, outcome, tx.now, None, recording).call
    about = _fact("ended", after, result=result.value, seconds=after.seconds)
    record(tx, [Change(over, about)])
    if result is Result.TALKED and after.answered_at is not None:
        said = evidence(after.answered_at, after.seconds)
        promise = promise_of_report(tx, after.report_id)
        if promise is not None and promise.kept_at is None:
            keep(tx, promise.id, after.user_id, said)
        report = report_of(tx, after.report_id)
        if report is not None and not report.closed:
            _keep_others(tx, after, call.dialled, report.draft.who, said)
        if report is not None and report.status is Status.CALLBACK:
            set_status(tx, after.report_id, Status.DONE, after.user_id, said)
    return after


def _keep_others(tx: Tx, it: CallBack, number: str, who: str, said: str) -> None:
    """Whoever waited at that number has been called, whatever report it was for; but not their colleague at the same switchboard.
    Those reports stay open: whether the matter is done is for people to say."""
    name = "".join(who.split())
    for other in open_promises(tx, it.client_id, number):
        if "".join(other.caller_name.split()) in ("", name):
            keep(tx, other.id, it.user_id, f"{said}{FOR_ANOTHER}")


def last_of_report(tx: Tx, report_id: str) -> CallBack | None:
    """The newest call-back for a report."""
    row = tx.first(
        select(call_backs)
        .where(call_backs.c.report_id == report_id)
        .order_by(call_backs.c.began_at.desc(), call_backs.c.id.desc())
        .limit(1)
    )
    return _call_back(row) if row is not None else None


def under_way(tx: Tx) -> list[CallBack]:
    """Every call-back that has not ended."""
    return [
        _call_back(row) for row in tx.all(select(call_backs).where(call_backs.c.ended_at.is_(None)))
    ]


def _one(tx: Tx, call_back_id: str) -> CallBack:
    row = tx.first(select(call_backs).where(call_backs.c.id == call_back_id))
    if row is None:
        raise LookupError(call_back_id)
    return _call_back(row)


def _call_of(tx: Tx, it: CallBack) -> CallRow:
    call = call_of(tx, it.id)
    assert call is not None  # a foreign key
    return call


def _call_back(row: RowMapping) -> CallBack:
    values = dict(row)
    values["stage"] = Stage(values["stage"])
    values["result"] = Result(values["result"]) if values["result"] else None
    return CallBack(**values)


def _fact(kind: str, it: CallBack, **data: object) -> Fact:
    about = {"report_id": it.report_id, "user_id": it.user_id}
    return Fact(f"callback.{kind}", it.id, it.client_id, about | data)
