"""The entries of a client's FAQ: the list, one of them, and its changes."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.clock import Clock, japan_day
from denwaban.knowledge.acts import NoSuchFaq, add_faq, change_faq, remove_faq, restore_faq
from denwaban.knowledge.importing import day
from denwaban.knowledge.model import LABELS, Bound, Content, Faq
from denwaban.knowledge.pages.desk import Desk, owner, show
from denwaban.knowledge.queries import changes_of, faq, faqs_page
from denwaban.people import Changed, PeopleError
from denwaban.store import Tx
from denwaban.store.search import weigh
from denwaban.store.words import query
from denwaban.web import _, not_here, saved, seen_at

AT_ONCE = 100


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


def what_words() -> dict[str, str]:
    return {
        "added": _("追加"),
        "changed": _("変更"),
        "removed": _("削除"),
        "restored": _("復元"),
    }


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
        name = owner(tx, desk)
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
    return show(
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
    name = await desk.store.read(lambda tx: owner(tx, desk))
    return show(desk, "new", client=name, form=FaqForm(), errors={})


@post("/")
async def post_faq(
    desk: NamedDependency[Desk], data: URLEncodedBody[FaqForm]
) -> Template | Redirect:
    def add(tx: Tx) -> str:
        owner(tx, desk)
        return add_faq(tx, desk.client_id, data.content(), desk.author)

    try:
        await desk.store.write(add)
    except PeopleError as error:
        name = await desk.store.read(lambda tx: owner(tx, desk))
        errors = {error.field: error.tell(_)}
        return show(desk, "new", 422, client=name, form=data, errors=errors)
    return saved(desk.base)


async def _faq_page(desk: Desk, faq_id: str, status: int = 200, **more: Any) -> Template:
    def read(tx: Tx) -> dict[str, Any]:
        return {
            "client": owner(tx, desk),
            "entry": _entry(tx, desk, faq_id),
            "changes": changes_of(tx, faq_id),
        }

    found = await desk.store.read(read)
    context = {"form": _form_of(found["entry"]), "errors": {}, **found, **more}
    labels = {name: _(text) for name, text in LABELS.items()}
    return show(desk, "faq", status, labels=labels, whats=what_words(), **context)


@get("/{faq_id:str}")
async def show_faq(desk: NamedDependency[Desk], faq_id: FromPath[str]) -> Template:
    return await _faq_page(desk, faq_id)


@post("/{faq_id:str}")
async def save_faq(
    desk: NamedDependency[Desk], faq_id: FromPath[str], data: URLEncodedBody[FaqForm]
) -> Template | Redirect:
    seen = seen_at(data.seen)

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
    return saved(desk.base)


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
    return saved(desk.base)
