"""A promise that a report holds is near its time, or has broken: who is told, whatever became of the report itself."""

from denwaban.delivery import facts
from denwaban.delivery.acts import others, to_the_floor
from denwaban.delivery.model import Kind, State, Told
from denwaban.delivery.plans import targets_of
from denwaban.delivery.standing import climb_of
from denwaban.delivery.telling import About, tell
from denwaban.journal import append
from denwaban.people import staff_by_ids
from denwaban.reports import Report, Status
from denwaban.store import Tx


def press(tx: Tx, report: Report, *, broken: bool) -> None:
    """Tells the person in charge; when it is `broken`, also the next one of the report's ladder and our own floor.

    Nothing for a report that was taken and is not done yet: whoever took it is asked after it anyway, at the same moments.
    """
    climb = climb_of(tx, report.id)
    if climb is None or (climb.state is State.ACKNOWLEDGED and report.status is not Status.DONE):
        return
    kind = Kind.OVERDUE if broken else Kind.DEADLINE
    ids = [report.in_charge_id, *others(climb, report.in_charge_id)[: int(broken)]]
    people = staff_by_ids(tx, ids)
    here = [one for one in ids if people[one].left_at is None]
    if broken:
        to_the_floor(tx, report.id)
    this = About(report.id, report.client_id, report.draft.urgency)
    tell(tx, this, climb.rung, [Told(one, kind, targets_of(tx, one)) for one in here])
    word = facts.overdue if broken else facts.asked
    append(tx, word(report.id, report.client_id, report.in_charge_id))
