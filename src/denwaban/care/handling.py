"""How long calls took operators: talk with its holds, and the wrap-up after it (AHT, docs/kpi.md).

Calls of the telephone relay service stand apart: an interpreter needs the time, and nobody is to be measured by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from denwaban.calls import Direction
from denwaban.calls.rows import call_legs, calls
from denwaban.care.rows import relay_calls
from denwaban.store import Question, Tx, milliseconds_between


class HandlingBy(StrEnum):
    """What calls are put together by."""

    ALL = "all"
    CLIENT = "client"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class HandlingTime:
    """What some calls took."""

    calls: int = 0
    """On which an operator talked, and which are over for them; a call with several operators is one."""
    talked: float = 0.0
    """Seconds of talk, those on hold with them, of all operators together."""
    wrapped: float = 0.0
    """Seconds of wrap-up; one that still goes on is in none."""

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.talked + self.wrapped

    @property
    def average(self) -> float | None:
        """AHT in seconds, to a tenth; None without calls."""
        return self._of(self.seconds)

    @property
    def talk(self) -> float | None:
        """Talk with its holds, for each call."""
        return self._of(self.talked)

    @property
    def wrap_up(self) -> float | None:
        """ACW: wrap-up for each call."""
        return self._of(self.wrapped)

    def _of(self, seconds: float) -> float | None:
        return round(seconds / self.calls, 1) if self.calls else None


@dataclass(frozen=True, slots=True)
class Handling:
    """Of a client, an operator, or everybody."""

    usual: HandlingTime = HandlingTime()
    relay: HandlingTime = HandlingTime()
    """Calls of the telephone relay service, which are in nothing else."""


NO_CALLS = Handling()


def handling(
    tx: Tx, since: datetime, until: datetime, by: HandlingBy, client_id: str | None = None
) -> dict[str, Handling]:
    """Of the calls that came in from `since` until before `until`, of one client or of all: by the id of client or operator; of
    everybody under the empty text. Practice calls and calls that we made are in none. Whoever had no calls is left out."""
    values: dict[str, Any] = {"since": since, "until": until}
    if client_id is not None:
        values["client"] = client_id
    found: dict[str, dict[bool, HandlingTime]] = {}
    for row in tx.all(_ASKED[by, client_id is not None], values):
        time = HandlingTime(row["calls"], row["talked"] / 1000, row["wrapped"] / 1000)
        found.setdefault(row["key"], {})[bool(row["relay"])] = time
    return {
        key: Handling(times.get(False, HandlingTime()), times.get(True, HandlingTime()))
        for key, times in found.items()
    }


# A number that was marked once is the relay's, as in `is_relay`.
_marked = calls.alias("marked")
_NUMBERS = (
    select(_marked.c.client_id, _marked.c.caller)
    .join(relay_calls, relay_calls.c.call_id == _marked.c.id)
    .where(_marked.c.caller != "", _marked.c.direction == Direction.INBOUND.value)
)
RELAYED = or_(
    calls.c.id.in_(select(relay_calls.c.call_id)),
    and_(calls.c.caller != "", tuple_(calls.c.client_id, calls.c.caller).in_(_NUMBERS)),
)
"""Of a row of `calls`: it came by the telephone relay service."""

_KEYS: Mapping[HandlingBy, ColumnElement[str]] = {
    HandlingBy.ALL: literal(""),
    HandlingBy.CLIENT: calls.c.client_id,
    HandlingBy.OPERATOR: call_legs.c.operator_id,
}


def _asked(by: HandlingBy, of_client: bool) -> Select[Any]:
    relay = cast(RELAYED, Integer)
    legs = (
        select(
            _KEYS[by].label("key"),
            relay.label("relay"),
            call_legs.c.call_id,
            milliseconds_between(call_legs.c.answered_at, call_legs.c.ended_at).label("talked"),
            milliseconds_between(call_legs.c.ended_at, call_legs.c.wrapped_at).label("wrapped"),
        )
        .join(calls, calls.c.id == call_legs.c.call_id)
        .where(
            calls.c.arrived_at >= bindparam("since"),
            calls.c.arrived_at < bindparam("until"),
            calls.c.direction == Direction.INBOUND.value,
            calls.c.practice.is_(False),
            calls.c.client_id.is_not(None),
            call_legs.c.answered_at.is_not(None),
            call_legs.c.ended_at.is_not(None),
        )
    )
    if of_client:
        legs = legs.where(calls.c.client_id == bindparam("client"))
    each = legs.subquery()
    return select(
        each.c.key,
        each.c.relay,
        func.count(distinct(each.c.call_id)).label("calls"),
        _sum(each.c.talked).label("talked"),
        _sum(each.c.wrapped).label("wrapped"),
    ).group_by(each.c.key, each.c.relay)


def _sum(of: ColumnElement[int]) -> ColumnElement[int]:
    # PostgreSQL makes numbers of another kind of it.
    return cast(func.coalesce(func.sum(of), 0), BigInteger)


_ASKED = {
    (by, of_client): Question(_asked(by, of_client))
    for by in HandlingBy
    for of_client in (False, True)
}
