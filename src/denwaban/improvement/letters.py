"""Letters to the authors of a script: its week's list is there, its review is due.

An author whose account is a mail address gets a mail; everybody who writes scripts sees the number in the menu, so that
nothing waits unseen where no mail goes out."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import RowMapping, func, insert, select, union, update

from denwaban.access import Role
from denwaban.access import rows as access_rows
from denwaban.delivery import Channels, Letter, NotSetUp, Outcome, Retry, Sent, wait_after
from denwaban.improvement.model import Decision
from denwaban.improvement.rows import author_letters, script_marks, script_proposals
from denwaban.people import rows as people_rows
from denwaban.scripts import rows as scripts_rows
from denwaban.store import Store, Tx, new_id
from denwaban.work import Duty

_users, _clients = access_rows.users, people_rows.clients
_scripts, _versions = scripts_rows.scripts, scripts_rows.script_versions
_texts = scripts_rows.script_texts

LIST, REVIEW = "list", "review"

ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""What an account must look like for mail to go there."""

WRITERS = [Role.SUPERVISOR.value, Role.ADMINISTRATOR.value]

LEASE = timedelta(seconds=90)
"""Longer than one mail may take."""


@dataclass(frozen=True, slots=True)
class Told:
    """A letter as the script's page shows it."""

    name: str
    what: str
    day: date
    sent_at: datetime | None
    trouble: str
    """Why it did not go out; empty: it did, or is on its way."""


def write_letters(tx: Tx, script_id: str, client_id: str, what: str, day: date) -> int:
    """One to each author with an address; returns how many. The same of the same day is written once."""
    same = (
        author_letters.c.script_id == script_id,
        author_letters.c.what == what,
        author_letters.c.day == day,
    )
    known = {row["user_id"] for row in tx.all(select(author_letters.c.user_id).where(*same))}
    wanted = [one for one in _authors(tx, script_id) if one not in known]
    for user_id in wanted:
        tx.execute(
            insert(author_letters).values(
                id=new_id(),
                user_id=user_id,
                script_id=script_id,
                client_id=client_id,
                what=what,
                day=day,
                made_at=tx.now,
                tries=0,
                trouble="",
                due_at=tx.now,
            )
        )
    if wanted:
        tx.touch(f"work:{author_letters.name}")
    return len(wanted)


def _authors(tx: Tx, script_id: str) -> list[str]:
    """Who wrote a text or a version of the script, still writes scripts, and has an address."""
    wrote = union(
        select(_versions.c.author_id).where(_versions.c.script_id == script_id),
        select(_texts.c.user_id).where(_texts.c.script_id == script_id),
    )
    rows = tx.all(
        select(_users.c.id, _users.c.login)
        .where(_users.c.id.in_(wrote), _users.c.role.in_(WRITERS), _users.c.disabled_at.is_(None))
        .order_by(_users.c.id)
    )
    return [row["id"] for row in rows if ADDRESS.fullmatch(row["login"])]


def letters_of(tx: Tx, script_id: str, limit: int = 10) -> list[Told]:
    """The newest first."""
    return [
        Told(row["name"], row["what"], row["day"], row["sent_at"], row["trouble"])
        for row in tx.all(
            select(author_letters, _users.c.name)
            .join(_users, _users.c.id == author_letters.c.user_id)
            .where(author_letters.c.script_id == script_id)
            .order_by(author_letters.c.made_at.desc(), author_letters.c.id)
            .limit(limit)
        )
    ]


def count_waiting(tx: Tx) -> int:
    """How many scripts have something to decide on: open proposals, or a mark."""
    some = union(
        select(script_proposals.c.script_id).where(script_proposals.c.state == Decision.OPEN.value),
        select(script_marks.c.script_id).where(script_marks.c.cleared_at.is_(None)),
    )
    count: int = tx.scalar(select(func.count()).select_from(some.subquery()))
    return count


def letter(tx: Tx, letter_id: str, url: str) -> Letter | None:
    """What goes out now; None when it has gone, or its reader has left. The same id gives the same mail."""
    row = tx.first(
        select(
            author_letters,
            _users.c.login,
            _users.c.name.label("user"),
            _users.c.disabled_at,
            _scripts.c.name.label("script"),
            _clients.c.name.label("client"),
        )
        .join(_users, _users.c.id == author_letters.c.user_id)
        .join(_scripts, _scripts.c.id == author_letters.c.script_id)
        .join(_clients, _clients.c.id == author_letters.c.client_id)
        .where(author_letters.c.id == letter_id)
    )
    if row is None or row["due_at"] is None:
        return None
    if row["disabled_at"] is not None:
        _set(tx, letter_id, due_at=None)
        return None
    title, told = _words(tx, row)
    text = (
        f"{row['user']} 様\n\n{told}\n\n{url}/scripts/{row['script_id']}/improvement\n\n"
        "このメールは、台本を書いた方に電話番からお送りしています。\n"
    )
    subject = f"【{title}】{row['client']} {row['script']}"
    return Letter(f"script-{letter_id}", row["login"], row["user"], subject, text, row["made_at"])


def _words(tx: Tx, row: RowMapping) -> tuple[str, str]:
    called = f"{row['client']} の台本「{row['script']}」"
    if row["what"] == REVIEW:
        return (
            "台本の見直し",
            f"{called}の見直しの日です。中身を確かめて、次の見直しの日をお書きください。",
        )
    count = tx.scalar(
        select(func.count()).where(
            script_proposals.c.script_id == row["script_id"],
            script_proposals.c.state == Decision.OPEN.value,
        )
    )
    return "台本の改善", (
        f"{row['day']:%Y/%m/%d} からの週の電話から、{called}に提案が {count} 件あります。\n"
        "証拠の通話を見て、採用・見送り・来週また見る、のどれかをお選びください。"
    )


def duty(
    store: Store, url: str, channels: Channels, chance: Callable[[], float] = random.random
) -> Duty:
    """Sending letters. A crash between the server's yes and our note sends a second copy under the same Message-ID."""

    async def do(letter_id: str) -> None:
        found = await store.write(lambda tx: letter(tx, letter_id, url))
        if found is None:
            return
        outcome = await channels.letter(found)
        await store.write(lambda tx: _note(tx, letter_id, outcome, chance()))

    return Duty(
        "letters to authors", author_letters, do, lease=LEASE, late_after=timedelta(hours=2)
    )


def _note(tx: Tx, letter_id: str, outcome: Outcome, chance: float) -> None:
    if isinstance(outcome, Sent):
        _set(tx, letter_id, due_at=None, sent_at=tx.now, trouble="")
        return
    row = tx.first(select(author_letters.c.tries).where(author_letters.c.id == letter_id))
    tries = (row["tries"] if row is not None else 0) + 1
    wait = wait_after(tries, outcome.after, chance) if isinstance(outcome, Retry) else None
    # Without a mail server the menu tells of it; that is no trouble with this letter.
    trouble = "" if isinstance(outcome, NotSetUp) or wait is not None else outcome.why
    due = tx.now + wait if wait is not None else None
    _set(tx, letter_id, due_at=due, tries=tries, trouble=trouble)


def _set(tx: Tx, letter_id: str, **values: object) -> None:
    same = author_letters.c.id == letter_id
    tx.execute(update(author_letters).where(same).values(leased_until=None, **values))
