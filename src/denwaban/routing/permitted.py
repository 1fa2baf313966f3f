"""Who of a client's staff a caller may be put through to: as the client agreed, unless a supervisor lets this call pass."""

from collections.abc import Callable

from denwaban.calls import Call, let_through
from denwaban.lines import ALLOWED, Matter, Say, Verdict, decided, why
from denwaban.routing.asking import SeatError
from denwaban.store import Tx
from denwaban.web import _

Conditions = Callable[[Tx, Call, str], Verdict]
"""What the client's conditions say of putting this call through to a member of its staff (an id)."""


def by_time_alone(tx: Tx, call: Call, staff_id: str) -> Verdict:
    """The conditions where nothing is known of what the caller wants."""
    return decided(tx, call.client_id, staff_id, Matter((), "normal", tx.now))


def verdict(tx: Tx, conditions: Conditions, call: Call, staff_id: str) -> Verdict:
    """What holds for putting this call through to them now."""
    return ALLOWED if let_through(tx, call.id) else conditions(tx, call, staff_id)


def refuse(found: Verdict, *, stay: bool) -> None:
    """Raises `SeatError`, with what the client agreed, for what is not allowed. `stay`: the operator talks with them first."""
    told = why(found)
    reason = f"({told})" if told else ""
    if found.say is Say.NEVER:
        raise SeatError(
            _(
                "この方へはおつなぎしない決まりです%(why)s。折り返しをお約束するか、SV に相談してください。",
                why=reason,
            )
        )
    if found.say is Say.ASK and not stay:
        raise SeatError(
            _(
                "先にご本人に聞く決まりです%(why)s。「話さずにそのまま回す」を外して呼び出してください。",
                why=reason,
            )
        )
