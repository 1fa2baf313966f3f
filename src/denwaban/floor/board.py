"""What the floor's board and its wall show, read at one moment."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from denwaban.care import NO_CALLS, Asked, Handling, HandlingBy, handling, open_helps
from denwaban.clock import Clock, day_begins, japan_day
from denwaban.delivery import Trouble, troubles
from denwaban.disclosure import Held, LeakAlarm, held, leak_alarms
from denwaban.floor.model import GOAL, LONG_WAIT, SOON, Busy, Due, Today, near_limit
from denwaban.floor.rows import due_promises, line_limits, supervisors, today
from denwaban.floor.times import minutes
from denwaban.oncall import Alarm, alarms
from denwaban.people import OperatorGroup, TrainingStage, groups
from denwaban.routing import FloorView, SeatState, SeatView, Switchboard
from denwaban.store import Store, Tx
from denwaban.web import _

SHOWN_WAITING = 12
SHOWN = 5
SHOWN_BUSY = 3
SHOWN_LEARNING = 3
"""So many rows of a list fit without a scroll; the headings tell how many there are."""

STALE = timedelta(seconds=20)
"""So old the time that calls took may be: of a day with 20,000 calls it costs a tenth of a second, and the board is made at
each change."""

ORDER = (
    SeatState.OFFERED,
    SeatState.TALKING,
    SeatState.WRAP_UP,
    SeatState.READY,
    SeatState.AWAY,
    SeatState.BREAK,
    SeatState.OFFLINE,
)


class Counted(NamedTuple):
    """What the database says."""

    today: Today
    busy: list[Busy]
    troubles: list[Trouble]
    due: list[Due]
    nobody: list[Alarm]
    helps: list[Asked]
    held: list[Held]
    """Calls whose identity check waits for a supervisor."""
    leaks: list[LeakAlarm]
    supervisors: dict[str, str]
    """Names of the supervisors, by user id."""
    seat_of: dict[str, str]
    """The operators that supervisors are themselves, by user id."""
    groups: list[OperatorGroup]


async def board(store: Store, clock: Clock, switchboard: Switchboard, me: str) -> dict[str, Any]:
    """For the templates. `me` is the reader's user id."""
    view = switchboard.view()
    now = clock.now()
    midnight = day_begins(japan_day(now))
    used = switchboard.lines_in_use()

    def count(tx: Tx) -> Counted:
        return Counted(
            today(tx, midnight),
            near_limit(used, line_limits(tx, used)),
            troubles(tx),
            due_promises(tx, now + SOON),
            alarms(tx),
            open_helps(tx),
            held(tx, only_running=True),
            leak_alarms(tx),
            *supervisors(tx),
            groups(tx),
        )

    counted = await store.read(count)
    watches = switchboard.supervision.watches()
    # A supervisor's own seat is for listening: it stands on the board only while a call is on it.
    own_seats = set(counted.seat_of.values())
    seats = [
        seat
        for seat in in_order(view)
        if seat.operator_id not in own_seats
        or seat.state in (SeatState.OFFERED, SeatState.TALKING, SeatState.READY)
    ]
    return {
        "view": view,
        "seats": seats,
        "seat_words": seat_words(),
        "counts": counts(seats),
        "counted": counted,
        "handled": await handled_today(store, now),
        "long_wait": now - LONG_WAIT,
        "goal": GOAL,
        "minutes": minutes,
        # Not the first in line: an emergency that has just come may stand before others.
        "longest": min((one.arrived_at for one in view.waiting), default=None),
        "shown": SHOWN,
        "shown_busy": SHOWN_BUSY,
        "shown_waiting": SHOWN_WAITING,
        "shown_learning": SHOWN_LEARNING,
        "asked": {one.help.operator_id: one for one in counted.helps},
        "watches": {
            one.operator_id: (one.mode.value, counted.supervisors.get(one.user_id, ""))
            for one in watches
        },
        "mine": next((one for one in watches if one.user_id == me), None),
        "own": counted.seat_of.get(me),
        "mode_words": mode_words(),
        "training_words": training_words(),
        "learning": [seat for seat in seats if seat.training is not None and seat.online],
        "groups": counted.groups,
    }


async def handled_today(store: Store, now: datetime) -> Handling:
    """How long today's calls took, as it was `STALE` ago at most."""
    known = _handled.get(store)
    midnight = day_begins(japan_day(now))
    if known is None or not midnight <= known[0] <= now < known[0] + STALE:
        until = midnight + timedelta(days=1)
        found = await store.read(lambda tx: handling(tx, midnight, until, HandlingBy.ALL))
        known = _handled[store] = now, found.get("", NO_CALLS)
    return known[1]


_handled: WeakKeyDictionary[Store, tuple[datetime, Handling]] = WeakKeyDictionary()


def in_order(view: FloorView) -> list[SeatView]:
    """Seats by state, who is longest in it first."""
    place = {state: number for number, state in enumerate(ORDER)}
    return sorted(view.seats, key=lambda seat: (place[seat.state], seat.since, seat.seat))


def counts(seats: list[SeatView]) -> list[tuple[str, int]]:
    """(state, how many seats) for the states that occur."""
    words = seat_words()
    found = [(state, sum(seat.state is state for seat in seats)) for state in ORDER]
    return [(words[state], number) for state, number in found if number]


def seat_words() -> dict[SeatState, str]:
    """The states in words."""
    return {
        SeatState.OFFERED: _("呼出中"),
        SeatState.TALKING: _("通話中"),
        SeatState.WRAP_UP: _("後処理"),
        SeatState.READY: _("受付中"),
        SeatState.AWAY: _("離席"),
        SeatState.BREAK: _("休憩"),
        SeatState.OFFLINE: _("未接続"),
    }


def training_words() -> dict[TrainingStage, str]:
    """How far somebody in training is."""
    return {
        TrainingStage.OBSERVES: _("見学"),
        TrainingStage.BESIDE: _("同席"),
        TrainingStage.LOOKED_AFTER: _("見守り"),
    }


def mode_words() -> dict[str, str]:
    """What a supervisor does at a call."""
    return {
        "listen": _("聞いています"),
        "whisper": _("ささやいています"),
        "barge": _("会話に入っています"),
        "take_over": _("代わりました"),
    }
