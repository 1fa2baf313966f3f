"""From a draft to what calls follow, and back: review, approval, publishing at once or at a date."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, update

from denwaban.scripts.around import around_of
from denwaban.scripts.drafts import draft_of, script_row, version_text
from denwaban.scripts.life import (
    LONGEST_NOTE,
    UNDER_WAY,
    NotNow,
    ScriptError,
    State,
    Version,
    accepted,
)
from denwaban.scripts.lint import Finding, lint
from denwaban.scripts.model import Script
from denwaban.scripts.rows import script_versions, scripts
from denwaban.scripts.text import parse
from denwaban.scripts.versions import (
    add_version,
    move,
    put_in_force,
    row_of,
    tell,
    under_way,
    version,
    version_of,
)
from denwaban.store import Store, Tx
from denwaban.texts import clean_text
from denwaban.work import Duty

TOPIC = f"work:{script_versions.name}"


def findings(tx: Tx, script_id: str, text: str) -> tuple[Script, list[Finding]]:
    """The script that a text describes, and what lint says of it among its client's people and plans. Raises
    `ScriptInvalid`, `NoSuchScript`."""
    client_id = script_row(tx, script_id)["client_id"]
    script, source = parse(text)
    return script, lint(script, around_of(tx, client_id, script_id), source)


def submit(
    tx: Tx,
    script_id: str,
    draft_id: str,
    *,
    reason: str,
    background: str = "",
    warnings: Mapping[str, str] = {},
    user_id: str | None = None,
) -> Version:
    """Makes the draft a version in review; the draft is then empty. A version that is under way is taken back: this one
    takes its place. `warnings` says by `Finding.key` why each warning stays.

    Raises `NoSuchScript`, `ScriptInvalid`, `HasErrors`, `NeedsReasons`, `ScriptError` (no reason; the draft is another by
    now)."""
    reason, background = clean_text(reason, lines=True), clean_text(background, lines=True)
    if not reason:
        raise ScriptError("何をなぜ変えたのか、ひとことお書きください")
    if len(reason) > LONGEST_NOTE or len(background) > LONGEST_NOTE:
        raise ScriptError("理由と背景は、それぞれ2000文字以内にしてください")
    draft = draft_of(tx, script_id)
    if draft is None or draft.id != draft_id:
        raise ScriptError("下書きは別の方が書き換えています。確かめてから、もう一度お試しください")
    script, found = findings(tx, script_id, draft.text)
    kept = accepted(found, warnings)
    for other in under_way(tx, script_id):
        move(tx, other, State.WITHDRAWN, decided_at=tx.now, decided_by=user_id)
        tell(tx, "script.withdrawn", other, user_id)
    version_id = add_version(
        tx, script_id, script, draft.text, reason, background, kept, user_id, State.IN_REVIEW
    )
    tx.execute(update(scripts).where(scripts.c.id == script_id).values(draft_id=None))
    made = version(tx, version_id)
    tell(tx, "script.submitted", made, user_id)
    return made


def approve(tx: Tx, version_id: str, user_id: str | None, note: str = "") -> Version:
    """The client says yes. Doing it again changes nothing. Raises `NoSuchScript`, `NotNow`."""
    found = version(tx, version_id)
    if found.state is State.APPROVED:
        return found
    if found.state is not State.IN_REVIEW or not found.approval:
        raise NotNow("この版は、いま承認を待っていません")
    move(tx, found, State.APPROVED, **_decided(tx, user_id, note))
    tell(tx, "script.approved", found, user_id)
    return version(tx, version_id)


def give_back(tx: Tx, version_id: str, user_id: str | None, note: str) -> Version:
    """The client says no, and why. Raises `NoSuchScript`, `NotNow`, `ScriptError` without a word."""
    found = version(tx, version_id)
    if found.state not in UNDER_WAY or not found.approval:
        raise NotNow("この版は、いま承認を待っていません")
    if not note.strip():
        raise ScriptError("どこを直してほしいか、ひとことお書きください")
    move(tx, found, State.RETURNED, due_at=None, leased_until=None, **_decided(tx, user_id, note))
    tell(tx, "script.returned", found, user_id)
    return version(tx, version_id)


def withdraw(tx: Tx, version_id: str, user_id: str | None) -> Version:
    """Takes a version back that is not published yet. Raises `NoSuchScript`, `NotNow`."""
    found = version(tx, version_id)
    if found.state not in UNDER_WAY:
        raise NotNow("この版は、もう取り下げられません")
    move(
        tx,
        found,
        State.WITHDRAWN,
        due_at=None,
        leased_until=None,
        decided_at=tx.now,
        decided_by=user_id,
    )
    tell(tx, "script.withdrawn", found, user_id)
    return version(tx, version_id)


def release(tx: Tx, version_id: str, user_id: str | None, at: datetime | None = None) -> Version:
    """Publishes a version that may be published: now, or at a time to come. What lint says by now counts: errors raise
    `HasErrors` (a new warning does not). Raises `NoSuchScript`, `NotNow`, `ScriptError`."""
    row = row_of(tx, version_id)
    found = version_of(row)
    if not found.may_publish:
        raise NotNow("この版は、いま公開できません")
    if at is not None and at <= tx.now:
        raise ScriptError("公開の日時は、これからの日時にしてください")
    _script, said = findings(tx, found.script_id, version_text(row))
    accepted([one for one in said if one.level == "error"], {})
    if at is None:
        put_in_force(tx, row, user_id)
    else:
        move(
            tx,
            found,
            State.SCHEDULED,
            publish_at=at,
            due_at=at,
            leased_until=None,
            published_by=user_id,
        )
        tell(tx, "script.scheduled", found, user_id)
        tx.touch(TOPIC)
    return version(tx, version_id)


def publish_due(tx: Tx, version_id: str) -> None:
    """The date of a scheduled version has come: publishes it, or holds it when lint finds errors by now (who was to be
    asked has left). Called any number of times, it happens once."""
    row = row_of(tx, version_id)
    found = version_of(row)
    if found.state is not State.SCHEDULED:
        return
    if row["due_at"] is not None and row["due_at"] > tx.now:
        tx.execute(
            update(script_versions)
            .where(script_versions.c.id == version_id)
            .values(leased_until=None)
        )
        return
    _script, said = findings(tx, found.script_id, version_text(row))
    if any(one.level == "error" for one in said):
        move(tx, found, State.HELD, due_at=None, leased_until=None)
        tell(tx, "script.held", found, None)
        return
    put_in_force(tx, row, found.published_by)


def roll_back(tx: Tx, version_id: str, user_id: str | None, reason: str = "") -> Version:
    """Publishes the words of an earlier version again, as a new version, at once. It was approved and heard by lint in its
    time: neither is asked again, for a bad script is on the phone now. Raises `NoSuchScript`, `NotNow`."""
    row = row_of(tx, version_id)
    old = version_of(row)
    current = scripts.c.published_version_id
    now = tx.scalar(select(current).where(scripts.c.id == old.script_id))
    if old.state is not State.PUBLISHED or now == version_id:
        raise NotNow("戻せるのは、前に公開した版です")
    script = msgspec.convert(row["document"], Script)
    said = clean_text(reason, lines=True)[:LONGEST_NOTE] or f"第{old.number}版に戻しました"
    made = add_version(
        tx,
        old.script_id,
        script,
        version_text(row),
        said,
        "",
        old.warnings,
        user_id,
        State.IN_REVIEW,
        of_version=old.number,
    )
    put_in_force(tx, row_of(tx, made), user_id)
    return version(tx, made)


def duty(store: Store) -> Duty:
    """Publishing at a date. A crash between lease and publication is mended by the lease's end."""

    async def do(version_id: str) -> None:
        await store.write(lambda tx: publish_due(tx, version_id))

    return Duty("script publication", script_versions, do)


def _decided(tx: Tx, user_id: str | None, note: str) -> dict[str, Any]:
    return {"decided_at": tx.now, "decided_by": user_id, "decision": note.strip()[:LONGEST_NOTE]}
