"""One person: what is known of them, and writing it."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.memory.pages.common import INSIDE, Text, card_page, changed
from denwaban.people.persons import WayKind, add_way, change_person, set_regular_person
from denwaban.store import Store
from denwaban.web import _


class PersonForm(msgspec.Struct):
    name: str = ""
    kana: str = ""
    company: str = ""
    seen: int | None = None


class MailForm(msgspec.Struct):
    mail: str = ""


class RegularForm(msgspec.Struct):
    on: bool = False


class SoughtForm(msgspec.Struct):
    text: Text = ""


@get("/persons/{person_id:str}", guards=INSIDE)
async def show_person(
    person_id: FromPath[str], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template | Redirect:
    """What they are called and reached by, their calls, what they were promised, who they were joined with."""
    said = {
        "saved": _("保存しました"),
        "merged": _("ひとりのお客様にまとめました。下の「これまでの統合・分割」から元に戻せます。"),
        "split": _("別のお客様に分けました。下の「これまでの統合・分割」から元に戻せます。"),
        "undone": _("元に戻しました"),
        "apart": _("別の方として覚えました。もうお尋ねしません。"),
    }
    return await card_page(store, person_id, done=said.get(done, ""))


@post("/persons/{person_id:str}", guards=INSIDE)
async def save_person(
    person_id: FromPath[str], data: URLEncodedBody[PersonForm], store: NamedDependency[Store]
) -> Template | Redirect:
    """Writes names and company as somebody has corrected them."""
    form = {"name": data.name, "kana": data.kana, "company": data.company}
    return await changed(
        store,
        person_id,
        lambda tx: change_person(tx, person_id, **form, seen=data.seen),
        "saved",
        form,
    )


@post("/persons/{person_id:str}/mail", guards=INSIDE)
async def save_mail(
    person_id: FromPath[str], data: URLEncodedBody[MailForm], store: NamedDependency[Store]
) -> Template | Redirect:
    """They also write from this address."""
    return await changed(
        store, person_id, lambda tx: add_way(tx, person_id, WayKind.MAIL, data.mail), "saved"
    )


@post("/persons/{person_id:str}/regular", guards=INSIDE)
async def save_regular(
    person_id: FromPath[str], data: URLEncodedBody[RegularForm], store: NamedDependency[Store]
) -> Template | Redirect:
    """Whether the client greets them as a regular caller."""
    return await changed(
        store, person_id, lambda tx: set_regular_person(tx, person_id, data.on), "saved"
    )


@post("/persons/{person_id:str}/find", guards=INSIDE, status_code=200)
async def find_other(
    person_id: FromPath[str], data: URLEncodedBody[SoughtForm], store: NamedDependency[Store]
) -> Template | Redirect:
    """Looks for who else of the same client it may be."""
    return await card_page(store, person_id, sought=data.text.replace("\x00", "").strip())


routes = [show_person, save_person, save_mail, save_regular, find_other]
