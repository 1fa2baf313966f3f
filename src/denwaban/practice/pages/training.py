"""練習モード: choosing a script, walking it, the sheet, and what was practised before."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.console import Lack, sentence
from denwaban.people import Operator, operator, operator_of_user, operators
from denwaban.practice import training
from denwaban.practice.acts import Practice
from denwaban.practice.model import PracticeError
from denwaban.practice.pages.walking import Room, Walking, offers, room_of, shown
from denwaban.practice.rehearsal import run_of
from denwaban.practice.score import Mark
from denwaban.practice.training import NoSuchSheet, Sheet
from denwaban.practice.trying import ring_walk
from denwaban.scripts import (
    NoSuchScript,
    NoSuchWay,
    document_of,
    rehearsal,
    script_listed,
    script_of_version,
    scripts_page,
)
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, page

OPERATORS = needs(Role.OPERATOR)
INSIDE = needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)

SHOWN_SCRIPTS = 200


class Begin(msgspec.Struct):
    version: str = ""


def _not_here() -> Problem:
    return Problem(404, _("この練習は見つかりません"), _("一覧から選び直してください。"))


async def _me(store: Store, who: Principal) -> Operator:
    found = await store.read(lambda tx: operator_of_user(tx, who.user_id))
    if found is None or found.left_at is not None:
        raise Problem(
            404,
            _("受電席がありません"),
            _("運用管理の担当者に、オペレーターの登録を頼んでください。"),
        )
    return found


@get("/practice/scripts", guards=[INSIDE])
async def choose(
    store: NamedDependency[Store],
    who: NamedDependency[Principal],
    clock: NamedDependency[Clock],
    operator_id: FromQuery[str] = "",
    q: FromQuery[str] = "",
) -> Template:
    """The scripts that calls follow now, and the practices before: an operator's own; supervisors see everybody's."""

    def look(tx: Tx) -> dict[str, Any]:
        me = operator_of_user(tx, who.user_id)
        own = me.id if me and me.left_at is None else ""
        whose = own if who.role is Role.OPERATOR else operator_id
        found = training.sheets(tx, whose or None) if whose or who.role is not Role.OPERATOR else []
        return {
            "own": own,
            "whose": whose,
            "scripts": [
                one
                for one in scripts_page(tx, search=q.strip()[:100], limit=SHOWN_SCRIPTS)
                if one.version_id is not None
            ]
            if own
            else [],
            "unscored": training.unscored(tx, own) if own else [],
            "sheets": found,
            "operators": [] if who.role is Role.OPERATOR else operators(tx),
        }

    seen = await store.read(look)
    return page("practice/training.html", now=clock.now(), q=q, **seen)


@post("/practice/sheets", guards=[OPERATORS])
async def begin(
    data: URLEncodedBody[Begin],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Begins a practice."""
    me = await _me(store, who)
    try:
        made = await store.write(lambda tx: training.begin(tx, me.id, data.version))
    except NoSuchScript as error:
        raise _not_here() from error
    return Redirect(f"/practice/sheets/{made}", status_code=303)


@post("/practice/calls/{call_id:str}/sheet", guards=[OPERATORS])
async def score_call(
    call_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Redirect:
    """The sheet of a practice call that the operator took."""
    me = await _me(store, who)
    try:
        made = await store.write(lambda tx: training.of_call(tx, me.id, call_id))
    except NoSuchSheet as error:
        raise _not_here() from error
    return Redirect(f"/practice/sheets/{made}", status_code=303)


@post("/practice/scripts/{version_id:str}/call", guards=[OPERATORS])
async def ring(
    version_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    practice: NamedDependency[Practice],
    clock: NamedDependency[Clock],
) -> Redirect:
    """A practice call on a script that calls follow now: the caller follows one of its examples, or a walk through it,
    another one each time."""
    me = await _me(store, who)

    def look(tx: Tx) -> tuple[Room, int]:
        script_id, client_id, name = script_of_version(tx, version_id)
        listed = script_listed(tx, script_id)
        if listed is None or listed.version_id != version_id:
            raise NoSuchScript(version_id)
        number = listed.version or 0
        room = room_of(
            tx, client_id, document_of(tx, version_id)[0], name, number, text_id=version_id
        )
        return room, training.practised(tx, me.id, version_id)

    try:
        room, before = await store.read(look)
    except NoSuchScript as error:
        raise _not_here() from error
    examples, walks = offers(room, clock.now())
    among = [one for one in examples if not one.failures] or walks
    one = among[before % len(among)]
    try:
        await ring_walk(
            store, practice, room.client, room.script, one, version_id, room.title, me.id
        )
    except PracticeError as error:
        raise Problem(409, _("練習コールをかけられませんでした"), str(error)) from error
    return Redirect("/practice", status_code=303)


def _mine(tx: Tx, who: Principal, sheet_id: str) -> Sheet:
    """The sheet, if this person may see it. Raises `NoSuchSheet`."""
    sheet = training.sheet_of(tx, sheet_id)
    if who.role is Role.OPERATOR:
        me = operator_of_user(tx, who.user_id)
        if me is None or me.id != sheet.operator_id:
            raise NoSuchSheet(sheet_id)
    return sheet


def _room(tx: Tx, sheet: Sheet) -> Room:
    script = document_of(tx, sheet.version_id)[0]
    me = operator(tx, sheet.operator_id)
    free = me is not None and me.experienced
    return room_of(tx, sheet.client_id, script, sheet.script, 0, kind="practice", experienced=free)


@get("/practice/sheets/{sheet_id:str}", guards=[INSIDE])
async def show(
    sheet_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    """The sheet; while the practice goes on, for its operator, the screen of the practice."""
    try:
        sheet = await store.read(lambda tx: _mine(tx, who, sheet_id))
    except NoSuchSheet as error:
        raise _not_here() from error
    if sheet.score is not None:
        return page(
            "practice/sheet.html",
            sheet=sheet,
            score=sheet.score,
            told=[(mark, told(mark)) for mark in sheet.score.marks],
            now=clock.now(),
        )
    if who.role is not Role.OPERATOR:
        raise _not_here()
    room = await store.read(lambda tx: _room(tx, sheet))
    choices = rehearsal.choices_of(sheet.path)
    run = run_of(room.script, sheet.path, {}, sheet.client_id)
    return page(
        "practice/rehearsal.html",
        sheet=sheet,
        examples=[],
        walks=[],
        words={"away": _("サーバーにつながりません。つながり次第、もう一度お試しください")},
        **shown(room, run, Walking(choices=choices), clock.now()),
    )


@post("/practice/sheets/{sheet_id:str}", guards=[OPERATORS], status_code=200, opt={"quiet": True})
async def step(
    sheet_id: FromPath[str],
    data: JSONBody[Walking],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    """A step of the practice. Its moment is kept, what was typed is not."""

    def act(tx: Tx) -> tuple[Room, Any]:
        sheet = _mine(tx, who, sheet_id)
        room = _room(tx, sheet)
        return room, training.stepped(tx, sheet, room.script, data.choices, data.answers)

    try:
        room, run = await store.write(act)
    except (NoSuchSheet, NoSuchWay) as error:
        raise _not_here() from error
    return page(
        "practice/walking.html", examples=[], walks=[], **shown(room, run, data, clock.now())
    )


@post("/practice/sheets/{sheet_id:str}/finish", guards=[OPERATORS], opt={"quiet": True})
async def finish(
    sheet_id: FromPath[str],
    data: JSONBody[Walking],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Response[Any]:
    """Ends the practice and scores it. 201 {sheet}."""

    def act(tx: Tx) -> None:
        sheet = _mine(tx, who, sheet_id)
        script = document_of(tx, sheet.version_id)[0]
        training.finish(tx, sheet, script, data.choices, data.answers)

    try:
        await store.write(act)
    except (NoSuchSheet, NoSuchWay) as error:
        raise _not_here() from error
    return Response({"sheet": sheet_id}, status_code=201, headers={"Cache-Control": "no-store"})


def told(mark: Mark) -> str:
    """A line of the sheet, kindly."""
    label = mark.label
    match mark.kind, mark.good:
        case "end", True:
            return _("結びまで進めました")
        case "end", False:
            return _("結びまで、あと少しでした")
        case "mandatory", True:
            return _("「%(label)s」を伺えました", label=label)
        case "mandatory", False:
            return _("「%(label)s」は、次は忘れずに伺いましょう", label=label)
        case "must_say", True:
            return _("「%(label)s」をお伝えしました", label=label)
        case "must_say", False:
            return _("「%(label)s」を、次はお伝えしましょう", label=label)
        case "forbidden", True:
            return _("「%(label)s」を使わずに応対できました", label=label)
        case "forbidden", False:
            return _("「%(label)s」は、別の言い方にしましょう", label=label)
        case "order", True:
            return _("台本の順に伺えました")
        case "order", False:
            if not label:
                return _("順番どおりに進むと、聞きもらしが減ります")
            return _("「%(label)s」は、その場面のうちに伺うと安心です", label=label)
        case "report", True:
            return _("報告は、このまま送れます")
        case _report:
            if label in ("callback", "moment"):
                return sentence(Lack("", label))
            return label or _("報告に、足りない項目があります")


routes = [choose, begin, ring, score_call, show, step, finish]
