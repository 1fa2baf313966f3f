"""What a client's scripts stand among, read from the database."""

from denwaban.clock import JST
from denwaban.lines import HOLIDAY, plan_of
from denwaban.people import client, staff_of
from denwaban.scripts.lint import Around
from denwaban.store import Tx


def around_of(tx: Tx, client_id: str, script_id: str | None = None) -> Around:
    """The client's staff, greeting and plan as they are now. With `script_id`, the plan counts only where it names that
    script or none does; a script that no plan names yet is not blamed for holidays."""
    staff = staff_of(tx, client_id, left=True)
    windows = plan_of(tx, client_id)
    used = script_id is None or any(window.script_id == script_id for window in windows)
    owner = client(tx, client_id)
    return Around(
        present=frozenset(person.name for person in staff if person.left_at is None),
        left=frozenset(person.name for person in staff if person.left_at is not None),
        holiday_cover=not windows or not used or any(w.days & HOLIDAY for w in windows),
        greeting=owner.greeting if owner else "",
        today=tx.now.astimezone(JST).date(),
    )
