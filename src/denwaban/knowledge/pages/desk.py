"""Whose FAQ a page is about: any client's for supervisors and administrators, their own for a client's staff."""

from dataclasses import dataclass
from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from denwaban.access import Principal
from denwaban.knowledge.model import LONGEST, Author, Bound
from denwaban.people import client_here
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, page


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


def bound_words() -> dict[str, str]:
    return {
        Bound.EXPLAIN: _("説明: この答えで説明する"),
        Bound.TAKE: _("受止: 説明せず、受け止めて担当へつなぐ"),
        Bound.DECIDE: _("判断: この答えの範囲で、判断まで伝える"),
    }


def show(desk: Desk, template: str, status: int = 200, **more: Any) -> Template:
    """The page `template` of this desk."""
    return page(
        f"knowledge/{template}.html",
        status=status,
        base=desk.base,
        own=desk.own,
        bounds=bound_words(),
        longest=LONGEST,
        **more,
    )


def owner(tx: Tx, desk: Desk) -> str:
    """The name of the client; 404 when there is none."""
    return client_here(tx, desk.client_id).name
