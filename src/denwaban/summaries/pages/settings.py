"""What a client wants to be sent: for its own staff and for our floor."""

import re
from typing import Annotated, Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.oncall import business_hours
from denwaban.people import Changed, PeopleError, client_here, staff_of
from denwaban.store import Store, Tx
from denwaban.summaries.model import BadPlan
from denwaban.summaries.pages.common import title
from denwaban.summaries.plans import mail_address, plan_of, readers, set_plan
from denwaban.summaries.schedule import Plan, following
from denwaban.summaries.words import TITLES
from denwaban.texts import N_
from denwaban.web import _, needs, not_here, page

THEIRS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR, Role.CLIENT)

Typed = Annotated[dict[str, str | list[str]], Body(media_type=RequestEncodingType.URL_ENCODED)]


def own(who: Principal, client_id: str) -> None:
    """Raises when this client is not theirs to see."""
    if not who.may_see(client_id):
        raise not_here()


def plan_typed(data: dict[str, str | list[str]]) -> Plan:
    """The plan as it was typed. Raises `BadPlan`."""

    def text(name: str) -> str:
        found = data.get(name, "")
        return (found if isinstance(found, str) else found[-1]).strip()

    staff = data.get("staff", [])
    at = re.fullmatch(r"(\d{1,2}):(\d{2})", text("at"))
    if at is None or int(at[1]) > 23 or int(at[2]) > 59:
        raise BadPlan(N_("送る時刻を入れてください。例: 08:30"), "at")
    day = text("month_day")
    if not (day.isascii() and day.isdigit() and len(day) <= 2):
        raise BadPlan(N_("月報の日は 1 から 31 までにしてください。"), "month_day")
    return Plan(
        daily=text("daily") == "yes",
        at=int(at[1]) * 60 + int(at[2]),
        open_days=text("open_days") == "yes",
        quiet=text("quiet") == "yes",
        monthly=text("monthly") == "yes",
        month_day=int(day),
        staff=tuple(dict.fromkeys([staff] if isinstance(staff, str) else staff)),
    )


@get("/clients/{client_id:str}/summary-plan", guards=[THEIRS])
async def show(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromPath[str],
    done: FromQuery[str] = "",
) -> Template:
    """The settings, and when the next ones go out."""
    return await _show(who, store, client_id, done=_("保存しました") if done else "")


@post("/clients/{client_id:str}/summary-plan", guards=[THEIRS])
async def save(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromPath[str],
    data: Typed,
) -> Redirect | Template:
    """Keeps them."""
    own(who, client_id)
    seen = data.get("seen", "")

    def verb(tx: Tx) -> None:
        client_here(tx, client_id)
        version = (
            int(seen) if isinstance(seen, str) and seen.isdecimal() and len(seen) < 9 else None
        )
        set_plan(tx, client_id, plan_typed(data), None if who.is_key else who.user_id, version)

    try:
        await store.write(verb)
    except Changed as error:
        return await _show(who, store, client_id, errors={"": error.tell(_)})
    except PeopleError as error:
        return await _show(who, store, client_id, data, {error.field: error.tell(_)})
    return Redirect(f"/clients/{client_id}/summary-plan?done=1", status_code=303)


async def _show(
    who: Principal,
    store: Store,
    client_id: str,
    data: dict[str, str | list[str]] | None = None,
    errors: dict[str, str] | None = None,
    done: str = "",
) -> Template:
    own(who, client_id)

    def read(tx: Tx) -> dict[str, Any]:
        found = client_here(tx, client_id)
        kept = plan_of(tx, client_id)
        people = [(person, mail_address(tx, person.id)) for person in staff_of(tx, client_id)]
        known = {person.id for person, _address in people}
        return {
            "client": found,
            "kept": kept,
            "people": people,
            "gone": [one for one in kept.plan.staff if one not in known],
            "readers": readers(tx, client_id, kept.plan),
            "coming": following(kept.plan, business_hours(tx, client_id), tx.now),
        }

    found = await store.read(read)
    plan = found["kept"].plan
    values = {
        "daily": plan.daily,
        "at": f"{plan.at // 60:02}:{plan.at % 60:02}",
        "open_days": plan.open_days,
        "quiet": plan.quiet,
        "monthly": plan.monthly,
        "month_day": str(plan.month_day),
        "staff": plan.staff,
    }
    if data is not None:
        values |= {
            name: data.get(name) == "yes" for name in ("daily", "open_days", "quiet", "monthly")
        }
        values |= {name: str(data.get(name, "")) for name in ("at", "month_day")}
        values["staff"] = data.get("staff", [])
    return page(
        "summaries/plan.html",
        status=422 if errors else 200,
        values=values,
        errors=errors or {},
        done=done,
        title=title,
        titles={kind: _(text) for kind, text in TITLES.items()},
        theirs=who.role is Role.CLIENT,
        **found,
    )


routes = [show, save]
