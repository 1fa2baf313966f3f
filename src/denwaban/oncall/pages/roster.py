"""A client's roster: who takes reports now and this week, its holes, and whether it is live."""

from datetime import date, timedelta
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import japan_day
from denwaban.oncall import duty_words
from denwaban.oncall.calendars import broken_of
from denwaban.oncall.live import NotReady, go_live, may_go_live, prepare_again
from denwaban.oncall.loading import business_hours, has_hours
from denwaban.oncall.pages.common import FLOOR, ROSTER, own
from denwaban.oncall.pages.forms import EntryForm, LiveForm, ShiftForm, Text, WeekText
from denwaban.oncall.queries import change_of, entries_of, shifts_of
from denwaban.oncall.reaching import holes, reach
from denwaban.oncall.roster import Change, NobodyOnDuty
from denwaban.oncall.shift_file import COLUMNS
from denwaban.oncall.timetable import week_asked, week_of
from denwaban.oncall.words import channel_words
from denwaban.people import client_here, staff_of
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, _, needs, page

THEIRS = needs(Role.CLIENT)


async def screen(
    who: Principal, store: Store, client_id: str, week: str = "", done: str = "", **more: Any
) -> Template:
    """The roster of a client in the week of `week`, with the change `done` to undo; 422 with `errors` or bad `lines`."""
    own(who, client_id)

    def look(tx: Tx) -> dict[str, Any]:
        found = client_here(tx, client_id)
        monday = week_asked(week, tx.now)
        change = change_of(tx, client_id, done) if done else None
        people = staff_of(tx, client_id)
        return {
            "client": found,
            "people": people,
            "names": {person.id: person.name for person in people},
            "now": reach(tx, client_id, tx.now),
            "week": week_of(tx, client_id, monday),
            "holes": holes(tx, client_id, tx.now),
            "gate": may_go_live(tx, client_id) if found.live_at is None else None,
            "entries": entries_of(tx, client_id, tx.now),
            "weekly": [one for one in shifts_of(tx, client_id) if one.day is None],
            "broken": broken_of(tx, client_id),
            "has_hours": has_hours(tx, client_id),
            "hours": business_hours(tx, client_id),
            "change": change,
            "today": japan_day(tx.now),
            "before": monday - timedelta(days=7),
            "after": monday + timedelta(days=7),
        }

    context: dict[str, Any] = {
        **await store.read(look),
        "own": who.role is Role.CLIENT,
        "said": _said(),
        "words": duty_words,
        "channels": channel_words(),
        "columns": COLUMNS,
        "errors": {},
        "opened": "",
        "lines": [],
        "shift": ShiftForm(),
        "entry": EntryForm(),
        "is_nobody": lambda answer: isinstance(answer, NobodyOnDuty),
        **more,
    }
    status = 422 if context["errors"] or context["lines"] else 200
    return page("oncall/roster.html", status=status, **context)


def _said() -> dict[str, str]:
    return {
        "shift": _("当番を入れました。"),
        "entry": _("予定を入れました。"),
        "removed": _("消しました。"),
        "copied": _("前の週から写しました。"),
        "imported": _("ファイルから入れました。"),
        "undone": _("元に戻しました。"),
    }


def back(client_id: str, week: str, change: Change | None = None) -> Redirect:
    """Back to the week, with the change that may be undone."""
    done = f"&done={change.id}" if change is not None else ""
    monday = week if _is_date(week) else ""
    return Redirect(f"/clients/{client_id}/roster?week={monday}{done}", status_code=303)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@get("/roster", guards=[THEIRS])
async def show_mine(who: NamedDependency[Principal]) -> Redirect:
    """The roster of the reader's own company."""
    return Redirect(f"/clients/{who.client_id}/roster", status_code=303)


@get("/clients/{client_id:str}/roster", guards=[ROSTER])
async def show_roster(
    client_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    week: FromQuery[WeekText] = "",
    done: FromQuery[Text] = "",
) -> Template:
    """Who takes reports now, why, and in the week of `week` (any day of it)."""
    return await screen(who, store, client_id, week, done)


@post("/clients/{client_id:str}/roster/live", guards=[FLOOR])
async def post_live(
    client_id: FromPath[str],
    data: URLEncodedBody[LiveForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Goes live, or back to preparation. What stands in the way is listed."""
    try:
        await store.write(
            lambda tx: go_live(tx, client_id) if data.live else prepare_again(tx, client_id)
        )
    except NotReady:
        why = _("まだ稼働できません。下の「稼働の前に」を一つずつ片づけてください。")
        return await screen(who, store, client_id, errors={"gate": why})
    return back(client_id, "")


menu = [MenuEntry("/roster", "当番表", frozenset({Role.CLIENT}))]

routes = [show_mine, show_roster, post_live]
