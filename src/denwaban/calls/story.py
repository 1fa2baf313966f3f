"""What happened to a call, step by step, as its page tells it: who talked with whom, and who waited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from denwaban.journal.rows import facts
from denwaban.people import operators, staff_by_ids
from denwaban.store import Tx
from denwaban.web import _


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: datetime
    kind: str
    """The fact's, without `call.`."""
    by: str
    """The operator's name; empty where none had to do with it."""
    whom: str
    """Who was asked in, by name."""
    data: Mapping[str, Any]


def story_of(tx: Tx, call_id: str) -> list[Step]:
    """Everything that is told of a call, oldest first."""
    rows = tx.all(
        select(facts.c.at, facts.c.kind, facts.c.data)
        .where(facts.c.subject == call_id, facts.c.kind.like("call.%"))
        .order_by(facts.c.seq)
    )
    names = {one.id: one.name for one in operators(tx, left=True)} if rows else {}
    asked = {row["data"]["staff_id"] for row in rows if row["data"].get("staff_id")}
    names |= {one.id: one.name for one in staff_by_ids(tx, asked).values()}
    return [
        Step(
            row["at"],
            row["kind"].removeprefix("call."),
            names.get(row["data"].get("operator_id", ""), ""),
            names.get(row["data"].get("staff_id") or row["data"].get("helper_id", ""), ""),
            row["data"],
        )
        for row in rows
    ]


def words_of(step: Step) -> str:
    """The step in the reader's language; empty for what other parts of the page tell."""
    say = _SAID.get(step.kind)
    return say(step) if say is not None else ""


_WHY: Mapping[str, Callable[[], str]] = {
    "busy": lambda: _("お話し中でした"),
    "refused": lambda: _("お受けになりませんでした"),
    "no_answer": lambda: _("お出になりませんでした"),
    "unreachable": lambda: _("つながりませんでした"),
    "not_taken": lambda: _("どなたもお受けになりませんでした"),
    "hung_up": lambda: _("切れました"),
    "time": lambda: _("どの席も取らなかったため"),
    "away": lambda: _("電話番が止まっていた間のことです"),
}


def _why(step: Step) -> str:
    found = _WHY.get(str(step.data.get("why") or step.data.get("reason") or ""))
    return f"({found()})" if found is not None else ""


_SAID: Mapping[str, Callable[[Step], str]] = {
    "answered": lambda s: _("%(by)s が出ました", by=s.by),
    "message_left": lambda s: _("お客様が伝言を残しました"),
    "held": lambda s: _("%(by)s が保留にしました", by=s.by),
    "unheld": lambda s: _("%(by)s が保留を解きました", by=s.by),
    "asked": lambda s: (
        _("%(by)s が %(whom)s を呼び出しました(お客様は保留)", by=s.by, whom=s.whom)
        if s.data.get("how") == "consult"
        else _("%(by)s が %(whom)s へ、話さずに回しました", by=s.by, whom=s.whom)
    ),
    "third_answered": lambda s: _(
        "%(by)s と %(whom)s が話しています(お客様は保留)", by=s.by, whom=s.whom
    ),
    "swapped": lambda s: _("%(by)s が、話す相手を替えました", by=s.by),
    "three": lambda s: _("%(by)s、%(whom)s、お客様の三人で話しています", by=s.by, whom=s.whom),
    "given": lambda s: _("%(whom)s がお客様を引き受けました(%(by)s から)", by=s.by, whom=s.whom),
    "taken_back": lambda s: _("%(by)s が取りやめて、お客様に戻りました", by=s.by),
    "third_gone": lambda s: _("%(whom)s が離れました", whom=s.whom) + _why(s),
    "taken_over": lambda s: _("%(by)s がお客様を引き受けました", by=s.by),
    "parked": lambda s: _(
        "%(by)s が %(slot)s 番にパークしました", by=s.by, slot=s.data.get("slot", "")
    ),
    "seat_lost": lambda s: _(
        "%(by)s の画面が閉じられ、お電話が席から切れました(お客様は保留音)", by=s.by
    ),
    "seat_back": lambda s: _("%(by)s の席に、お電話がつながり直しました", by=s.by),
    "returned": lambda s: _("お客様が待ちの列に戻りました") + _why(s),
    "recording_paused": lambda s: _("録音を止めました"),
    "recording_resumed": lambda s: _("録音に戻りました"),
    "keys_sent": lambda s: _(
        "%(by)s がプッシュ音を送りました(%(n)s 桁)", by=s.by, n=s.data.get("count", "")
    ),
    "staff_wanted": lambda s: _("お客様が、担当に代わるようお望みになりました"),
    "staff_not_wanted": lambda s: _("担当に代わるご希望は、取り消されました"),
    "ended": lambda s: _("通話が終わりました"),
}
