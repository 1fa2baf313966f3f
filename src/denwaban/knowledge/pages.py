"""The FAQ on the page: of any client for supervisors and administrators, of their own for a client's staff.

The same handlers stand under both addresses; a `Desk` says whose entries they are about.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock, japan_day
from denwaban.knowledge.acts import NoSuchFaq, add_faq, change_faq, remove_faq, restore_faq
from denwaban.knowledge.importing import (
    COLUMNS,
    MOST,
    day,
    import_faqs,
    look_at,
    read_faqs,
    written,
)
from denwaban.knowledge.model import LABELS, LONGEST, Author, Bound, Content, Faq
from denwaban.knowledge.queries import changes_of, faq, faqs_page
from denwaban.people import Changed, PeopleError, client
from denwaban.people.csvfile import UnreadableFile, decode
from denwaban.people.importing import Imported, NotImported
from denwaban.store import Store, Tx
from denwaban.store.search import weigh
from denwaban.store.words import query
from denwaban.web import MenuEntry, Problem, _, needs, not_here, page

AT_ONCE = 100
SHOWN = 20
"""So many rows of a file are shown before they are taken over."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose entries, where their pages are, and who is there."""

    client_id: str
    base: str
    own: bool
    """The reader is of that client's staff."""
    who: Principal
    store: Store

    @property
    def author(self) -> Author:
        return Author(self.who.user_id, self.who.name)


def any_clients(
    client_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Desk:
    return Desk(client_id, f"/clients/{client_id}/faqs", False, who, store)


def their_own(who: NamedDependency[Principal], store: NamedDependency[Store]) -> Desk:
    if who.client_id is None:
        raise Problem(403, _("この画面を使う権限がありません"))
    return Desk(who.client_id, "/portal/faqs", True, who, store)


class FaqForm(msgspec.Struct):
    question: str = ""
    answer: str = ""
    wordings: str = ""
    bound: Bound = Bound.EXPLAIN
    restricted: bool = False
    valid_from: str = ""
    valid_until: str = ""
    seen: str = ""

    def content(self) -> Content:
        """Raises `PeopleError`."""
        return Content(
            self.question,
            self.answer,
            self.wordings,
            self.bound,
            self.restricted,
            day(self.valid_from, "valid_from"),
            day(self.valid_until, "valid_until"),
        )


class ImportForm(msgspec.Struct):
    file: UploadFile | None = None
    text: str = ""
    """The file as it was read, once it has been looked at."""
    sure: bool = False


def _form_of(entry: Faq) -> FaqForm:
    assert entry.updated_at is not None
    return FaqForm(
        entry.question,
        entry.answer,
        entry.wordings,
        entry.bound,
        entry.restricted,
        entry.valid_from.isoformat() if entry.valid_from else "",
        entry.valid_until.isoformat() if entry.valid_until else "",
        entry.updated_at.isoformat(),
    )


def bound_words() -> dict[str, str]:
    return {
        Bound.EXPLAIN: _("説明: この答えで説明する"),
        Bound.TAKE: _("受止: 説明せず、受け止めて担当へつなぐ"),
        Bound.DECIDE: _("判断: この答えの範囲で、判断まで伝える"),
    }


def what_words() -> dict[str, str]:
    return {
        "added": _("追加"),
        "changed": _("変更"),
        "removed": _("削除"),
        "restored": _("復元"),
    }


def _page(desk: Desk, template: str, status: int = 200, **more: Any) -> Template:
    return page(
        f"knowledge/{template}.html",
        status=status,
        base=desk.base,
        own=desk.own,
        bounds=bound_words(),
        longest=LONGEST,
        **more,
    )


def _owner(tx: Tx, desk: Desk) -> str:
    """The name of the client; 404 when there is none."""
    found = client(tx, desk.client_id)
    if found is None:
        raise not_here()
    return found.name


def _entry(tx: Tx, desk: Desk, faq_id: str) -> Faq:
    """An entry of this client, also one that was removed."""
    found = faq(tx, faq_id)
    if found is None or found.client_id != desk.client_id:
        raise not_here()
    return found


@get("/")
async def show_faqs(
    desk: NamedDependency[Desk],
    clock: NamedDependency[Clock],
    q: FromQuery[Annotated[str, msgspec.Meta(max_length=100)]] = "",
    after: FromQuery[Annotated[str, msgspec.Meta(max_length=32)]] = "",
    gone: FromQuery[Annotated[str, msgspec.Meta(max_length=32)]] = "",
) -> Template:
    """The list; `gone` is the entry that was just removed."""
    words = query(q)

    def read(tx: Tx) -> dict[str, Any]:
        name = _owner(tx, desk)
        if words:
            found = [
                (rank, entry)
                for entry in faqs_page(tx, desk.client_id)
                if (rank := weigh(words, entry.question, entry.answer, entry.wordings)) is not None
            ]
            entries = [entry for _rank, entry in sorted(found, key=lambda pair: pair[0])]
        else:
            entries = faqs_page(tx, desk.client_id, after=after or None, limit=AT_ONCE + 1)
        removed = faq(tx, gone) if gone else None
        if removed is not None and (
            removed.client_id != desk.client_id or removed.removed_at is None
        ):
            removed = None
        return {"client": name, "entries": entries, "removed": removed}

    found = await desk.store.read(read)
    entries: list[Faq] = found.pop("entries")
    return _page(
        desk,
        "faqs",
        entries=entries[:AT_ONCE],
        more=entries[AT_ONCE - 1].id if len(entries) > AT_ONCE and not words else "",
        later=bool(after),
        q=q,
        today=japan_day(clock.now()),
        **found,
    )


@get("/new")
async def new_faq(desk: NamedDependency[Desk]) -> Template:
    name = await desk.store.read(lambda tx: _owner(tx, desk))
    return _page(desk, "new", client=name, form=FaqForm(), errors={})


@post("/")
async def post_faq(
    desk: NamedDependency[Desk], data: URLEncodedBody[FaqForm]
) -> Template | Redirect:
    def add(tx: Tx) -> str:
        _owner(tx, desk)
        return add_faq(tx, desk.client_id, data.content(), desk.author)

    try:
        await desk.store.write(add)
    except PeopleError as error:
        name = await desk.store.read(lambda tx: _owner(tx, desk))
        errors = {error.field: error.tell(_)}
        return _page(desk, "new", 422, client=name, form=data, errors=errors)
    return Redirect(desk.base, status_code=303)


async def _faq_page(desk: Desk, faq_id: str, status: int = 200, **more: Any) -> Template:
    def read(tx: Tx) -> dict[str, Any]:
        return {
            "client": _owner(tx, desk),
            "entry": _entry(tx, desk, faq_id),
            "changes": changes_of(tx, faq_id),
        }

    found = await desk.store.read(read)
    context = {"form": _form_of(found["entry"]), "errors": {}, **found, **more}
    labels = {name: _(text) for name, text in LABELS.items()}
    return _page(desk, "faq", status, labels=labels, whats=what_words(), **context)


@get("/{faq_id:str}")
async def show_faq(desk: NamedDependency[Desk], faq_id: FromPath[str]) -> Template:
    return await _faq_page(desk, faq_id)


@post("/{faq_id:str}")
async def save_faq(
    desk: NamedDependency[Desk], faq_id: FromPath[str], data: URLEncodedBody[FaqForm]
) -> Template | Redirect:
    try:
        seen = datetime.fromisoformat(data.seen)
    except ValueError as error:
        raise Problem(400, _("画面を読み込み直してから、もう一度お試しください")) from error

    def change(tx: Tx) -> None:
        _entry(tx, desk, faq_id)
        change_faq(tx, faq_id, data.content(), desk.author, seen)

    try:
        await desk.store.write(change)
    except NoSuchFaq as error:
        raise not_here() from error
    except PeopleError as error:
        # What was typed stays in the form; the history beside it shows what is stored now.
        status = 409 if isinstance(error, Changed) else 422
        return await _faq_page(desk, faq_id, status, form=data, errors={error.field: error.tell(_)})
    return Redirect(desk.base, status_code=303)


@post("/{faq_id:str}/remove")
async def post_remove(desk: NamedDependency[Desk], faq_id: FromPath[str]) -> Redirect:
    """Takes it away at once; the list then offers to bring it back."""

    def remove(tx: Tx) -> None:
        _entry(tx, desk, faq_id)
        remove_faq(tx, faq_id, desk.author)

    await desk.store.write(remove)
    return Redirect(f"{desk.base}?gone={faq_id}", status_code=303)


@post("/{faq_id:str}/restore")
async def post_restore(desk: NamedDependency[Desk], faq_id: FromPath[str]) -> Redirect:
    def restore(tx: Tx) -> None:
        _entry(tx, desk, faq_id)
        restore_faq(tx, faq_id, desk.author)

    await desk.store.write(restore)
    return Redirect(desk.base, status_code=303)


@get("/export")
async def export(desk: NamedDependency[Desk]) -> Response[bytes]:
    """All entries as CSV with a byte order mark: Excel then reads it as UTF-8."""

    def read(tx: Tx) -> list[Faq]:
        _owner(tx, desk)
        return faqs_page(tx, desk.client_id)

    entries = await desk.store.read(read)
    return Response(
        written(entries).encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="faq.csv"',
            "Cache-Control": "no-store",
        },
    )


async def _import_page(desk: Desk, status: int = 200, **more: Any) -> Template:
    context: dict[str, Any] = {
        "columns": COLUMNS,
        "most": MOST,
        "lines": [],
        "result": None,
        "done": None,
        "text": "",
        "error": "",
        "count": 0,
        "client": await desk.store.read(lambda tx: _owner(tx, desk)),
        **more,
    }
    return _page(desk, "import", status, **context)


@get("/import")
async def show_import(desk: NamedDependency[Desk]) -> Template:
    return await _import_page(desk)


@post("/import", status_code=200)
async def post_import(desk: NamedDependency[Desk], data: MultipartBody[ImportForm]) -> Template:
    """Looks at a file; with `sure` takes it over."""
    try:
        raw = await data.file.read() if data.file is not None else data.text.encode()
        # Kept in the page until somebody says yes; nothing lies about on disk.
        text = decode(raw).removeprefix("\ufeff")
        lines = read_faqs(text.encode())
    except UnreadableFile as error:
        return await _import_page(desk, 422, error=error.tell(_))
    shown: dict[str, Any] = {"text": text, "lines": lines[:SHOWN], "count": len(lines)}
    store, client_id, author = desk.store, desk.client_id, desk.author
    await store.read(lambda tx: _owner(tx, desk))
    if not data.sure:
        result = await store.write(lambda tx: look_at(tx, client_id, lines, author))
        status = 422 if result.errors else 200
        return await _import_page(desk, status, result=result, **shown)
    try:
        done: Imported = await store.write(lambda tx: import_faqs(tx, client_id, lines, author))
    except NotImported as refused:
        return await _import_page(desk, 422, result=refused.result, **shown)
    return await _import_page(desk, done=done)


HANDLERS: list[HTTPRouteHandler] = [
    show_faqs,
    new_faq,
    post_faq,
    export,
    show_import,
    post_import,
    show_faq,
    save_faq,
    post_remove,
    post_restore,
]

routes = [
    Router(
        "/clients/{client_id:str}/faqs",
        route_handlers=HANDLERS,
        guards=[needs(Role.SUPERVISOR, Role.ADMINISTRATOR)],
        dependencies={"desk": Provide(any_clients, sync_to_thread=False)},
    ),
    Router(
        "/portal/faqs",
        route_handlers=HANDLERS,
        guards=[needs(Role.CLIENT)],
        dependencies={"desk": Provide(their_own, sync_to_thread=False)},
    ),
]

menu = [MenuEntry("/portal/faqs", "よくある質問", frozenset({Role.CLIENT}))]
