"""What supervisors decide about calls: whose turn a waiting caller is, and that one may be put through after all. The record,
with the reason, is written before it is done."""

from collections.abc import Callable
from typing import Literal

from denwaban.calls import Decided, NoReason, decide, tidy_reason
from denwaban.calls import call as call_of
from denwaban.clock import Clock
from denwaban.routing.asking import SeatError
from denwaban.routing.desk import Desk
from denwaban.routing.model import Impossible, Stage
from denwaban.routing.recorder import Recorder
from denwaban.store import Store, Tx
from denwaban.web import _

Where = Literal["first", "group", "operator"]

_KINDS = {"first": Decided.FIRST, "group": Decided.GROUP, "operator": Decided.OPERATOR}


class Deciding:
    """One for a switchboard. All verbs raise `SeatError`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        desk: Desk,
        recorder: Recorder,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk
        self._recorder = recorder
        self._changed = changed

    async def move(
        self, user_id: str, call_id: str, where: Where, target_id: str, reason: str
    ) -> None:
        """Moves a caller who waits before others, to a group of operators, or to one of them. Who was put through or hung up
        while it was written is on record as not moved."""
        floor = self._desk.floor
        group = target_id if where == "group" else None
        operator_id = target_id if where == "operator" else None
        try:
            floor.may_move(call_id, group=group, operator_id=operator_id)
        except Impossible as error:
            raise _not_moved() from error
        await self._decide(user_id, call_id, _KINDS[where], reason, target_id or None)
        try:
            moved = floor.move(call_id, self._clock.now(), group=group, operator_id=operator_id)
        except Impossible as error:
            await self._decide(user_id, call_id, Decided.NOT_MOVED, reason, target_id or None)
            raise _not_moved() from error
        self._desk.perform(moved)

    async def let_through(self, user_id: str, operator_id: str, call_id: str, reason: str) -> None:
        """The caller of this call, with whom this operator talks, may be put through to anybody of the client's staff."""
        seat = self._desk.floor.seats.get(operator_id)
        if seat is None or seat.stage is not Stage.TALKING or seat.call_id is None:
            raise SeatError(_("このオペレーターは、いま通話していません"))
        if seat.call_id != call_id:
            # The call ended while the reason was typed; the leave is not for the next caller.
            raise SeatError(_("そのお電話は終わり、いまは別のお電話です。もう一度確かめてください"))
        await self._decide(user_id, call_id, Decided.LET, reason)
        live = self._desk.book.calls.get(call_id)
        if live is not None and live.asked is not None:
            # Whoever rings already need not be asked first, either.
            live.asked.ask_first = False
            self._changed()

    async def _decide(
        self,
        user_id: str,
        call_id: str,
        kind: Decided,
        reason: str,
        target_id: str | None = None,
    ) -> None:
        try:
            words = tidy_reason(reason)
        except NoReason as error:
            raise SeatError(_("理由を、200文字までで入れてください")) from error
        # The call's own row first.
        await self._recorder.written()

        def write(tx: Tx) -> bool:
            found = call_of(tx, call_id)
            if found is None:
                return False
            decide(tx, found, user_id, kind, words, target_id)
            return True

        if not await self._store.write(write):
            raise SeatError(_("この電話は見つかりませんでした"))


def _not_moved() -> SeatError:
    return SeatError(
        _("動かせませんでした。もうお待ちでないか、移動先に、受けられるオペレーターがいません")
    )
