"""The screen as pieces of HTML, each with a key: a piece whose key the page has already is not sent again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from denwaban.console.card import SHOWN_STAFF
from denwaban.console.guide import SAID
from denwaban.console.look import SHOWN_HISTORY, SHOWN_PROMISES, Look
from denwaban.console.model import span
from denwaban.console.words import instead, mood_words, routing_words
from denwaban.lines import why
from denwaban.routing import AskedView, NearView, ParkedView, SeatView
from denwaban.scripts import change_words, part_words
from denwaban.texts import NOT_ASKED
from denwaban.web import fragment


@dataclass(frozen=True, slots=True)
class SeatNow:
    """A seat as the switchboard has it."""

    engine: bool
    """The telephone engine is there."""
    state: str
    """ready | break | away | wrap_up"""
    after: str
    """The state wanted when the talk is over; empty for none."""
    online: bool
    """At least one of its phones is registered."""
    until: datetime | None = None
    """The end of a rest that nobody asked for."""
    seat: SeatView | None = None
    """All of it; None before it is on the floor."""
    free: tuple[SeatView, ...] = ()
    """Other operators who can be asked."""
    parked: tuple[ParkedView, ...] = ()

    @property
    def held_back(self) -> bool:
        """In training, and offered nobody now, although ready."""
        return self.seat is not None and self.seat.held_back and self.state == "ready"

    @property
    def held(self) -> bool:
        return self.seat is not None and self.seat.held

    @property
    def muted(self) -> bool:
        return self.seat is not None and self.seat.muted

    @property
    def asked(self) -> AskedView | None:
        """Whom the operator has asked in."""
        return self.seat.asked if self.seat is not None else None


def seat_now(floor: NearView) -> SeatNow:
    """The operator's seat; one that is not on the floor yet is at a break without a phone."""
    seat = floor.seat
    if seat is None:
        return SeatNow(floor.engine, "break", "", False)
    return SeatNow(
        floor.engine,
        seat.chosen,
        seat.after or "",
        seat.online,
        seat.until,
        seat,
        floor.free,
        floor.parked,
    )


_PLACE = "key-is-put-here"

_SHOWN = {
    "shown_staff": SHOWN_STAFF,
    "shown_history": SHOWN_HISTORY,
    "shown_promises": SHOWN_PROMISES,
}

FREE = 5
"""So many operators are offered to be asked in."""


def regions(look: Look, seat: SeatNow, have: dict[str, str]) -> dict[str, Markup]:
    """The pieces that were read and differ from what the page has. `have` holds the page's key of each piece.

    What stands in the middle is typed over by the operator, so its key is where she is, not what it says: it is sent
    when she gets somewhere else, and never under her fingers.
    """
    common = {"look": look, "card": look.card, "seat": seat, "why": why}
    found = {
        name: fragment(f"console/{name}.html", key=_PLACE, **common, **_SHOWN)
        for name in ("state", "day", "now", "todo", "right", "care", "bottom", "pass")
        if name in look.pieces
    }
    keyed: dict[str, tuple[str, str]] = {
        name: (_digest(html), html) for name, html in found.items()
    }
    sent: dict[str, str] = {
        name: html.replace(_PLACE, key)
        for name, (key, html) in keyed.items()
        if have.get(name) != key
    }
    aids = aids_key(look)
    if "aids" in look.pieces and have.get("aids") != aids:
        sent["aids"] = fragment("console/aids.html", key=aids, mood_words=mood_words(), **common)
    middle = middle_key(look, seat)
    if "middle" in look.pieces and have.get("middle") != middle:
        sent["middle"] = fragment(
            f"console/{look.stage}.html",
            key=middle,
            not_asked=NOT_ASKED,
            span=span,
            instead=instead,
            routing_words=routing_words,
            change_words=change_words(),
            part_words=part_words(),
            **common,
        )
    # Made by our templates, which escape what they are given.
    return {name: Markup(html) for name, html in sent.items()}


def middle_key(look: Look, seat: SeatNow) -> str:
    """Where the operator is."""
    if look.card is None:
        unread = look.news.what.version_id if look.news else ""
        how = (seat.online, seat.engine, bool(seat.until), seat.held_back)
        return f"idle-{seat.state}-{''.join(str(int(one)) for one in how)}-{unread}"
    parts = [look.stage, look.call_id]
    if look.stage == "talking":
        parts.append(look.card.node.id)
    if look.card.given:
        # Chosen by the operator just now: what is known of the person has been filled in.
        parts.append(look.card.given[-6:])
    if look.stage == "helping" and seat.seat is not None:
        parts.append(seat.seat.state.value)
    if look.card.run is not None:
        # Marked by the operator, who has typed nothing meanwhile.
        parts.append(str(len(look.card.run.value(SAID))))
    return "-".join(parts)


def aids_key(look: Look) -> str:
    """What the panel of moods, objections and scenes depends on."""
    if look.card is None or look.card.guide is None or look.stage != "talking":
        return "none"
    guide = look.card.guide
    return f"{look.call_id}-{look.card.node.id}-{guide.mood}-{guide.refused:d}{guide.free:d}"


def _digest(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:16]
