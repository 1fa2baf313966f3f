"""Suspected leaks for supervisors and administrators: opening a case, its steps and dates, closing it."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy import select

from denwaban.access import Principal, Role
from denwaban.access.rows import users
from denwaban.clock import JST
from denwaban.disclosure.law import Facts, What, reported
from denwaban.disclosure.leaks import (
    LONGEST,
    Case,
    NoSuchCase,
    case_of,
    cases,
    close,
    done,
    open_case,
    revise,
)
from denwaban.disclosure.words import STEPS
from denwaban.people import PeopleError, client_by_code
from denwaban.store import Store, Tx
from denwaban.texts import N_
from denwaban.web import _, needs, not_here, page

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
ADMINISTRATOR = needs(Role.ADMINISTRATOR)

SAID = {
    "opened": N_("漏えいの疑いとして起票しました。期限が近づくと、フロアの画面でも知らせます。"),
    "revised": N_("わかったことを直し、終わっていないことの期限を数え直しました。"),
    "done": N_("済みにしました。"),
    "closed": N_("この件を終えました。"),
}


class FactsForm(msgspec.Struct):
    known_at: str = ""
    wrongful: bool = False
    sensitive: bool = False
    property: bool = False
    people: str = ""

    def facts(self) -> Facts:
        """Raises `PeopleError`."""
        try:
            known = datetime.fromisoformat(self.known_at)
        except ValueError as error:
            raise PeopleError("日時を入れてください", "known_at") from error
        people = self.people.strip()
        if people and not (people.isascii() and people.isdecimal()):
            raise PeopleError("人数を確かめてください", "people")
        return Facts(
            known.replace(tzinfo=JST) if known.tzinfo is None else known,
            self.wrongful,
            self.sensitive,
            self.property,
            int(people[:12]) if people else None,
        )


class NewForm(FactsForm):
    client: str = ""
    what: str = ""


class NoteForm(msgspec.Struct):
    note: str = ""


def _form_of(facts: Facts) -> FactsForm:
    return FactsForm(
        f"{facts.known_at.astimezone(JST):%Y-%m-%dT%H:%M}",
        facts.wrongful,
        facts.sensitive,
        facts.property,
        "" if facts.people is None else str(facts.people),
    )


def step_words() -> dict[What, str]:
    return {what: _(text) for what, text in STEPS.items()}


@get("/leaks", guards=[FLOOR])
async def show_cases(store: NamedDependency[Store]) -> Template:
    """All cases, open ones first."""
    return await _cases(
        store, NewForm(known_at=f"{store.clock.now().astimezone(JST):%Y-%m-%dT%H:%M}")
    )


async def _cases(store: Store, form: NewForm, status: int = 200, **errors: str) -> Template:
    found = await store.read(cases)
    return page(
        "disclosure/leaks.html",
        status=status,
        cases=found,
        words=step_words(),
        form=form,
        errors=errors,
        longest=LONGEST,
        now=store.clock.now(),
    )


@post("/leaks", guards=[FLOOR])
async def open_one(
    data: URLEncodedBody[NewForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Opens a case; its clock begins when it became known."""

    def verb(tx: Tx) -> str:
        owner = client_by_code(tx, data.client.strip())
        if owner is None:
            raise PeopleError("その顧客コードの企業はありません", "client")
        return open_case(tx, owner.id, data.what, data.facts(), who.user_id)

    try:
        case_id = await store.write(verb)
    except PeopleError as error:
        return await _cases(store, data, 422, **{error.field: error.tell(_)})
    return Redirect(f"/leaks/{case_id}?said=opened", status_code=303)


async def _case(
    store: Store, case_id: str, status: int = 200, said: str = "", **more: Any
) -> Template:
    def read(tx: Tx) -> tuple[Case, dict[str, str]]:
        found = case_of(tx, case_id)
        if found is None:
            raise not_here()
        ids = {found.opened_by, found.closed_by, *(step.done_by for step in found.steps)} - {None}
        names = tx.all(select(users.c.id, users.c.name).where(users.c.id.in_(ids)))
        return found, {row["id"]: row["name"] for row in names}

    case, names = await store.read(read)
    return page(
        "disclosure/leak.html",
        status=status,
        case=case,
        names=names,
        words=step_words(),
        reported=reported(case.facts),
        said=_(SAID[said]) if said in SAID else "",
        longest=LONGEST,
        now=store.clock.now(),
        **{"form": _form_of(case.facts), "errors": {}, **more},
    )


@get("/leaks/{case_id:str}", guards=[FLOOR])
async def show_case(
    case_id: FromPath[str], store: NamedDependency[Store], said: FromQuery[str] = ""
) -> Template:
    return await _case(store, case_id, said=said)


@post("/leaks/{case_id:str}/facts", guards=[FLOOR])
async def put_facts(
    case_id: FromPath[str],
    data: URLEncodedBody[FactsForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """More is known."""
    try:
        await store.write(lambda tx: revise(tx, case_id, data.facts(), who.user_id))
    except NoSuchCase as error:
        raise not_here() from error
    except PeopleError as error:
        return await _case(store, case_id, 422, form=data, errors={error.field: error.tell(_)})
    return Redirect(f"/leaks/{case_id}?said=revised", status_code=303)


@post("/leaks/{case_id:str}/steps/{what:str}", guards=[FLOOR])
async def put_done(
    case_id: FromPath[str],
    what: FromPath[str],
    data: URLEncodedBody[NoteForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """A step is done."""
    try:
        await store.write(lambda tx: done(tx, case_id, What(what), data.note, who.user_id))
    except (NoSuchCase, ValueError) as error:
        raise not_here() from error
    except PeopleError as error:
        return await _case(store, case_id, 422, errors={error.field: error.tell(_)})
    return Redirect(f"/leaks/{case_id}?said=done", status_code=303)


@post("/leaks/{case_id:str}/close", guards=[ADMINISTRATOR])
async def put_closed(
    case_id: FromPath[str],
    data: URLEncodedBody[NoteForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """The case is over."""
    try:
        await store.write(lambda tx: close(tx, case_id, data.note, who.user_id))
    except NoSuchCase as error:
        raise not_here() from error
    except PeopleError as error:
        return await _case(store, case_id, 422, errors={error.field: error.tell(_)})
    return Redirect(f"/leaks/{case_id}?said=closed", status_code=303)


routes = [show_cases, open_one, show_case, put_facts, put_done, put_closed]
