"""Whatever is done with a script, what was published stays as it was published: any acts, in any order."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.pool import StaticPool
from tests.some_people import a_client
from tests.thorough import examples

from denwaban.scripts import (
    NoSuchScript,
    ScriptError,
    ScriptSettings,
    approve,
    delete_draft,
    draft_of,
    findings,
    give_back,
    new_script,
    rehearsal_version,
    release,
    rename_script,
    roll_back,
    save_draft,
    set_settings,
    submit,
    withdraw,
)
from denwaban.scripts.authoring import publish_due
from denwaban.scripts.plain import PLAIN
from denwaban.scripts.rows import script_versions, scripts
from denwaban.store import Tx, metadata

BEGAN = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
Act = Callable[[Tx, str, list[str], int], object]


@pytest.fixture(scope="module")
def database() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def text(number: int) -> str:
    return PLAIN.replace("ありがとうございます。", f"ありがとうございます。その{number}。", 1)


def submitted(tx: Tx, script: str, _versions: list[str], number: int) -> None:
    save_draft(tx, script, text(number), None, None)
    draft = draft_of(tx, script)
    assert draft is not None
    why = {one.key: "そのままで" for one in findings(tx, script, draft.text)[1]}
    submit(tx, script, draft.id, reason=f"理由{number}", warnings=why)


def on_one(verb: Callable[[Tx, str], object]) -> Act:
    """An act on one of the versions there are."""
    return lambda tx, _script, versions, number: (
        verb(tx, versions[number % len(versions)]) if versions else None
    )


def thrown_away(tx: Tx, script: str, _versions: list[str], _number: int) -> None:
    draft = draft_of(tx, script)
    if draft is not None:
        delete_draft(tx, script, draft.id)


ACTS: dict[str, Act] = {
    "submit": submitted,
    "release": on_one(lambda tx, one: release(tx, one, None)),
    "schedule": on_one(lambda tx, one: release(tx, one, None, tx.now + timedelta(minutes=1))),
    "due": on_one(publish_due),
    "approve": on_one(lambda tx, one: approve(tx, one, None)),
    "give back": on_one(lambda tx, one: give_back(tx, one, None, "直してください")),
    "withdraw": on_one(lambda tx, one: withdraw(tx, one, None)),
    "roll back": on_one(lambda tx, one: roll_back(tx, one, None)),
    "type": lambda tx, script, _v, n: save_draft(tx, script, text(n), None, None),
    "throw away": thrown_away,
    "rename": lambda tx, script, _v, n: rename_script(tx, script, f"名前{n}"),
    "try": lambda tx, script, _v, n: rehearsal_version(tx, script, text(n)),
    "approval": lambda tx, script, _v, n: set_settings(
        tx, client_of(tx), ScriptSettings(approval=n % 2 == 0)
    ),
}


def client_of(tx: Tx) -> str:
    return str(tx.scalar(select(scripts.c.client_id)))


def published(tx: Tx) -> dict[str, tuple[object, ...]]:
    rows = tx.all(select(script_versions).where(script_versions.c.published_at.is_not(None)))
    return {row["id"]: tuple(row.values()) for row in rows}


@pytest.mark.req("B18")
@settings(max_examples=examples(60))
@given(
    begun=st.integers(0, 9),
    acts=st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 9)), max_size=12),
)
def test_a_published_version_stays_whatever_happens(
    database: Connection, begun: int, acts: list[tuple[str, int]]
) -> None:
    with database.begin() as transaction:
        tx = Tx(database, BEGAN)
        script = new_script(tx, a_client(tx), "受付", text(begun), None)
        # The first is on the phone: without one nothing could change.
        submitted(tx, script, [], begun)
        release(tx, _newest(tx), None)
        known = published(tx)
        for place, (name, number) in enumerate(acts):
            tx = Tx(database, BEGAN + timedelta(minutes=place + 1))
            versions = [row["id"] for row in tx.all(select(script_versions.c.id))]
            with suppress(ScriptError, NoSuchScript), database.begin_nested():
                ACTS[name](tx, script, versions, number)
            now = published(tx)
            assert {key: now.get(key) for key in known} == known, name
            known = now
        event(f"published {len(known)}")
        transaction.rollback()


def _newest(tx: Tx) -> str:
    return str(tx.scalar(select(script_versions.c.id).order_by(script_versions.c.id.desc())))
