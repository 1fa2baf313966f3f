"""Suspected leaks: a case with the legal clock, steps that remind and then escalate, and a note when it is closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, delete, insert, select, update

from denwaban import audit
from denwaban.disclosure.law import Facts, What, steps
from denwaban.disclosure.rows import leak_cases, leak_steps
from denwaban.disclosure.sealing import case_words, of_case, of_step, step_note
from denwaban.journal import Fact, append
from denwaban.people import PeopleError, client
from denwaban.people.rows import clients
from denwaban.store import Store, Tx, new_id
from denwaban.texts import N_, clean_text
from denwaban.work import Duty

AGAIN = timedelta(days=1)
"""A step that is late is told of again after this long."""

LONGEST = 2_000


class NoSuchCase(LookupError):
    """There is no such case, or no such step in it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that has to be done by then."""

    id: str
    what: What
    by: datetime
    warned_at: datetime | None
    late_at: datetime | None
    done_at: datetime | None
    done_by: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Case:
    """A suspected leak."""

    id: str
    client_id: str
    client: str
    what: str
    facts: Facts
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None
    closing: str
    steps: tuple[Step, ...]

    @property
    def left(self) -> list[Step]:
        return [step for step in self.steps if step.done_at is None]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A step on the board: its time is near or past."""

    case_id: str
    client: str
    what: What
    by: datetime
    late: bool


def open_case(tx: Tx, client_id: str, what: str, facts: Facts, user_id: str) -> str:
    """Starts the clock; returns the case's id. Raises `PeopleError`."""
    if client(tx, client_id) is None:
        raise PeopleError("その顧客コードの企業はありません", "client")
    text = _text(what, "what", N_("何があったかを書いてください"))
    _look_at(tx, facts)
    case_id = new_id()
    tx.execute(
        insert(leak_cases).values(
            id=case_id,
            client_id=client_id,
            what=of_case.seal(tx, client_id, case_id, "what", text),
            **facts._asdict(),
            opened_at=tx.now,
            opened_by=user_id,
            closing="",
        )
    )
    _put_steps(tx, case_id, facts)
    _note(tx, "leak.opened", user_id, client_id, case_id)
    return case_id


def revise(tx: Tx, case_id: str, facts: Facts, user_id: str) -> None:
    """More is known: what is not done yet gets its dates anew. Raises `NoSuchCase`, `PeopleError`."""
    case = _open(tx, case_id)
    _look_at(tx, facts)
    tx.execute(update(leak_cases).where(leak_cases.c.id == case_id).values(**facts._asdict()))
    tx.execute(
        delete(leak_steps).where(leak_steps.c.case_id == case_id, leak_steps.c.done_at.is_(None))
    )
    _put_steps(tx, case_id, facts, done={step.what for step in case.steps if step.done_at})
    _note(tx, "leak.revised", user_id, case.client_id, case_id)


def done(tx: Tx, case_id: str, what: What, note: str, user_id: str) -> None:
    """A step is done; the note says who was told and how. Raises `NoSuchCase`, `PeopleError`."""
    case = _open(tx, case_id)
    step = next((step for step in case.left if step.what is what), None)
    if step is None:
        raise NoSuchCase(what)
    text = _text(note, what, N_("だれに、どう知らせたか(何をしたか)を書いてください"))
    sealed = of_step.seal(tx, case.client_id, step.id, "note", text)
    tx.execute(
        update(leak_steps)
        .where(leak_steps.c.id == step.id)
        .values(done_at=tx.now, done_by=user_id, note=sealed, due_at=None, leased_until=None)
    )
    _note(tx, "leak.step_done", user_id, case.client_id, case_id, step=what.value)


def close(tx: Tx, case_id: str, closing: str, user_id: str) -> None:
    """Ends the case; the note says how it came out and, where steps are left, why they are not needed. Raises `NoSuchCase`,
    `PeopleError`."""
    case = _open(tx, case_id)
    text = _text(closing, "closing", N_("結果を書いてください"))
    sealed = of_case.seal(tx, case.client_id, case_id, "closing", text)
    tx.execute(
        update(leak_cases)
        .where(leak_cases.c.id == case_id)
        .values(closed_at=tx.now, closed_by=user_id, closing=sealed)
    )
    tx.execute(
        update(leak_steps)
        .where(leak_steps.c.case_id == case_id)
        .values(due_at=None, leased_until=None)
    )
    _note(tx, "leak.closed", user_id, case.client_id, case_id, left=len(case.left))


def look(tx: Tx, step_id: str) -> None:
    """The moment of a step has come: it is near, or late, and then again every day until it is done. Idempotent: the same
    moment tells once."""
    row = tx.first(
        select(leak_steps, leak_cases.c.client_id)
        .join(leak_cases, leak_cases.c.id == leak_steps.c.case_id)
        .where(leak_steps.c.id == step_id, leak_steps.c.due_at <= tx.now)
    )
    if row is None:
        return
    late = row["by"] <= tx.now
    again = tx.now + AGAIN if late else row["by"]
    moment = {"late_at": row["late_at"] or tx.now} if late else {"warned_at": tx.now}
    tx.execute(
        update(leak_steps)
        .where(leak_steps.c.id == step_id)
        .values(due_at=again, leased_until=None, **moment)
    )
    append(
        tx,
        Fact(
            "leak.step_late" if late else "leak.step_near",
            row["case_id"],
            row["client_id"],
            {"step": row["what"]},
        ),
    )


def duty(store: Store) -> Duty:
    """Looking at steps whose moment has come."""

    async def do(step_id: str) -> None:
        await store.write(lambda tx: look(tx, step_id))

    return Duty("leak_steps", leak_steps, do)


def cases(tx: Tx, limit: int = 100) -> list[Case]:
    """Open ones first, then the newest."""
    rows = tx.all(
        _CASES.order_by(leak_cases.c.closed_at.is_not(None), leak_cases.c.known_at.desc()).limit(
            limit
        )
    )
    return _whole(tx, rows)


def case_of(tx: Tx, case_id: str) -> Case | None:
    found = _whole(tx, tx.all(_CASES.where(leak_cases.c.id == case_id)))
    return found[0] if found else None


def alarms(tx: Tx) -> list[Alarm]:
    """Steps that somebody was reminded of and that are not done, the nearest (longest late) first."""
    rows = tx.all(
        select(leak_steps, clients.c.name.label("client"))
        .join(leak_cases, leak_cases.c.id == leak_steps.c.case_id)
        .join(clients, clients.c.id == leak_cases.c.client_id)
        .where(
            leak_steps.c.due_at.is_not(None),
            leak_steps.c.warned_at.is_not(None) | leak_steps.c.late_at.is_not(None),
        )
        .order_by(leak_steps.c.by)
        .limit(50)
    )
    return [
        Alarm(
            row["case_id"], row["client"], What(row["what"]), row["by"], row["late_at"] is not None
        )
        for row in rows
    ]


_CASES = select(leak_cases, clients.c.name.label("client")).join(
    clients, clients.c.id == leak_cases.c.client_id
)


def _whole(tx: Tx, rows: Sequence[RowMapping]) -> list[Case]:
    found: dict[str, list[Step]] = {row["id"]: [] for row in rows}
    whose = {row["id"]: row["client_id"] for row in rows}
    for row in tx.all(
        select(leak_steps)
        .where(leak_steps.c.case_id.in_(found))
        .order_by(leak_steps.c.by, leak_steps.c.id)
    ):
        values = {name: row[name] for name in Step.__slots__}
        values |= {"what": What(row["what"]), "note": step_note(tx, whose[row["case_id"]], row)}
        found[row["case_id"]].append(Step(**values))
    return [
        Case(
            row["id"],
            row["client_id"],
            row["client"],
            case_words(tx, row, "what"),
            Facts(*(row[name] for name in Facts._fields)),
            row["opened_at"],
            row["opened_by"],
            row["closed_at"],
            row["closed_by"],
            case_words(tx, row, "closing"),
            tuple(found[row["id"]]),
        )
        for row in rows
    ]


def _open(tx: Tx, case_id: str) -> Case:
    found = case_of(tx, case_id)
    if found is None or found.closed_at is not None:
        raise NoSuchCase(case_id)
    return found


def _look_at(tx: Tx, facts: Facts) -> None:
    if facts.known_at > tx.now:
        raise PeopleError("知った時刻は、今までの時刻にしてください", "known_at")
    if facts.people is not None and not 0 <= facts.people <= 100_000_000:
        raise PeopleError("人数を確かめてください", "people")


def _put_steps(tx: Tx, case_id: str, facts: Facts, done: set[What] | None = None) -> None:
    fresh = [
        {
            "id": new_id(),
            "case_id": case_id,
            "what": step.what.value,
            "by": step.by,
            "due_at": step.remind_at,
            "note": "",
        }
        for step in steps(facts)
        if step.what not in (done or set())
    ]
    if fresh:
        tx.execute(insert(leak_steps), fresh)
    tx.touch(f"work:{leak_steps.name}")


def _text(text: str, field: str, lacking: str) -> str:
    plain = clean_text(text, lines=True)[:LONGEST]
    if not plain:
        raise PeopleError(lacking, field)
    return plain


def _note(
    tx: Tx, kind: str, user_id: str, client_id: str, case_id: str, **data: audit.Plain
) -> None:
    audit.record(tx, audit.Trace(kind, user_id, client_id, None, case_id, data))
    append(tx, Fact(kind, case_id, client_id, dict(data)))
