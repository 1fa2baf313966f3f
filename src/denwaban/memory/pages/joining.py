"""Two persons who are one, one who is two, and back."""

from functools import partial

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.memory.pages.common import INSIDE, Id, by, changed
from denwaban.people.persons import merge, say_apart, split, undo
from denwaban.store import Store
from denwaban.web import ticked


class OtherForm(msgspec.Struct):
    other: Id = ""
    seen: int | None = None
    seen_other: int | None = None


class SplitForm(msgspec.Struct):
    ways: list[str] | str = []
    calls: list[str] | str = []
    name: str = ""
    kana: str = ""
    seen: int | None = None

    def __post_init__(self) -> None:
        self.ways, self.calls = ticked(self.ways), ticked(self.calls)


class UndoForm(msgspec.Struct):
    act: Id = ""


@post("/persons/{person_id:str}/merge", guards=INSIDE)
async def post_merge(
    person_id: FromPath[str],
    data: URLEncodedBody[OtherForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """The other is the same person."""
    verb = partial(
        merge,
        person_id=person_id,
        other_id=data.other,
        by=by(who),
        seen=data.seen,
        seen_other=data.seen_other,
    )
    return await changed(store, person_id, verb, "merged")


@post("/persons/{person_id:str}/apart", guards=INSIDE)
async def post_apart(
    person_id: FromPath[str], data: URLEncodedBody[OtherForm], store: NamedDependency[Store]
) -> Template | Redirect:
    """The other is somebody else: it is not suggested again."""
    return await changed(store, person_id, lambda tx: say_apart(tx, person_id, data.other), "apart")


@post("/persons/{person_id:str}/split", guards=INSIDE)
async def post_split(
    person_id: FromPath[str],
    data: URLEncodedBody[SplitForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Some of their numbers and calls are somebody else's."""
    verb = partial(
        split,
        person_id=person_id,
        by=by(who),
        ways=ticked(data.ways),
        calls=ticked(data.calls),
        name=data.name,
        kana=data.kana,
        seen=data.seen,
    )
    return await changed(store, person_id, verb, "split")


@post("/persons/{person_id:str}/undo", guards=INSIDE)
async def post_undo(
    person_id: FromPath[str],
    data: URLEncodedBody[UndoForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """As it was before."""
    return await changed(
        store, person_id, lambda tx: undo(tx, data.act, by(who), of=person_id), "undone"
    )


routes = [post_merge, post_apart, post_split, post_undo]
