"""Documents that practice calls follow: a draft is kept, as it was then, beside the versions."""

from sqlalchemy import func, insert, select

from denwaban.scripts.drafts import script_row
from denwaban.scripts.life import NoSuchScript, State
from denwaban.scripts.model import plain_data
from denwaban.scripts.rows import script_versions, scripts
from denwaban.scripts.text import parse
from denwaban.store import Tx, new_id


def rehearsal_version(tx: Tx, script_id: str, text: str) -> str:
    """The id under which a practice call can follow this text of the script; the same for the same text. It has no number
    of its own among the versions (its number is below zero) and can never be published. Raises `NoSuchScript`,
    `ScriptInvalid`."""
    script_row(tx, script_id)
    mine = (
        script_versions.c.script_id == script_id,
        script_versions.c.state == State.REHEARSAL.value,
    )
    for row in tx.all(select(script_versions.c.id, script_versions.c.text).where(*mine)):
        if row["text"] == text:
            return row["id"]  # type: ignore[no-any-return]
    script = parse(text).script
    lowest = tx.scalar(select(func.min(script_versions.c.version)).where(*mine))
    version_id = new_id()
    tx.execute(
        insert(script_versions).values(
            id=version_id,
            script_id=script_id,
            version=(lowest or 0) - 1,
            document=plain_data(script),
            text=text,
            reason="",
            state=State.REHEARSAL.value,
        )
    )
    return version_id


def script_of_version(tx: Tx, version_id: str) -> tuple[str, str, str]:
    """(script id, client id, name of the script). Raises `NoSuchScript`."""
    row = tx.first(
        select(scripts.c.id, scripts.c.client_id, scripts.c.name)
        .join(script_versions, script_versions.c.script_id == scripts.c.id)
        .where(script_versions.c.id == version_id)
    )
    if row is None:
        raise NoSuchScript(version_id)
    return row["id"], row["client_id"], row["name"]
