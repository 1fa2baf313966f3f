"""What a client wants of all its scripts: how they come into force, and what every one of them keeps to."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, select, update

from denwaban.journal import Fact, append
from denwaban.people import staff_of
from denwaban.scripts.life import DEFAULT_GRACE, LONGEST_GRACE, ScriptError
from denwaban.scripts.rows import script_settings
from denwaban.store import Question, Tx, among_these

MOST_TOPICS = 50
LONGEST_TOPIC = 30

BOUNDS: Mapping[str, tuple[int, int]] = {
    "shortest_promise": (5, 20_160),
    "longest_promise": (5, 20_160),
    "characters_per_minute": (100, 1000),
    "seconds_to_question": (10, 600),
    "depth": (1, 20),
    "branches": (2, 9),
}
"""The least and the most of each number."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What every script of the client keeps to; lint and the seat hold it."""

    may_promise: bool = True
    """Whether callers may be promised a time at all."""
    shortest_promise: int = 5
    """Minutes."""
    longest_promise: int = 20_160
    """Minutes."""
    restricted: tuple[str, ...] = ()
    """Topics that nobody hears of before the identity check, in whichever script."""
    characters_per_minute: int = 300
    """How fast Japanese is read aloud."""
    seconds_to_question: int = 90
    """The longest a caller listens before the first question."""
    depth: int = 5
    """Decisions on one way through a script."""
    branches: int = 7
    """Branches of one decision, 「それ以外」 not counted."""
    promisers: tuple[str, ...] = ()
    """Ids of the staff who may be named for a promise; empty: everybody."""


USUAL = Terms()


class NotOnRoster(ScriptError):
    """Somebody who is to keep promises is not on the client's roster."""


@dataclass(frozen=True, slots=True)
class ScriptSettings:
    """What a client wants of its scripts."""

    approval: bool = False
    """The client says yes to each version before it is published."""
    grace: timedelta = DEFAULT_GRACE
    """For operators to read a change."""
    terms: Terms = USUAL


def settings_of(tx: Tx, client_id: str) -> ScriptSettings:
    """What the client wants; the usual when it has not said."""
    row = tx.first(_ONE, {"it": client_id})
    return _settings(row) if row is not None else ScriptSettings()


# Built once: asked at every key of every seat.
_ONE = Question(select(script_settings).where(script_settings.c.client_id == bindparam("it")))


def settings_of_all(tx: Tx, client_ids: Iterable[str]) -> dict[str, ScriptSettings]:
    """The same of many in one query; who has not said is left out."""
    rows = tx.all(
        select(script_settings).where(among_these(script_settings.c.client_id, client_ids))
    )
    return {row["client_id"]: _settings(row) for row in rows}


def _settings(row: RowMapping) -> ScriptSettings:
    return ScriptSettings(
        row["approval"],
        timedelta(minutes=row["grace_minutes"]),
        Terms(
            row["may_promise"],
            row["shortest_promise"],
            row["longest_promise"],
            tuple(row["restricted_topics"] or ()),
            row["characters_per_minute"],
            row["seconds_to_question"],
            row["depth"],
            row["branches"],
            tuple(row["promisers"] or ()),
        ),
    )


def set_settings(
    tx: Tx, client_id: str, wanted: ScriptSettings, user_id: str | None = None
) -> None:
    """Holds for what is submitted and published from now on, and the terms for what is said at the seat from now on. The
    journal keeps who changed what from what. Raises `ScriptError`."""
    if not timedelta(0) <= wanted.grace <= LONGEST_GRACE:
        raise ScriptError("猶予は、0分から30日までにしてください")
    terms = _checked(wanted.terms)
    on_roster = {one.id for one in staff_of(tx, client_id, left=True)}
    if not on_roster.issuperset(terms.promisers):
        raise NotOnRoster("お約束を守る方は、名簿から選んでください")
    before = settings_of(tx, client_id)
    values = {
        "approval": wanted.approval,
        "grace_minutes": int(wanted.grace.total_seconds() // 60),
        **{name: value for name, value in asdict(terms).items() if name != "restricted"},
        "restricted_topics": list(terms.restricted),
        "promisers": list(terms.promisers),
        "updated_at": tx.now,
    }
    where = script_settings.c.client_id == client_id
    if tx.first(select(script_settings.c.client_id).where(where)) is None:
        tx.execute(insert(script_settings).values(client_id=client_id, **values))
    else:
        tx.execute(update(script_settings).where(where).values(**values))
    changed = _changed(before, ScriptSettings(wanted.approval, wanted.grace, terms))
    data = {"user_id": user_id, "changed": changed}
    append(tx, Fact("script.settings_changed", client_id, client_id, data))


def _checked(terms: Terms) -> Terms:
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(terms, name) <= most:
            raise ScriptError("数が大きすぎるか、小さすぎます。範囲の中の数を書いてください")
    if terms.shortest_promise > terms.longest_promise:
        raise ScriptError("お約束の時間は、短い方を長い方より後にできません")
    topics = tuple(dict.fromkeys(text for one in terms.restricted if (text := one.strip())))
    if len(topics) > MOST_TOPICS or any(len(one) > LONGEST_TOPIC for one in topics):
        raise ScriptError("話題は50件まで、それぞれ30文字以内にしてください")
    promisers = tuple(dict.fromkeys(terms.promisers))
    return Terms(**{**asdict(terms), "restricted": topics, "promisers": promisers})


def _changed(before: ScriptSettings, after: ScriptSettings) -> dict[str, list[Any]]:
    """[old, new] of what is another now. Of the topics their number: their words are the client's."""
    told = [_told(before), _told(after)]
    changed = {name: [told[0][name], told[1][name]] for name in told[0]}
    found = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if before.terms.restricted != after.terms.restricted:
        found["restricted"] = changed["restricted"]
    return found


def _told(one: ScriptSettings) -> dict[str, Any]:
    return {
        "approval": one.approval,
        "grace_minutes": int(one.grace.total_seconds() // 60),
        **asdict(one.terms),
        "restricted": len(one.terms.restricted),
    }
