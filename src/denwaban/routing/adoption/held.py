"""What the database holds that memory does not know."""

from dataclasses import dataclass, field

from denwaban.calls import (
    Call,
    Offer,
    Outcome,
    call_of_leg,
    calls_by_ids,
    open_calls,
    open_offers,
    told_of,
)
from denwaban.routing.adoption.remembered import KINDS, Remembered, remember
from denwaban.routing.keeping import Place, open_places
from denwaban.store import Tx
from denwaban.telephony.port import Leg


@dataclass(frozen=True, slots=True)
class Held:
    """It; what is open is only read when the program is new."""

    calls: list[Call] = field(default_factory=list)
    """Open calls."""
    offers: dict[str, Offer] = field(default_factory=dict)
    """Open offers of those, by call id."""
    talks: dict[str, Remembered] = field(default_factory=dict)
    """How those stood with whom somebody has talked, by call id; what is not told is nothing."""
    strays: dict[Leg, Call] = field(default_factory=dict)
    """Calls of legs that are in the engine, also ended ones."""
    places: dict[str, Place] = field(default_factory=dict)
    """Places that are kept for callers, by call."""
    unsettled: list[tuple[Place, Outcome | None]] = field(default_factory=list)
    """Of those the ones whose calls are over, and how they ended."""


NOTHING_HELD = Held()


def read_held(tx: Tx, strays: list[Leg], *, everything: bool) -> Held:
    """Reads it; `everything`: also the open calls whose legs are gone."""
    found = {leg: call for leg in strays if (call := call_of_leg(tx, leg)) is not None}
    if not everything:
        return Held(strays=found)
    rows = open_calls(tx)
    told = told_of(tx, [row.id for row in rows if row.answered_at is not None], KINDS)
    places = open_places(tx)
    ended = calls_by_ids(tx, set(places) - {row.id for row in rows})
    return Held(
        calls=rows,
        offers={offer.call_id: offer for offer in open_offers(tx)},
        talks={call_id: remember(facts) for call_id, facts in told.items()},
        strays=found,
        unsettled=[(places.pop(call.id), call.outcome) for call in ended.values()],
        places=places,
    )
