"""The week's list of a script: what calls told, made into proposals."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import RowMapping, func, insert, select, update

from denwaban.improvement.letters import LIST, write_letters
from denwaban.improvement.model import (
    LEAST,
    QUIET_WEEKS,
    SHARE,
    SHOWN_CALLS,
    SHOWN_WORDS,
    WEEK,
    Decision,
    Found,
    Kind,
    week_bounds,
)
from denwaban.improvement.rows import (
    node_use,
    script_notes,
    script_proposals,
    script_weeks,
    unexpected_questions,
)
from denwaban.improvement.sealing import question_words
from denwaban.improvement.similar import groups
from denwaban.journal import Fact, append
from denwaban.scripts import rows as scripts_rows
from denwaban.scripts import said_in
from denwaban.store import Store, Tx, new_id
from denwaban.work import Duty

_versions = scripts_rows.script_versions

Said = tuple[str, str, str, str]
"""(call, run or empty, answer or question, words)."""


def found_in(tx: Tx, week: RowMapping) -> list[Found]:
    """What the week of a row of `script_weeks` gives reason to propose; changes nothing."""
    begin, end = week_bounds(week["monday"])
    notes = tx.all(
        select(script_notes)
        .where(
            script_notes.c.script_id == week["script_id"],
            script_notes.c.at >= begin,
            script_notes.c.at < end,
        )
        .order_by(script_notes.c.id)
    )
    visits = _visits(tx, week)
    return [
        *_unexpected(tx, week, visits.get("", 0)),
        *_otherwise(tx, [n for n in notes if n["what"] == Kind.OTHERWISE], visits),
        *_counted([n for n in notes if n["what"] != Kind.OTHERWISE], visits),
    ]


def _visits(tx: Tx, week: RowMapping) -> dict[str, int]:
    """Of each node in that week, in all versions; of whole calls under the empty name."""
    days = [week["monday"] + timedelta(days=n) for n in (0, 6)]
    return {
        row["node"]: int(row["visits"])
        for row in tx.all(
            select(node_use.c.node, func.sum(node_use.c.visits).label("visits"))
            .join(_versions, _versions.c.id == node_use.c.version_id)
            .where(
                _versions.c.script_id == week["script_id"],
                node_use.c.day.between(days[0], days[1]),
            )
            .group_by(node_use.c.node)
        )
    }


def _unexpected(tx: Tx, week: RowMapping, calls: int) -> list[Found]:
    begin, end = week_bounds(week["monday"])
    said = [
        # Counted, but like nothing: what is shown instead is nobody's question.
        (row["call_id"], "", row["id"], question_words(tx, row, ""))
        for row in tx.all(
            select(unexpected_questions)
            .where(
                unexpected_questions.c.script_id == week["script_id"],
                unexpected_questions.c.at >= begin,
                unexpected_questions.c.at < end,
                unexpected_questions.c.withdrawn_at.is_(None),
            )
            .order_by(unexpected_questions.c.at, unexpected_questions.c.id)
        )
    ]
    where = {
        row["id"]: row["node"]
        for row in tx.all(
            select(unexpected_questions.c.id, unexpected_questions.c.node).where(
                unexpected_questions.c.id.in_([one[2] for one in said[:1000]])
            )
        )
    }
    found = _grouped(Kind.UNEXPECTED, "", said, calls)
    together = {place for group in found for place in group.words}
    rest = [one for one in said if (one[1], one[2]) not in together]
    # Where most of them were asked is where a branch may help.
    found = [
        Found(
            one.kind,
            _most([where.get(word[1], "") for word in one.words]),
            one.label,
            one.count,
            one.of,
            one.calls,
            one.words,
        )
        for one in found
    ]
    if rest:
        found.append(_of_words(Kind.UNEXPECTED, "", "", rest, calls))
    return found


def _otherwise(tx: Tx, notes: Sequence[RowMapping], visits: dict[str, int]) -> list[Found]:
    by_node: dict[str, list[RowMapping]] = defaultdict(list)
    for note in notes:
        by_node[note["node"]].append(note)
    found = []
    for node, mine in by_node.items():
        words: dict[tuple[str, str], str] = {}
        runs = [note["run_id"] for note in mine]
        for begin in range(0, len(runs), 500):
            words |= said_in(
                tx, runs[begin : begin + 500], {note["field"] for note in mine}, instead=""
            )
        said = [
            (n["call_id"], n["run_id"], n["field"], words.get((n["run_id"], n["field"]), ""))
            for n in mine
        ]
        found += _grouped(Kind.OTHERWISE, node, said, visits.get(node, 0))
    return found


def _grouped(kind: Kind, node: str, said: Sequence[Said], of: int) -> list[Found]:
    return [
        _of_words(kind, node, group.label, [said[place] for place in group.places], of)
        for group in groups([words for _call, _run, _answer, words in said])
    ]


def _of_words(kind: Kind, node: str, label: str, said: Sequence[Said], of: int) -> Found:
    calls = tuple(dict.fromkeys(call for call, _run, _answer, _words in said))
    places = tuple((run, answer) for _call, run, answer, _words in said)
    return Found(kind, node, label[:100], len(said), of, calls, places)


def _counted(notes: Iterable[RowMapping], visits: dict[str, int]) -> list[Found]:
    by_what: dict[tuple[str, str, str], list[RowMapping]] = defaultdict(list)
    for note in notes:
        by_what[note["what"], note["node"], note["label"]].append(note)
    found = []
    for (what, node, label), mine in by_what.items():
        kind = Kind(what)
        of = visits.get("" if kind in (Kind.SKIPPED, Kind.EVASIVE) else node, 0)
        if len(mine) < LEAST[kind] or len(mine) < of * SHARE.get(kind, 0):
            continue
        calls = tuple(dict.fromkeys(note["call_id"] for note in mine))
        words = (
            tuple((note["run_id"], note["field"]) for note in mine) if kind is Kind.EVASIVE else ()
        )
        found.append(Found(kind, node, label, len(mine), of, calls, words))
    return found


def _most(names: Sequence[str]) -> str:
    return max(sorted(set(names)), key=names.count) if names else ""


def close(tx: Tx, week_id: str, found: Sequence[Found]) -> int:
    """Puts the list down and tells the journal; returns how many proposals are open. What stands open from before and is
    found again takes the new evidence; what was postponed comes back; what was declined stays so for `QUIET_WEEKS`; what
    was accepted is not proposed again before it is on the phone. A list that is closed already stays as it is."""
    week = tx.first(select(script_weeks).where(script_weeks.c.id == week_id))
    if week is None or week["closed_at"] is not None:
        return 0
    script_id = week["script_id"]
    mine = script_proposals.c.script_id == script_id
    tx.execute(
        update(script_proposals)
        .where(mine, script_proposals.c.state == Decision.POSTPONED.value)
        .values(state=Decision.OPEN.value, week_id=week_id)
    )
    known: dict[tuple[str, str, str], RowMapping] = {}
    for row in tx.all(select(script_proposals).where(mine).order_by(script_proposals.c.id)):
        known[row["what"], row["node"], row["label"]] = row
    published_at = tx.scalar(
        select(_versions.c.published_at)
        .join(scripts_rows.scripts, scripts_rows.scripts.c.published_version_id == _versions.c.id)
        .where(scripts_rows.scripts.c.id == script_id)
    )
    for one in found:
        before = known.get(one.key)
        state = Decision(before["state"]) if before is not None else None
        values = {
            "week_id": week_id,
            "count": one.count,
            "of": one.of,
            "calls": list(one.calls[-SHOWN_CALLS:]),
            "words": [list(place) for place in one.words[-SHOWN_WORDS:]],
            "made_at": tx.now,
        }
        if before is not None and state is Decision.OPEN:
            same = script_proposals.c.id == before["id"]
            tx.execute(update(script_proposals).where(same).values(**values))
            continue
        if before is not None and before["decided_at"] is not None:
            quiet = before["decided_at"] + WEEK * QUIET_WEEKS > tx.now
            waits = published_at is None or published_at < before["decided_at"]
            if quiet if state is Decision.DECLINED else waits:
                continue
        tx.execute(
            insert(script_proposals).values(
                id=new_id(),
                script_id=script_id,
                client_id=week["client_id"],
                what=one.kind.value,
                node=one.node,
                label=one.label,
                state=Decision.OPEN.value,
                reason="",
                **values,
            )
        )
    tx.execute(
        update(script_weeks)
        .where(script_weeks.c.id == week_id)
        .values(closed_at=tx.now, due_at=None, leased_until=None)
    )
    count: int = tx.scalar(
        select(func.count())
        .select_from(script_proposals)
        .where(mine, script_proposals.c.state == Decision.OPEN.value)
    )
    data = {"week_id": week_id, "monday": week["monday"].isoformat(), "open": count}
    append(tx, Fact("script.improvements_listed", script_id, week["client_id"], data))
    if count:
        write_letters(tx, script_id, week["client_id"], LIST, week["monday"])
    return count


def duty(store: Store) -> Duty:
    """Making the week's lists. What calls told is read beside the writer; the list is written in one transaction, so a crash
    leaves none or a whole one, and the lease brings it back."""

    async def do(week_id: str) -> None:
        def read(tx: Tx) -> list[Found]:
            week = tx.first(select(script_weeks).where(script_weeks.c.id == week_id))
            return found_in(tx, week) if week is not None else []

        found = await store.read(read)
        await store.write(lambda tx: close(tx, week_id, found))

    return Duty("script improvements", script_weeks, do, at_once=4, late_after=timedelta(hours=4))
