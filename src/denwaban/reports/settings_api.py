"""A client's report form and rules for programs, and what the rules would do."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, TypeVar

import msgspec
from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.oncall import deadlines_of
from denwaban.people import Changed, client_here, staff_of
from denwaban.reports.form import Form
from denwaban.reports.pages.common import FLOOR
from denwaban.reports.rules import CallerKind, Case, Rules, UrgencyName, decide, due
from denwaban.reports.settings import (
    KeptForm,
    KeptRules,
    NotUsable,
    form_of,
    rules_of,
    set_form,
    set_rules,
)
from denwaban.store import Store, Tx
from denwaban.web.api import NO_NULL, IdText, LongText, refused

T = TypeVar("T")

Label = Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NULL)]


class FormOut(msgspec.Struct):
    """The form on which a client's reports are written. `version` 0: the usual form."""

    version: int
    form: Form
    changed_at: datetime | None


class FormIn(msgspec.Struct, forbid_unknown_fields=True):
    """A whole form. `seen`: the version it was made from; 409 when there is a newer one."""

    form: Form
    seen: Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class RulesOut(msgspec.Struct):
    """The rules that find who gets a report; the first that fits decides. `version` 0: none yet."""

    version: int
    rules: Rules
    changed_at: datetime | None


class RulesIn(msgspec.Struct, forbid_unknown_fields=True):
    """All rules. `seen`: the version they were made from; 409 when there is a newer one."""

    rules: Rules
    seen: Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class CaseIn(msgspec.Struct, forbid_unknown_fields=True):
    """A call as it may come."""

    text: LongText = ""
    """What the caller says."""
    topics: Annotated[list[Label], msgspec.Meta(max_length=20)] = []
    """Branches and answers chosen in the script."""
    urgency: UrgencyName = "normal"
    caller: CallerKind = "unknown"
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """When it comes; now when left out."""


class TriedOut(msgspec.Struct):
    rule: str
    fits: list[str]
    misses: list[str]
    """Why it does not fit, in Japanese; empty for the one that decides."""


class DecisionOut(msgspec.Struct):
    """What the stored rules do with a case. Nothing is sent."""

    rule: str | None
    staff_id: str | None
    """None: whoever takes the client's reports at the time."""
    everyone: bool
    urgency: str
    due_at: datetime | None
    opportunity: list[str]
    tried: list[TriedOut]


def _form(kept: KeptForm) -> FormOut:
    return FormOut(kept.version, kept.form, kept.changed_at)


def _rules(kept: KeptRules) -> RulesOut:
    return RulesOut(kept.version, kept.rules, kept.changed_at)


def _of(client_id: str, verb: Callable[[Tx], T]) -> Callable[[Tx], T]:
    """The verb for a client that is there; 404 when it is not."""

    def checked(tx: Tx) -> T:
        client_here(tx, client_id)
        return verb(tx)

    return checked


async def _change(store: Store, client_id: str, verb: Callable[[Tx], T]) -> T:
    try:
        return await store.write(_of(client_id, verb))
    except Changed as error:
        raise refused("seen", error.message, 409) from error
    except NotUsable as error:
        field, told = next(iter(error.faults.items()))
        raise refused(field, str(told)) from error


@get("/clients/{client_id:str}/report-form", guards=[FLOOR], tags=["reports"])
async def read_form(client_id: FromPath[IdText], store: NamedDependency[Store]) -> FormOut:
    """The form as it is now. Every report keeps the one that it was written on."""
    return _form(await store.read(_of(client_id, lambda tx: form_of(tx, client_id))))


@put("/clients/{client_id:str}/report-form", guards=[FLOOR], tags=["reports"])
async def replace_form(
    client_id: FromPath[IdText],
    data: JSONBody[FormIn],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
) -> FormOut:
    """Replaces the form. Who, what for, what was done, call back, by when, urgency, tone and the number always stay; their
    order and labels are free. Idempotent."""
    verb = partial(
        set_form, client_id=client_id, form=data.form, user_id=who.user_id, seen=data.seen
    )
    return _form(await _change(store, client_id, verb))


@get("/clients/{client_id:str}/report-rules", guards=[FLOOR], tags=["reports"])
async def read_rules(client_id: FromPath[IdText], store: NamedDependency[Store]) -> RulesOut:
    """The rules in their order, and the words of opportunity (null: the usual ones)."""
    return _rules(await store.read(_of(client_id, lambda tx: rules_of(tx, client_id))))


@put("/clients/{client_id:str}/report-rules", guards=[FLOOR], tags=["reports"])
async def replace_rules(
    client_id: FromPath[IdText],
    data: JSONBody[RulesIn],
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
) -> RulesOut:
    """Replaces all rules. Idempotent."""
    verb = partial(
        set_rules, client_id=client_id, rules=data.rules, user_id=who.user_id, seen=data.seen
    )
    return _rules(await _change(store, client_id, verb))


@post(
    "/clients/{client_id:str}/report-rules/try", guards=[FLOOR], tags=["reports"], status_code=200
)
async def try_rules(
    client_id: FromPath[IdText], data: JSONBody[CaseIn], store: NamedDependency[Store]
) -> DecisionOut:
    """Which of the stored rules decides about a case, and why the ones before it do not."""

    def ask(tx: Tx) -> DecisionOut:
        at = data.at or tx.now
        if not 1970 <= at.year <= 9000:
            raise refused("at", "a moment between 1970 and 9000")
        case = Case(
            (data.text,),
            tuple(data.topics),
            data.urgency,
            at,
            known=data.caller in ("known", "regular"),
            regular=data.caller == "regular",
        )
        roster = [one.id for one in staff_of(tx, client_id)]
        found = decide(rules_of(tx, client_id).rules, case, roster)
        rule = found.rule
        return DecisionOut(
            rule.name if rule else None,
            (rule.staff_id or None) if rule else None,
            rule.everyone if rule else False,
            found.urgency,
            due(found, at, deadlines=deadlines_of(tx, client_id)),
            list(found.chances),
            [
                TriedOut(one.rule.name, [str(w) for w in one.fits], [str(w) for w in one.misses])
                for one in found.tried
            ],
        )

    return await store.read(_of(client_id, ask))


routes = [read_form, replace_form, read_rules, replace_rules, try_rules]
