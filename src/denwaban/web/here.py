"""What the pages know about the request that is being answered."""

import hashlib
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection

from denwaban.access import Principal


@dataclass(frozen=True, slots=True)
class Here:
    """One request: who asks, by which secret, where."""

    who: Principal | None = None
    secret: str = ""
    path: str = "/"
    htmx: bool = False

    @property
    def csrf(self) -> str:
        """The form token of this session: only who holds the cookie can know it; nothing needs to be stored."""
        if self.who is None or self.who.is_key:
            return ""
        return hashlib.sha256(f"csrf {self.secret}".encode()).hexdigest()

    @property
    def api(self) -> bool:
        return self.path.startswith("/api/")


_here: ContextVar[Here] = ContextVar("here")
_NOWHERE = Here()


def here() -> Here:
    """The present request; an anonymous one outside of any."""
    return _here.get(_NOWHERE)


def stand(at: Here) -> None:
    _here.set(at)


def visitor(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
    """Who is asking, if signed in: for public pages that greet people they know."""
    found: Here = connection.scope["state"].get("here", _NOWHERE)
    return found.who
