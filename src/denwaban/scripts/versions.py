"""Versions of a script. What one says is written once; only where it stands in its life ever changes."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import RowMapping, bindparam, func, insert, select, update

from denwaban.journal import Fact, append
from denwaban.scripts.drafts import normal, script_row, version_text
from denwaban.scripts.finding import findable
from denwaban.scripts.kept import scripts_of
from denwaban.scripts.life import (
    NEXT,
    UNDER_WAY,
    NoSuchScript,
    NotNow,
    State,
    Version,
    Warned,
)
from denwaban.scripts.lint.run import problems
from denwaban.scripts.model import Node, Script, ScriptInvalid, plain_data
from denwaban.scripts.plain import PLAIN
from denwaban.scripts.readings import ask_to_read
from denwaban.scripts.rows import script_versions, scripts
from denwaban.scripts.settings import settings_of
from denwaban.scripts.text import dump, read
from denwaban.store import Question, Tx, new_id


def add_script(
    tx: Tx, client_id: str, name: str, document: Script | str | Mapping[str, Any], reason: str
) -> str:
    """Publishes version 1 of a new script at once and returns its id. Raises `ScriptInvalid`."""
    script_id = new_id()
    tx.execute(
        insert(scripts).values(
            id=script_id,
            client_id=client_id,
            name=name,
            published_version_id=None,
            created_at=tx.now,
        )
    )
    append(tx, Fact("script.added", script_id, client_id, {"user_id": None}))
    publish(tx, script_id, document, reason)
    return script_id


def publish(
    tx: Tx,
    script_id: str,
    document: Script | str | Mapping[str, Any],
    reason: str,
    user_id: str | None = None,
) -> int:
    """Makes `document` at once the version that calls from now on follow; calls under way stay on theirs. Returns its
    number. Nobody is asked for approval and lint is not heard: that is for `submit`. Raises `ScriptInvalid`."""
    script = document if isinstance(document, Script) else read(document)
    if found := problems(script):
        raise ScriptInvalid(found)
    # TOML is kept as it was written.
    written = isinstance(document, str) and not document.lstrip("\ufeff \t\r\n").startswith("{")
    text = normal(str(document)) if written else dump(script)
    version_id = add_version(tx, script_id, script, text, reason, "", (), user_id, State.IN_REVIEW)
    put_in_force(tx, row_of(tx, version_id), user_id)
    return row_of(tx, version_id)["version"]  # type: ignore[no-any-return]


def version(tx: Tx, version_id: str) -> Version:
    """Raises `NoSuchScript`."""
    return version_of(row_of(tx, version_id))


def document_of(tx: Tx, version_id: str) -> tuple[Script, str]:
    """A version's script and its author's text. Raises `NoSuchScript`."""
    row = row_of(tx, version_id)
    return msgspec.convert(row["document"], Script), version_text(row)


def versions_of(tx: Tx, script_id: str) -> list[Version]:
    """Newest first; without what was only rehearsed."""
    return [
        version_of(row)
        for row in tx.all(
            select(*_WITHOUT_WORDS)
            .where(script_versions.c.script_id == script_id, script_versions.c.version > 0)
            .order_by(script_versions.c.version.desc())
        )
    ]


def under_way(tx: Tx, script_id: str) -> list[Version]:
    """What is neither published nor given up: one at most."""
    return [
        version_of(row)
        for row in tx.all(
            select(*_WITHOUT_WORDS).where(
                script_versions.c.script_id == script_id,
                script_versions.c.state.in_([state.value for state in UNDER_WAY]),
            )
        )
    ]


def names_of(tx: Tx, client_id: str) -> dict[str, str]:
    """The names of a client's published scripts by id, in the order of the names."""
    rows = tx.all(
        select(scripts.c.id, scripts.c.name)
        .where(scripts.c.client_id == client_id, scripts.c.published_version_id.is_not(None))
        .order_by(scripts.c.name, scripts.c.id)
    )
    return {row["id"]: row["name"] for row in rows}


def published(tx: Tx, script_id: str | None) -> Script:
    """The script that a call beginning now would follow; the plain one when the plan names none."""
    version_id: str | None = tx.scalar(_PUBLISHED, {"it": script_id})
    return scripts_of(tx, [version_id])[version_id] if version_id else _plain()


# Built once: asked at every ring of every seat.
_PUBLISHED = Question(select(scripts.c.published_version_id).where(scripts.c.id == bindparam("it")))


@cache
def _plain() -> Script:
    return read(PLAIN)


def first_node(tx: Tx, script_id: str | None, *, regular: bool = False) -> Node:
    """What an operator will say and ask first; `regular`: to a regular caller."""
    return published(tx, script_id).start(regular)


def plain_version(tx: Tx, client_id: str) -> str:
    """The client's copy of the plain script, made when it is first needed."""
    name = "基本応対"
    current = select(scripts.c.published_version_id).where(
        scripts.c.client_id == client_id, scripts.c.published_version_id.is_not(None)
    )
    found: str | None = tx.scalar(current.where(scripts.c.name == name))
    if found is not None:
        return found
    script_id = add_script(tx, client_id, name, PLAIN, "台本の決まっていない時間帯のため")
    made: str = tx.scalar(current.where(scripts.c.id == script_id))
    return made


_WITHOUT_WORDS = [column for column in script_versions.c if column.name not in ("document", "text")]


def version_of(row: RowMapping) -> Version:
    """From a row of `script_versions`."""
    return Version(
        id=row["id"],
        script_id=row["script_id"],
        number=row["version"],
        state=State(row["state"]),
        reason=row["reason"],
        background=row["background"],
        warnings=tuple(msgspec.convert(row["warnings"] or [], list[Warned])),
        author_id=row["author_id"],
        submitted_at=row["submitted_at"],
        approval=bool(row["approval"]),
        decided_at=row["decided_at"],
        decided_by=row["decided_by"],
        decision=row["decision"] or "",
        publish_at=row["publish_at"],
        published_at=row["published_at"],
        published_by=row["published_by"],
        of_version=row["of_version"],
    )


def row_of(tx: Tx, version_id: str) -> RowMapping:
    row = tx.first(select(script_versions).where(script_versions.c.id == version_id))
    if row is None:
        raise NoSuchScript(version_id)
    return row


def add_version(
    tx: Tx,
    script_id: str,
    script: Script,
    text: str,
    reason: str,
    background: str,
    warnings: Sequence[Warned],
    user_id: str | None,
    state: State,
    of_version: int | None = None,
) -> str:
    """Writes a version down: the only place where its words are set."""
    client_id = script_row(tx, script_id)["client_id"]
    latest = tx.scalar(
        select(func.max(script_versions.c.version)).where(
            script_versions.c.script_id == script_id, script_versions.c.version > 0
        )
    )
    version_id = new_id()
    tx.execute(
        insert(script_versions).values(
            id=version_id,
            script_id=script_id,
            version=(latest or 0) + 1,
            document=plain_data(script),
            text=text,
            reason=reason,
            background=background,
            warnings=msgspec.to_builtins(list(warnings)),
            author_id=user_id,
            submitted_at=tx.now,
            approval=settings_of(tx, client_id).approval,
            state=state.value,
            of_version=of_version,
        )
    )
    return version_id


def put_in_force(tx: Tx, row: RowMapping, user_id: str | None) -> None:
    found = version_of(row)
    script = script_row(tx, found.script_id)
    before: str | None = script["published_version_id"]
    move(
        tx,
        found,
        State.PUBLISHED,
        published_at=tx.now,
        published_by=user_id,
        due_at=None,
        leased_until=None,
    )
    tx.execute(
        update(scripts).where(scripts.c.id == found.script_id).values(published_version_id=found.id)
    )
    findable(tx, script["client_id"], found.script_id, published(tx, found.script_id))
    read_by = ask_to_read(tx, script["client_id"], found.script_id, found.id, before)
    tell(
        tx,
        "script.published",
        found,
        user_id,
        read_by=read_by.isoformat() if read_by else None,
        of_version=found.of_version,
    )


def move(tx: Tx, found: Version, to: State, **values: Any) -> None:
    """The only update of a version: where it is, never what it says; and never from where there is no way."""
    if to not in NEXT[found.state] or not values.keys().isdisjoint({"document", "text", "reason"}):
        raise NotNow("この版は、いまその操作ができません")
    done = tx.execute(
        update(script_versions)
        .where(script_versions.c.id == found.id, script_versions.c.state == found.state.value)
        .values(state=to.value, **values)
    )
    if done.rowcount != 1:
        raise NotNow("この版は、いまその操作ができません")


def tell(tx: Tx, kind: str, found: Version, user_id: str | None, **more: Any) -> None:
    client_id = script_row(tx, found.script_id)["client_id"]
    data = {"version_id": found.id, "version": found.number, "user_id": user_id, **more}
    append(tx, Fact(kind, found.script_id, client_id, data))
