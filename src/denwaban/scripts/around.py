"""What a client's scripts stand among, read from the database."""

from collections.abc import Iterable
from datetime import datetime

from denwaban.clock import japan_day
from denwaban.lines import HOLIDAY, plan_of
from denwaban.people import client, staff_of
from denwaban.scripts.lint import Around
from denwaban.scripts.settings import Terms, settings_of
from denwaban.store import Tx


def around_of(tx: Tx, client_id: str, script_id: str | None = None) -> Around:
    """The client's staff, greeting, plan and terms as they are now. With `script_id`, the plan counts only where it names that
    script; a script that no plan names yet is not blamed for holidays."""
    owner = client(tx, client_id)
    return around_from(
        ((one.id, one.name, one.left_at is not None) for one in staff_of(tx, client_id, left=True)),
        [(window.script_id, window.days) for window in plan_of(tx, client_id)],
        owner.greeting if owner else "",
        script_id,
        tx.now,
        settings_of(tx, client_id).terms,
    )


def around_from(
    staff: Iterable[tuple[str, str, bool]],
    windows: list[tuple[str | None, int]],
    greeting: str,
    script_id: str | None,
    now: datetime,
    terms: Terms,
) -> Around:
    """From (id, name, whether they have left) of each member of staff and (script, days) of each window of the plan."""
    people = list(staff)
    used = script_id is None or any(script == script_id for script, _days in windows)
    return Around(
        present=frozenset(name for _id, name, left in people if not left),
        left=frozenset(name for _id, name, left in people if left),
        holiday_cover=not windows or not used or any(days & HOLIDAY for _script, days in windows),
        greeting=greeting,
        today=japan_day(now),
        may_promise=terms.may_promise,
        shortest_promise=terms.shortest_promise,
        longest_promise=terms.longest_promise,
        promisers=frozenset(
            name for id_, name, left in people if id_ in terms.promisers and not left
        )
        if terms.promisers
        else None,
        restricted=frozenset(terms.restricted),
        characters_per_minute=terms.characters_per_minute,
        seconds_to_question=terms.seconds_to_question,
        depth=terms.depth,
        branches=terms.branches,
    )
