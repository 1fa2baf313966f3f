"""What an operator can do: a table on the operator's page, and a CSV file for many."""

from functools import partial
from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.people.acts.skills import set_skill, skills_of, trades
from denwaban.people.here import operator_here
from denwaban.people.importing import look_at
from denwaban.people.model import OperatorSkill, PeopleError, SkillKind
from denwaban.people.pages.common import SUPERVISORS, told
from denwaban.people.pages.taking_over import NOTHING_YET, FileForm, taken_over
from denwaban.people.queries import client_by_code, clients_by_ids
from denwaban.people.skill_file import SKILL_COLUMNS, import_skills, read_skills
from denwaban.store import Store, Tx
from denwaban.web import _, page, saved

LEVELS = range(1, 6)


class SkillForm(msgspec.Struct):
    kind: str = "client"
    key: str = ""
    level: str = "2"


def kind_names() -> dict[str, str]:
    """What a skill is about, in words."""
    return {
        SkillKind.CLIENT: _("顧客企業"),
        SkillKind.TRADE: _("業種"),
        SkillKind.MATTER: _("用件"),
    }


def shown_skills(tx: Tx, operator_id: str) -> list[tuple[OperatorSkill, str]]:
    """An operator's skills, each with what it is about in words."""
    found = skills_of(tx, operator_id)
    names = clients_by_ids(tx, [one.key for one in found if one.kind is SkillKind.CLIENT])
    return [(one, names[one.key].name if one.key in names else one.key) for one in found]


async def _page(store: Store, operator_id: str, status: int = 200, **more: Any) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        return {
            "operator": operator_here(tx, operator_id),
            "skills": shown_skills(tx, operator_id),
            "trades": trades(tx),
        }

    context: dict[str, Any] = {
        **await store.read(look),
        "kinds": kind_names(),
        "levels": LEVELS,
        "form": SkillForm(),
        "errors": {},
        **more,
    }
    return page("people/skills.html", status=status, **context)


@get("/operators/{operator_id:str}/skills", guards=[SUPERVISORS])
async def show_skills(operator_id: FromPath[str], store: NamedDependency[Store]) -> Template:
    return await _page(store, operator_id)


@post("/operators/{operator_id:str}/skills", guards=[SUPERVISORS])
async def post_skill(
    operator_id: FromPath[str], data: URLEncodedBody[SkillForm], store: NamedDependency[Store]
) -> Template | Redirect:
    """Learns something, or forgets it (level 0)."""

    def change(tx: Tx) -> None:
        operator_here(tx, operator_id)
        try:
            kind, level = SkillKind(data.kind), int(data.level)
        except ValueError as error:
            raise PeopleError("段階を選び直してください", "level") from error
        key = data.key.strip()
        if kind is SkillKind.CLIENT and (known := client_by_code(tx, key)) is not None:
            key = known.id
        set_skill(tx, operator_id, kind, key, level)

    try:
        await store.write(change)
    except PeopleError as error:
        return await _page(store, operator_id, 422, form=data, errors=told(error))
    return saved(f"/operators/{operator_id}/skills")


def _import_page(status: int, shown: dict[str, Any]) -> Template:
    return page("people/skills_import.html", status=status, columns=SKILL_COLUMNS, **shown)


@get("/operators/skills/import", guards=[SUPERVISORS])
async def show_skill_import() -> Template:
    return _import_page(200, NOTHING_YET)


@post("/operators/skills/import", guards=[SUPERVISORS])
async def post_skill_import(
    data: MultipartBody[FileForm], store: NamedDependency[Store]
) -> Template:
    """Looks at a file; with `sure` takes it over."""
    status, shown = await taken_over(
        data,
        read_skills,
        look=lambda lines: store.write(lambda tx: look_at(tx, partial(import_skills, tx, lines))),
        take=lambda lines: store.write(lambda tx: import_skills(tx, lines)),
    )
    return _import_page(status, shown)


routes = [show_skills, post_skill, show_skill_import, post_skill_import]
