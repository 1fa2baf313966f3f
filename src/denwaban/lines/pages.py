"""A client's numbers, plan and line limits, for administrators."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Role
from denwaban.clock import JST, Clock
from denwaban.lines.acts import (
    LinesError,
    add_number,
    limits_of,
    numbers_of,
    plan_of,
    remove_limit,
    remove_number,
    set_limit,
    set_plan,
)
from denwaban.lines.importing import (
    COLUMNS,
    NotTaken,
    RowFault,
    import_numbers,
    read_numbers,
)
from denwaban.lines.model import HOLIDAY, Mode, PlanWindow, limit_at, window_at
from denwaban.lines.number import show_number
from denwaban.people import client
from denwaban.people.csvfile import UnreadableFile
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, page

ADMINISTRATOR = needs(Role.ADMINISTRATOR)
MOST_WINDOWS = 50


class NumberForm(msgspec.Struct):
    number: str = ""
    label: str = ""


class LimitForm(msgspec.Struct):
    lines: str = ""
    effective_from: str = ""


class ImportForm(msgspec.Struct):
    file: UploadFile | None = None


def day_names() -> list[tuple[int, str]]:
    """The bits of a window's days, in words."""
    names = (_("月"), _("火"), _("水"), _("木"), _("金"), _("土"), _("日"))
    return [*((1 << n, name) for n, name in enumerate(names)), (HOLIDAY, _("祝"))]


def modes() -> list[tuple[str, str]]:
    """What is done with calls, in words."""
    return [
        (Mode.FULL, _("通常受付")),
        (Mode.FIRST_RESPONSE, _("一次受付のみ")),
        (Mode.CLOSED, _("時間外(案内を流す)")),
    ]


def clock_text(minute: int) -> str:
    """540 → 09:00; beyond a day as the clock shows it."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


async def _page(
    store: Store, clock: Clock, client_id: str, status: int = 200, **more: Any
) -> Template:
    def read(tx: Tx) -> dict[str, Any] | None:
        found = client(tx, client_id)
        if found is None:
            return None
        return {
            "client": found,
            "numbers": numbers_of(tx, client_id),
            "windows": plan_of(tx, client_id),
            "limits": limits_of(tx, client_id),
        }

    context = await store.read(read)
    if context is None:
        raise Problem(404, _("見つかりませんでした"))
    now = clock.now()
    return page(
        "lines/lines.html",
        status=status,
        **{
            **context,
            "now_window": window_at(context["windows"], now),
            "now_limit": limit_at(context["limits"], now),
            "now": now,
            "today": now.astimezone(JST).date(),
            "days": day_names(),
            "modes": modes(),
            "show_number": show_number,
            "clock_text": clock_text,
            "number_form": NumberForm(),
            "limit_form": LimitForm(),
            "errors": {},
            "plan_errors": (),
            "saved": False,
            **more,
        },
    )


def _back(client_id: str) -> Redirect:
    return Redirect(f"/clients/{client_id}/lines", status_code=303)


@get("/clients/{client_id:str}/lines", guards=[ADMINISTRATOR])
async def show_lines(
    client_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    return await _page(store, clock, client_id)


@post("/clients/{client_id:str}/lines/numbers", guards=[ADMINISTRATOR])
async def post_number(
    client_id: FromPath[str],
    data: URLEncodedBody[NumberForm],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    try:
        await store.write(lambda tx: add_number(tx, _own(tx, client_id), data.number, data.label))
    except LinesError as error:
        told = {"number": _told(error)}
        return await _page(store, clock, client_id, 422, number_form=data, errors=told)
    return _back(client_id)


@post("/clients/{client_id:str}/lines/numbers/{number_id:str}/remove", guards=[ADMINISTRATOR])
async def post_remove_number(
    client_id: FromPath[str], number_id: FromPath[str], store: NamedDependency[Store]
) -> Redirect:
    await store.write(lambda tx: remove_number(tx, client_id, number_id))
    return _back(client_id)


@post("/clients/{client_id:str}/lines/plan", guards=[ADMINISTRATOR])
async def post_plan(
    client_id: FromPath[str],
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    """Saves the whole plan as the form has it: rows without a name are left out."""
    form = await request.form()
    windows, wrong = windows_of({key: value for key, value in form.items() if isinstance(value, str)}, form.getall("days", []))  # fmt: skip
    if not wrong:
        try:
            await store.write(lambda tx: set_plan(tx, _own(tx, client_id), windows))
        except LinesError as error:
            wrong = [_(sentence) for sentence in error.sentences]
    if wrong:
        return await _page(store, clock, client_id, 422, windows=windows, plan_errors=wrong)
    return _back(client_id)


@post("/clients/{client_id:str}/lines/limits", guards=[ADMINISTRATOR])
async def post_limit(
    client_id: FromPath[str],
    data: URLEncodedBody[LimitForm],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    errors = {}
    try:
        begins = date.fromisoformat(data.effective_from)
    except ValueError:
        errors["effective_from"] = _("適用日を選んでください")
    if not (data.lines.isascii() and data.lines.isdigit()):
        errors["lines"] = _("回線数を数字で入れてください")
    if not errors:
        try:
            lines = int(data.lines[:6])
            await store.write(lambda tx: set_limit(tx, _own(tx, client_id), lines, begins))
            return _back(client_id)
        except LinesError as error:
            errors["lines"] = _told(error)
    return await _page(store, clock, client_id, 422, limit_form=data, errors=errors)


@post("/clients/{client_id:str}/lines/limits/{begins:date}/remove", guards=[ADMINISTRATOR])
async def post_remove_limit(
    client_id: FromPath[str], begins: FromPath[date], store: NamedDependency[Store]
) -> Redirect:
    await store.write(lambda tx: remove_limit(tx, client_id, begins))
    return _back(client_id)


@get("/numbers/import", guards=[ADMINISTRATOR])
async def show_import() -> Template:
    return _import_page()


@post("/numbers/import", guards=[ADMINISTRATOR])
async def post_import(data: MultipartBody[ImportForm], store: NamedDependency[Store]) -> Template:
    """Takes a file over, or says for every row what is wrong and takes nothing."""
    try:
        lines = read_numbers(await data.file.read() if data.file is not None else b"")
        done = await store.write(lambda tx: import_numbers(tx, lines))
    except UnreadableFile as error:
        return _import_page(422, error=error.tell(_))
    except NotTaken as refused:
        return _import_page(422, faults=refused.result.faults)
    return _import_page(done=done)


def _import_page(
    status: int = 200, *, faults: list[RowFault] | None = None, **more: Any
) -> Template:
    context: dict[str, Any] = {"done": None, "error": "", "columns": COLUMNS, **more}
    return page("lines/import.html", status=status, faults=faults or [], **context)


def windows_of(fields: Mapping[str, str], ticked: list[str]) -> tuple[list[PlanWindow], list[str]]:
    """The plan in a form, by position, and what cannot be read of it.

    Row n has `name-n`, `opens-n` and `closes-n` (HH:MM; not later than `opens` means the next day), `mode-n`, `message-n`,
    `script-n`, `position-n`; its days are the values `n:bit` of `days`. Rows without a name are left out.
    """
    found: list[tuple[float, int, PlanWindow]] = []
    wrong = []
    for n in range(MOST_WINDOWS):
        name = fields.get(f"name-{n}", "").strip()
        if not name:
            continue
        opens, closes = (
            _minute(fields.get(f"opens-{n}", "")),
            _minute(fields.get(f"closes-{n}", "")),
        )
        if opens is None or closes is None:
            wrong.append(_("「%(name)s」の時刻は 09:00 のように入れてください", name=name))
            opens, closes = opens or 0, closes or 0
        bits = sum({int(v.partition(":")[2]) for v in ticked if v in _bits_of(n)})
        mode = fields.get(f"mode-{n}", "")
        window = PlanWindow(
            name=name,
            days=bits,
            opens=opens,
            closes=closes if closes > opens else closes + 1440,
            mode=Mode(mode) if mode in list(Mode) else Mode.FULL,
            script_id=fields.get(f"script-{n}") or None,
            message=fields.get(f"message-{n}", ""),
        )
        place = fields.get(f"position-{n}", "")
        found.append((float(place) if place.isdecimal() and len(place) < 6 else n + 1, n, window))
    return [window for _place, _row, window in sorted(found, key=lambda item: item[:2])], wrong


def _bits_of(row: int) -> set[str]:
    return {f"{row}:{1 << n}" for n in range(8)}


def _minute(text: str) -> int | None:
    try:
        at = datetime.strptime(text.strip(), "%H:%M")  # noqa: DTZ007 - a time of day
    except ValueError:
        return None
    return at.hour * 60 + at.minute


def _own(tx: Tx, client_id: str) -> str:
    if client(tx, client_id) is None:
        raise Problem(404, _("見つかりませんでした"))
    return client_id


def _told(error: LinesError) -> str:
    return " ".join(_(sentence) for sentence in error.sentences)


routes = [
    show_lines,
    post_number,
    post_remove_number,
    post_plan,
    post_limit,
    post_remove_limit,
    show_import,
    post_import,
]
