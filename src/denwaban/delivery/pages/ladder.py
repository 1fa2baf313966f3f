"""A client's ladders, its digest and its people's quiet hours: written, tried out as a timeline, and kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template

from denwaban.access import Role
from denwaban.config import Settings
from denwaban.delivery import words
from denwaban.delivery.plan import BadPlan, Plan, Step, Whom, check, timeline, usual
from denwaban.delivery.plans import (
    Unreachable,
    digest_of,
    forget_plan,
    plan_of,
    quiet_of,
    set_digest,
    set_plan,
    set_quiet,
)
from denwaban.delivery.quiet import parse_minute, show_minute
from denwaban.oncall import every_contact_of
from denwaban.people import client_here, staff_of
from denwaban.reports import Urgency
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, page

floor = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

Typed = Annotated[dict[str, str | list[str]], Body(media_type=RequestEncodingType.URL_ENCODED)]

BLANK = 2
"""Empty rows below those there are."""

QUIET = (Urgency.NORMAL, Urgency.SOON)


@dataclass(slots=True)
class Row:
    """One step as it was typed."""

    whom: str = ""
    wait: str = "15"
    staff_id: str = ""
    channels: tuple[str, ...] = ()


@dataclass(slots=True)
class Form:
    """A ladder as it was typed; minutes."""

    rows: list[Row]
    last_wait: str
    until_taken: bool
    remind_before: str
    remind_after: str


def channels() -> list[str]:
    """What a step may choose among; the portal always has every report."""
    return [name for name in words.channel_words() if name != "portal"]


def minutes(wait: timedelta) -> str:
    return str(round(wait.total_seconds() / 60))


def form_of(plan: Plan) -> Form:
    """What the form shows for a plan."""
    rows = [
        Row(step.whom.value, minutes(step.wait), step.staff_id, step.channels)
        for step in plan.steps
    ]
    return Form(
        rows,
        minutes(plan.last_wait),
        plan.until_taken,
        minutes(plan.remind_before),
        minutes(plan.remind_after),
    )


def typed_form(data: dict[str, str | list[str]]) -> Form:
    """The form as it was sent."""

    def one(name: str) -> str:
        found = data.get(name, "")
        return found if isinstance(found, str) else found[-1]

    def several(name: str) -> tuple[str, ...]:
        found = data.get(name, [])
        return (found,) if isinstance(found, str) else tuple(found)

    rows = []
    for number in range(40):
        if f"whom-{number}" not in data:
            break
        rows.append(
            Row(
                one(f"whom-{number}"),
                one(f"wait-{number}"),
                one(f"staff-{number}"),
                several(f"channels-{number}"),
            )
        )
    return Form(
        rows,
        one("last_wait"),
        one("until_taken") == "yes",
        one("remind_before"),
        one("remind_after"),
    )


def read_form(form: Form, roster: set[str]) -> Plan:
    """The plan that was typed. Raises `BadPlan` with a sentence for the page."""

    def wait(text: str) -> timedelta:
        text = text.strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 5):
            raise BadPlan(_("待つ時間は、分の数字で入れてください。例: 15"))
        return timedelta(minutes=int(text))

    steps = []
    for row in form.rows:
        if not row.whom:
            continue
        if row.whom not in set(Whom):
            raise BadPlan(_("だれに知らせるかを、一覧から選んでください。"))
        whom = Whom(row.whom)
        named = row.staff_id if whom is Whom.PERSON else ""
        if named and named not in roster:
            raise BadPlan(_("「決まった人」の段に、名前を選んでください。"))
        chosen = tuple(one for one in row.channels if one in channels())
        steps.append(Step(whom, wait(row.wait), named, () if whom is Whom.FLOOR else chosen))
    return check(
        Plan(
            tuple(steps),
            wait(form.last_wait),
            form.until_taken,
            wait(form.remind_before),
            wait(form.remind_after),
        )
    )


def urgency_of(text: str) -> Urgency:
    """Raises a 404 for anything else."""
    if text not in set(Urgency):
        raise Problem(404, _("見つかりませんでした"), _("顧客の画面から選び直してください。"))
    return Urgency(text)


@get("/clients/{client_id:str}/ladder", guards=[floor])
async def show(
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
    client_id: FromPath[str],
    urgency: FromQuery[str] = "normal",
    done: FromQuery[str] = "",
) -> Template:
    """The ladder for one urgency, beside it when each step comes."""
    return await _show(store, settings, client_id, urgency_of(urgency), done=done)


@post("/clients/{client_id:str}/ladder", guards=[floor])
async def save(
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
    client_id: FromPath[str],
    data: Typed,
) -> Template | Redirect:
    """Keeps the ladder, shows what it would do, or goes back to the usual one."""
    urgency, act = urgency_of(str(data.get("urgency", ""))), data.get("act")
    form = typed_form(data)

    def verb(tx: Tx) -> None:
        client_here(tx, client_id)
        if act == "usual":
            forget_plan(tx, client_id, urgency)
        else:
            roster = {person.id for person in staff_of(tx, client_id)}
            set_plan(tx, client_id, urgency, read_form(form, roster))

    if act == "look":
        return await _show(store, settings, client_id, urgency, form)
    try:
        await store.write(verb)
    except BadPlan as error:
        return await _show(store, settings, client_id, urgency, form, error=str(error))
    return Redirect(f"/clients/{client_id}/ladder?urgency={urgency}&done=saved", status_code=303)


@post("/clients/{client_id:str}/ladder/times", guards=[floor])
async def save_times(
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
    client_id: FromPath[str],
    data: Typed,
) -> Template | Redirect:
    """When ordinary reports go out together, and when people are not to be disturbed."""

    def verb(tx: Tx) -> None:
        client_here(tx, client_id)
        typed = str(data.get("times", "")).replace("、", " ").replace(",", " ").split()
        set_digest(tx, client_id, [parse_minute(one) for one in typed])
        for person in staff_of(tx, client_id):
            for contact in every_contact_of(tx, person.id):
                for urgency in QUIET:
                    name = f"quiet-{urgency}-{contact.id}"
                    if name in data:
                        set_quiet(tx, contact.id, urgency, hours(str(data[name])))

    try:
        await store.write(verb)
    except (ValueError, Unreachable):
        return await _show(
            store,
            settings,
            client_id,
            Urgency.NORMAL,
            error=_("時刻は 09:00、静かな時間は 22:00-07:00 のように入れてください。"),
        )
    return Redirect(f"/clients/{client_id}/ladder?done=times#times", status_code=303)


def hours(text: str) -> tuple[int, int] | None:
    """「22:00-07:00」; None for nothing. Raises `ValueError`."""
    for dash in ("~", "〜", "~", "-", "ー", "—", "–"):
        text = text.replace(dash, "-")
    if not text.strip():
        return None
    begins, _dash, ends = text.partition("-")
    return parse_minute(begins), parse_minute(ends)


async def _show(
    store: Store,
    settings: Settings,
    client_id: str,
    urgency: Urgency,
    form: Form | None = None,
    *,
    done: str = "",
    error: str = "",
) -> Template:
    def verb(tx: Tx) -> dict[str, Any]:
        client = client_here(tx, client_id)
        own = plan_of(tx, client_id, urgency)
        people = staff_of(tx, client_id)
        plan = own or usual(timedelta(minutes=settings.acknowledge_minutes))
        shown = form or form_of(plan)
        why = error
        if form is not None and not error:
            try:
                plan = read_form(form, {person.id for person in people})
            except BadPlan as bad:
                why = str(bad)
        contacts = [(person, every_contact_of(tx, person.id)) for person in people]
        quiet = quiet_of(tx, [one.id for _person, found in contacts for one in found])
        return {
            "client": client,
            "form": shown,
            "rows": [*shown.rows, *(Row() for _blank in range(BLANK))],
            "own": own is not None,
            "steps": _steps(plan, tx.now),
            "plan": plan,
            "names": {person.id: person.name for person in people},
            "people": [("", _("(名前)")), *((person.id, person.name) for person in people)],
            "contacts": [one for one in contacts if one[1]],
            "quiet": {
                (contact, kind): f"{show_minute(begins)}-{show_minute(ends)}"
                for (contact, kind), (begins, ends) in quiet.items()
            },
            "times": " ".join(show_minute(minute) for minute in digest_of(tx, client_id)),
            "error": why,
        }

    said = {"saved": _("保存しました。次の報告から使います。"), "times": _("保存しました")}
    found = await store.read(verb)
    return page(
        "delivery/ladder.html",
        status=422 if found["error"] else 200,
        urgency=urgency,
        urgencies=[
            (Urgency.NORMAL, _("通常")),
            (Urgency.SOON, _("お急ぎ")),
            (Urgency.EMERGENCY, _("緊急")),
        ],
        whom=words.whom_words(),
        channel_words=words.channel_words(),
        channels=channels(),
        quiet_kinds=QUIET,
        trial=form is not None,
        done=said.get(done, ""),
        **found,
    )


def _steps(plan: Plan, now: datetime) -> list[tuple[int, Step | None]]:
    """(minutes after the report, step); None at the end."""
    return [(round((at - now).total_seconds() / 60), step) for at, step in timeline(plan, now)]


routes = [show, save, save_times]
