"""What scripts look like in JSON, and who may see which."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar.params import HeaderParameter

from denwaban.access import Principal, Role
from denwaban.scripts.life import (
    LONGEST_NOTE,
    LONGEST_TEXT,
    State,
    Version,
)
from denwaban.scripts.queries import Listed, script_listed
from denwaban.store import Tx
from denwaban.web import needs
from denwaban.web.api import (
    NO_NULL,
    NOT_BLANK,
    IdText,
    ShortText,
    missing,
    needs_client,
)

EVERYONE = needs()
AUTHORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

# Form feeds and the like are nobody's; tabs and line ends are.
Document = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT, pattern=NO_NULL)]
Note = Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE, pattern=NO_NULL)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NOTE, pattern=NOT_BLANK)]
Tag = Annotated[str | None, HeaderParameter(name="If-Match", max_length=100)]


class ScriptOut(msgspec.Struct):
    """A script and where it stands. `draft`: the tag of what its authors have now; null: nobody is writing."""

    id: str
    client_id: str
    name: str
    version: int | None
    version_id: str | None
    published_at: datetime | None
    draft: str | None
    coming: State | None
    coming_id: str | None
    unread: int
    """Operators who have still to read the newest change."""


class ScriptIn(msgspec.Struct, forbid_unknown_fields=True):
    """A new script with its first draft (TOML)."""

    client_id: IdText
    name: ShortText
    text: Document


class DraftOut(msgspec.Struct):
    """A draft, exactly as it was written. `merged`: another author's changes are in it too."""

    draft: str
    text: str
    merged: bool = False


class DraftIn(msgspec.Struct, forbid_unknown_fields=True):
    text: Document


class FindingOut(msgspec.Struct):
    """One thing to mend. Errors keep a script from being published; a warning needs a reason, given by `key`."""

    key: str
    rule: str
    level: str
    line: int | None
    node: str | None
    message: str
    why: str
    mend: str


class LintIn(msgspec.Struct, forbid_unknown_fields=True):
    """A text to look at; without one the draft."""

    text: Document | None = None


class LintOut(msgspec.Struct):
    findings: list[FindingOut]


class PublishIn(msgspec.Struct, forbid_unknown_fields=True):
    """The draft that is to be published (its tag), why, and why each warning stays. `at`: when, if not at once."""

    draft: IdText
    reason: Reason
    background: Note = ""
    warnings: dict[str, Note] = {}
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class VersionOut(msgspec.Struct):
    """One version. It is `published` at once, at its date, or after the client has approved."""

    id: str
    version: int
    state: State
    reason: str
    background: str
    submitted_at: datetime | None
    publish_at: datetime | None
    published_at: datetime | None
    of_version: int | None


class WholeVersion(VersionOut):
    """One version with its words. Those of a published version never change."""

    text: str = ""


def script_out(found: Listed) -> ScriptOut:
    return ScriptOut(
        found.id,
        found.client_id,
        found.name,
        found.version,
        found.version_id,
        found.published_at,
        found.draft_id,
        found.coming,
        found.coming_id,
        found.unread,
    )


def version_out(found: Version) -> dict[str, Any]:
    """What every version tells."""
    return {
        "id": found.id,
        "version": found.number,
        "state": found.state,
        "reason": found.reason,
        "background": found.background,
        "submitted_at": found.submitted_at,
        "publish_at": found.publish_at,
        "published_at": found.published_at,
        "of_version": found.of_version,
    }


def theirs(tx: Tx, who: Principal, script_id: str) -> Listed:
    """The script; 404 when there is none that they may see."""
    found = script_listed(tx, script_id)
    if found is None:
        raise missing()
    needs_client(who, found.client_id)
    return found


def visible(who: Principal, found: Version) -> bool:
    """A client's staff see what is or was in force and what waits for them, not what we took back."""
    return who.role is not Role.CLIENT or found.state is not State.WITHDRAWN
