"""Going live: a client whose roster has a hole in the coming four weeks does not."""

from dataclasses import dataclass

from denwaban.journal import append
from denwaban.oncall import facts
from denwaban.oncall.loading import has_hours
from denwaban.oncall.queries import every_contact_of
from denwaban.oncall.reaching import holes
from denwaban.oncall.roster import Hole
from denwaban.oncall.watching import unwatch, watch
from denwaban.people import Staff, client, set_live, staff_of, without_substitute
from denwaban.store import Tx


@dataclass(frozen=True, slots=True)
class Gate:
    """What is still missing before a client may go live, and what is only to be known."""

    no_hours: bool
    nobody_in_charge: bool
    holes: tuple[Hole, ...]
    without_contact: tuple[Staff, ...]
    """In charge, and told only in the portal's inbox: no hindrance."""
    without_substitute: tuple[Staff, ...]
    """In charge, with nobody named to stand in though there are others."""

    @property
    def open(self) -> bool:
        return not (self.no_hours or self.nobody_in_charge or self.holes or self.without_substitute)


class NotReady(Exception):
    """The client cannot go live; `gate` says why."""

    def __init__(self, gate: Gate) -> None:
        super().__init__("not ready")
        self.gate = gate


def may_go_live(tx: Tx, client_id: str) -> Gate:
    """What stands in the way of this client's going live, as things are now."""
    people = staff_of(tx, client_id)
    chiefs = [person for person in people if person.in_charge]
    alone = without_substitute(chiefs + [p for p in people if not p.in_charge])
    return Gate(
        not has_hours(tx, client_id),
        not chiefs,
        tuple(holes(tx, client_id, tx.now)),
        tuple(p for p in chiefs if not any(c.enabled for c in every_contact_of(tx, p.id))),
        tuple(p for p in alone if p.in_charge) if len(people) > 1 else (),
    )


def go_live(tx: Tx, client_id: str) -> None:
    """From now on the client's calls are taken and its roster is watched. Raises `NotReady`; doing it again does nothing."""
    found = client(tx, client_id)
    if found is None or found.live_at is not None:
        return
    gate = may_go_live(tx, client_id)
    if not gate.open:
        raise NotReady(gate)
    set_live(tx, client_id, True)
    watch(tx, client_id)
    append(tx, facts.live(client_id, True))


def prepare_again(tx: Tx, client_id: str) -> None:
    """Back to preparation: from now on the client's calls hear that it is being prepared."""
    found = client(tx, client_id)
    if found is None or found.live_at is None:
        return
    set_live(tx, client_id, False)
    unwatch(tx, client_id)
    append(tx, facts.live(client_id, False))
