"""The draft of a script: what its authors write, kept exactly as they wrote it."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update

from denwaban.journal import Fact, append
from denwaban.scripts.life import LONGEST_TEXT, NoSuchScript, ScriptError
from denwaban.scripts.merge import merge
from denwaban.scripts.model import Script
from denwaban.scripts.rows import script_editors, script_texts, script_versions, scripts
from denwaban.scripts.text import dump
from denwaban.store import Tx, new_id

KEPT = 200
"""So many texts of a script are kept, besides those that nobody has decided on: who comes back after more has to compare
by eye."""

BLANK = """# 台本です。「場面」を上から順に書きます。書き方は「見本から作る」の台本が参考になります。

[[nodes]]
kind = "ask"
id = "who"
title = "お名前"
say = "恐れ入りますが、お名前をお伺いできますでしょうか。"
to = "end"

  [[nodes.ask]]
  id = "caller_name"
  label = "お名前"
  type = "name"
  mandatory = true
  purpose = "caller_name"

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "お電話ありがとうございました。失礼いたします。"
done = "お名前を伺いました。"
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text of a script."""

    id: str
    text: str
    user_id: str | None
    at: datetime
    kind: str = "draft"
    """draft | sent | aside"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The text was kept."""

    draft: Draft
    """What the draft is now."""
    merged: bool
    """Another author's changes are in it too."""
    sent_id: str
    """What was sent, under its own id: who has typed on meanwhile has begun from there."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The draft is as it was: another author changed the same place. What was sent is kept aside."""

    aside: Draft
    draft: Draft


def normal(text: str) -> str:
    """The text with one kind of line end and no characters that a database refuses."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def new_script(tx: Tx, client_id: str, name: str, text: str, user_id: str | None) -> str:
    """A script that nobody follows yet, with this draft; returns its id. Raises `ScriptError`."""
    script_id = new_id()
    tx.execute(
        insert(scripts).values(
            id=script_id,
            client_id=client_id,
            name=checked_name(tx, client_id, name),
            published_version_id=None,
            created_at=tx.now,
        )
    )
    _put(tx, script_id, text, user_id, None)
    append(tx, Fact("script.added", script_id, client_id, {"user_id": user_id}))
    return script_id


def rename_script(tx: Tx, script_id: str, name: str) -> None:
    """Raises `NoSuchScript`, `ScriptError`."""
    row = script_row(tx, script_id)
    if name.strip() == row["name"]:
        return
    name = checked_name(tx, row["client_id"], name)
    tx.execute(update(scripts).where(scripts.c.id == script_id).values(name=name))
    append(tx, Fact("script.renamed", script_id, row["client_id"]))


def checked_name(tx: Tx, client_id: str, name: str) -> str:
    """The name without blanks around it. Raises `ScriptError` when it is none, or taken."""
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ScriptError("台本の名前は、1文字以上100文字以内にしてください")
    taken = select(scripts.c.id).where(scripts.c.client_id == client_id, scripts.c.name == name)
    if tx.first(taken) is not None:
        raise ScriptError("同じ名前の台本があります")
    return name


def script_row(tx: Tx, script_id: str) -> RowMapping:
    """Raises `NoSuchScript`."""
    row = tx.first(select(scripts).where(scripts.c.id == script_id))
    if row is None:
        raise NoSuchScript(script_id)
    return row


def draft_of(tx: Tx, script_id: str) -> Draft | None:
    """What the authors have now; None when nothing is being written. Raises `NoSuchScript`."""
    row = script_row(tx, script_id)
    return text_of(tx, script_id, row["draft_id"]) if row["draft_id"] else None


def text_of(tx: Tx, script_id: str, text_id: str) -> Draft | None:
    """A text of this script."""
    row = tx.first(
        select(script_texts).where(
            script_texts.c.id == text_id, script_texts.c.script_id == script_id
        )
    )
    if row is None:
        return None
    return Draft(row["id"], row["text"], row["user_id"], row["at"], row["kind"])


def asides_of(tx: Tx, script_id: str) -> list[Draft]:
    """Texts that contradict the draft and wait for somebody to decide, oldest first."""
    return [
        Draft(row["id"], row["text"], row["user_id"], row["at"], row["kind"])
        for row in tx.all(
            select(script_texts)
            .where(script_texts.c.script_id == script_id, script_texts.c.kind == "aside")
            .order_by(script_texts.c.id)
        )
    ]


def save_draft(
    tx: Tx, script_id: str, text: str, base_id: str | None, user_id: str | None
) -> Kept | Contradiction:
    """Keeps what an author wrote, who had begun from the text `base_id` (None: from the published version).

    When nobody else wrote meanwhile it is the draft; otherwise both changes are merged by lines; when they contradict each
    other the draft stays and the text is kept aside. Nothing that was sent is ever lost. Raises `NoSuchScript`,
    `ScriptError` when the text is too long.
    """
    row = script_row(tx, script_id)
    text = normal(text)
    if len(text) > LONGEST_TEXT:
        raise ScriptError("台本が長すぎます。40万文字までです")
    now = text_of(tx, script_id, row["draft_id"]) if row["draft_id"] else None
    base = text_of(tx, script_id, base_id) if base_id else None
    if now is None and base is not None and base.text == text:
        # The last, unchanged save of a page whose draft was submitted or thrown away meanwhile.
        return Kept(base, False, base.id)
    if now is not None and now.text == text:
        return Kept(now, False, now.id)
    if now is None or now.id == base_id:
        draft = _put(tx, script_id, text, user_id, base_id)
        return Kept(draft, False, draft.id)
    # Who began without a draft began from what was published.
    old = base.text if base else (published_text(tx, script_id) if base_id is None else None)
    merged = merge(old, text, now.text) if old is not None else None
    if merged is None:
        return Contradiction(_keep(tx, script_id, text, user_id, "aside", base_id), now)
    if merged == now.text:
        return Kept(now, True, _keep(tx, script_id, text, user_id, "sent", base_id).id)
    sent = _keep(tx, script_id, text, user_id, "sent", base_id)
    return Kept(_put(tx, script_id, merged, user_id, now.id), True, sent.id)


def decide(
    tx: Tx, script_id: str, aside_id: str, text: str, base_id: str | None, user_id: str | None
) -> Kept | Contradiction:
    """Ends a contradiction with this text, written in sight of the draft `base_id`; as `save_draft`. Both texts stay among
    those that are kept. Raises `NoSuchScript`."""
    aside = text_of(tx, script_id, aside_id)
    if aside is None:
        raise NoSuchScript(aside_id)
    done = save_draft(tx, script_id, text, base_id, user_id)
    tx.execute(update(script_texts).where(script_texts.c.id == aside_id).values(kind="sent"))
    return done


def delete_draft(tx: Tx, script_id: str, base_id: str) -> bool:
    """Throws the draft away, if it is still the one that the author saw. A script without any version goes with it.
    Returns whether the script is still there. Raises `NoSuchScript`, `ScriptError` when it was changed meanwhile."""
    row = script_row(tx, script_id)
    if row["draft_id"] != base_id:
        raise ScriptError("下書きは別の方が書き換えています。確かめてから、もう一度お試しください")
    tx.execute(update(scripts).where(scripts.c.id == script_id).values(draft_id=None))
    versions = select(script_versions.c.id).where(script_versions.c.script_id == script_id)
    append(tx, Fact("script.draft_deleted", script_id, row["client_id"]))
    if tx.first(versions.limit(1)) is not None:
        return True
    tx.execute(delete(script_editors).where(script_editors.c.script_id == script_id))
    tx.execute(delete(script_texts).where(script_texts.c.script_id == script_id))
    tx.execute(delete(scripts).where(scripts.c.id == script_id))
    return False


def published_text(tx: Tx, script_id: str) -> str | None:
    """The text of the version that calls follow now."""
    row = tx.first(
        select(script_versions.c.text, script_versions.c.document).where(
            script_versions.c.id == scripts.c.published_version_id, scripts.c.id == script_id
        )
    )
    return version_text(row) if row else None


def version_text(row: RowMapping) -> str:
    """The text of a version; made from its document where none was kept."""
    text: str | None = row["text"]
    return text if text is not None else dump(msgspec.convert(row["document"], Script))


def _put(tx: Tx, script_id: str, text: str, user_id: str | None, base_id: str | None) -> Draft:
    """From now on this is the draft."""
    draft = _keep(tx, script_id, normal(text), user_id, "draft", base_id)
    tx.execute(update(scripts).where(scripts.c.id == script_id).values(draft_id=draft.id))
    _forget(tx, script_id)
    return draft


def _keep(
    tx: Tx, script_id: str, text: str, user_id: str | None, kind: str, base_id: str | None
) -> Draft:
    draft = Draft(new_id(), text, user_id, tx.now, kind)
    tx.execute(
        insert(script_texts).values(
            id=draft.id,
            script_id=script_id,
            text=text,
            user_id=user_id,
            kind=kind,
            base_id=base_id,
            at=tx.now,
        )
    )
    return draft


def _forget(tx: Tx, script_id: str) -> None:
    """Old texts that something newer stands on."""
    old = tx.scalar(
        select(script_texts.c.id)
        .where(script_texts.c.script_id == script_id, script_texts.c.kind != "aside")
        .order_by(script_texts.c.id.desc())
        .offset(KEPT)
        .limit(1)
    )
    if old is not None:
        tx.execute(
            delete(script_texts).where(
                script_texts.c.script_id == script_id,
                script_texts.c.kind != "aside",
                script_texts.c.id <= old,
            )
        )
