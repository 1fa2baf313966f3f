"""What a client wants of its scripts: approval, the time to read a change, and the terms that every script keeps to."""

import unicodedata
from dataclasses import asdict
from datetime import timedelta

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.people import client, client_here, staff_of
from denwaban.scripts.life import ScriptError
from denwaban.scripts.pages.common import AUTHORS
from denwaban.scripts.settings import (
    BOUNDS,
    LONGEST_TOPIC,
    MOST_TOPICS,
    ScriptSettings,
    Terms,
    set_settings,
    settings_of,
)
from denwaban.store import Store, Tx
from denwaban.web import _, not_here, page, saved, ticked


class SettingsForm(msgspec.Struct):
    approval: bool = False
    grace_hours: str = "24"
    may_promise: bool = False
    shortest_promise: str = ""
    longest_promise: str = ""
    restricted: str = ""
    """One topic a line."""
    characters_per_minute: str = ""
    seconds_to_question: str = ""
    promisers: list[str] | str = []
    """Ids of staff, one alone when only one is ticked; nobody ticked: everybody may."""
    depth: str = ""
    branches: str = ""


class NotANumber(ValueError):
    """What stands in the field is none, or out of bounds."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def _form_of(kept: ScriptSettings) -> SettingsForm:
    terms = asdict(kept.terms)
    return SettingsForm(
        approval=kept.approval,
        grace_hours=f"{kept.grace.total_seconds() / 3600:g}",
        may_promise=kept.terms.may_promise,
        restricted="\n".join(kept.terms.restricted),
        promisers=list(kept.terms.promisers),
        **{name: str(terms[name]) for name in BOUNDS},
    )


def _wanted(form: SettingsForm) -> ScriptSettings:
    """Raises `NotANumber`; what contradicts each other is told by `set_settings`."""
    numbers = {name: _number(form, name) for name in BOUNDS}
    topics = tuple(text for line in form.restricted.splitlines() if (text := line.strip()))
    return ScriptSettings(
        form.approval,
        _hours(form.grace_hours),
        Terms(
            may_promise=form.may_promise,
            restricted=topics,
            promisers=tuple(ticked(form.promisers)),
            **numbers,
        ),
    )


def _number(form: SettingsForm, name: str) -> int:
    least, most = BOUNDS[name]
    try:
        number = int(unicodedata.normalize("NFKC", getattr(form, name)).strip())
    except ValueError as error:
        raise NotANumber(name) from error
    if not least <= number <= most:
        raise NotANumber(name)
    return number


def _hours(text: str) -> timedelta:
    try:
        return timedelta(hours=float(unicodedata.normalize("NFKC", text)))
    except (ValueError, OverflowError) as error:
        raise NotANumber("grace_hours") from error


def _told(field: str) -> str:
    """What to write there instead."""
    if field == "grace_hours":
        return _("猶予は、時間の数で書いてください。例: 24")
    least, most = BOUNDS[field]
    return _("%(least)s から %(most)s までの数を書いてください。", least=least, most=most)


@get("/scripts/settings/{client_id:str}", guards=[AUTHORS])
async def show_settings(client_id: FromPath[str], store: NamedDependency[Store]) -> Template:
    return await _settings_page(store, client_id)


async def _settings_page(
    store: Store,
    client_id: str,
    form: SettingsForm | None = None,
    error: str = "",
    errors: dict[str, str] | None = None,
) -> Template:
    owner, kept, people = await store.read(
        lambda tx: (client(tx, client_id), settings_of(tx, client_id), staff_of(tx, client_id))
    )
    if owner is None:
        raise not_here()
    return page(
        "scripts/settings.html",
        status=422 if error or errors else 200,
        client=owner,
        form=form or _form_of(kept),
        error=error,
        errors=errors or {},
        people=people,
        most_topics=MOST_TOPICS,
        longest_topic=LONGEST_TOPIC,
    )


@post("/scripts/settings/{client_id:str}", guards=[AUTHORS])
async def post_settings(
    client_id: FromPath[str],
    data: URLEncodedBody[SettingsForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    try:
        wanted = _wanted(data)
    except NotANumber as error:
        errors = {error.field: _told(error.field)}
        return await _settings_page(store, client_id, data, errors=errors)

    def save(tx: Tx) -> None:
        client_here(tx, client_id)
        set_settings(tx, client_id, wanted, who.user_id)

    try:
        await store.write(save)
    except ScriptError as error:
        return await _settings_page(store, client_id, data, _(str(error)))
    return saved(f"/scripts?client_id={client_id}")


routes = [show_settings, post_settings]
