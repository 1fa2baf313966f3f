"""What is the same for every caller who is found in the engine."""

from denwaban.lines import Mode, Service
from denwaban.routing.adoption.company import OperatorOf
from denwaban.routing.desk import Desk
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Stage
from denwaban.store import StoreError
from denwaban.telephony.port import LegState


def operator_of(desk: Desk) -> OperatorOf:
    """Tells the operators' legs that nobody has taken up yet."""

    def found(state: LegState) -> str | None:
        operator_id = desk.seats.get(state.seat) if state.seat is not None else None
        if operator_id is None or desk.floor.seats[operator_id].stage is not Stage.FREE:
            return None
        return operator_id

    return found


def hears(live: LiveCall, state: LegState) -> None:
    """The leg as the engine has it. A prompt that plays is not the one that we play next: its end must not end that."""
    live.voice = state.answered
    live.playing, live.speaking = state.playing, bool(state.playing)


async def describe(desk: Desk, live: LiveCall, dialled: str = "") -> None:
    """Fills in what only the client's rows know. What was decided when the call came stays decided."""
    try:
        service = await desk.cache.find(dialled or live.call.dialled, live.call.arrived_at)
    except StoreError:
        return  # the call goes on without its client's name
    if not isinstance(service, Service):
        return
    decided = live.call
    desk.book.describe(live, service)
    if decided.client_id is not None:
        live.call = decided
        live.message = service.message if decided.mode == Mode.CLOSED else ""
