"""What the pages of persons share."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.lines import show_number
from denwaban.memory.queries import past_of, promises_to
from denwaban.people import PeopleError, client
from denwaban.people.persons import (
    By,
    Person,
    Way,
    WayKind,
    acts_of,
    find_persons,
    given_calls,
    old_names,
    person,
    twins,
    ways_of,
    ways_of_each,
)
from denwaban.store import Store, Tx
from denwaban.web import _, needs, not_here, page

INSIDE = [needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)]

SHOWN_CALLS = 20
SHOWN_FOUND = 8

Text = Annotated[str, msgspec.Meta(max_length=100)]
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{0,32}$")]


def by(who: Principal) -> By:
    """Who does it, as the history keeps it."""
    return By(who.user_id, who.name)


def way_words(way: Way) -> str:
    """A number or address as people write it."""
    return show_number(way.value) if way.kind is WayKind.PHONE else way.value


def person_words(one: Person, ways: list[Way]) -> str:
    """What a person is called, else what they are reached by."""
    return one.shown or next(map(way_words, ways), _("お名前は伺っていません"))


def outcome_words() -> dict[str, str]:
    """How a call without a report ended."""
    return {
        "": _("通話中"),
        "answered": _("報告なし"),
        "abandoned": _("お待ちの間に切れました"),
        "blocked": _("話中でつながらず"),
        "out_of_hours": _("時間外"),
        "message": _("伝言あり"),
        "lost": _("途中で切れました"),
        "refused": _("未登録の番号"),
    }


def status_words() -> dict[str, str]:
    return {"done": _("完了"), "callback": _("要折り返し"), "checking": _("確認中")}


async def card_page(
    store: Store,
    person_id: str,
    *,
    status: int = 200,
    done: str = "",
    errors: dict[str, str] | None = None,
    sought: str = "",
    form: dict[str, str] | None = None,
) -> Template | Redirect:
    """One person; whoever was joined into another is shown as that one. 404 for nobody."""

    def look(tx: Tx) -> dict[str, Any] | str:
        one = person(tx, person_id)
        if one is None:
            raise not_here()
        if one.into_id is not None:
            return one.into_id
        owner = client(tx, one.client_id)
        alike = [pair[1] for pair in twins(tx, [one.id])]
        found = find_persons(tx, sought, one.client_id, SHOWN_FOUND + 1) if sought else []
        others = [other for other in found if other.id != one.id][:SHOWN_FOUND]
        past = past_of(tx, one)
        return {
            "person": one,
            "client": owner,
            "ways": ways_of(tx, one.id),
            "given": set(given_calls(tx, one.id)),
            "names": old_names(tx, one.id),
            "past": past[:SHOWN_CALLS],
            "times": len(past),
            "promises": promises_to(tx, one),
            "acts": acts_of(tx, one.id),
            "alike": alike,
            "others": others,
            "their_ways": ways_of_each(tx, [other.id for other in (*alike, *others)]),
            "now": tx.now,
        }

    seen = await store.read(look)
    if isinstance(seen, str):
        return Redirect(f"/persons/{seen}", status_code=303)
    known: Person = seen["person"]
    return page(
        "memory/person.html",
        status=status,
        done=done,
        errors=errors or {},
        sought=sought,
        form=form or {"name": known.name, "kana": known.kana, "company": known.company},
        way_words=way_words,
        person_words=person_words,
        outcomes=outcome_words(),
        statuses=status_words(),
        show_number=show_number,
        **seen,
    )


async def changed(
    store: Store,
    person_id: str,
    verb: Callable[[Tx], object],
    done: str,
    form: dict[str, str] | None = None,
) -> Template | Redirect:
    """Writes, then shows the person anew; what is refused is told on the page."""
    try:
        await store.write(verb)
    except LookupError as error:
        raise not_here() from error
    except PeopleError as error:
        told = {error.field or "name": error.tell(_)}
        return await card_page(store, person_id, status=409, errors=told, form=form)
    return Redirect(f"/persons/{person_id}?done={done}", status_code=303)
