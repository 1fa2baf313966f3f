"""When an operator had finished with a call: the end of the wrap-up stands beside the talk that it follows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from denwaban.calls.rows import call_legs
from denwaban.store import Tx


class WrapUp(NamedTuple):
    """The wrap-up after an operator's last talk is over."""

    operator_id: str
    ended: datetime


def wrapped_up(tx: Tx, over: Sequence[WrapUp]) -> None:
    """Writes it to the newest talk that each operator had before then."""
    if over:
        tx.execute(_UPDATE, [{"b_who": one.operator_id, "b_ended": one.ended} for one in over])


# Strictly before: whoever is joined to the next caller at the same moment has not finished with that one.
_legs = call_legs.alias("legs")
_LAST = (
    select(_legs.c.id)
    .where(
        _legs.c.operator_id == bindparam("b_who"),
        _legs.c.offered_at <= bindparam("b_ended"),
        _legs.c.answered_at < bindparam("b_ended"),
    )
    .order_by(_legs.c.offered_at.desc())
    .limit(1)
)
_UPDATE = (
    update(call_legs)
    .where(call_legs.c.id == _LAST.scalar_subquery())
    .values(wrapped_at=bindparam("b_ended"))
)
