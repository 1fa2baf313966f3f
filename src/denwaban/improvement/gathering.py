"""From the journal to figures and notes: each call is looked at once, when it is over, and never again."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import RowMapping, insert, select, update

from denwaban.calls import Call, Outcome, call
from denwaban.clock import JST, Clock
from denwaban.improvement import marks
from denwaban.improvement.figures import Use, bucket
from denwaban.improvement.model import SLOW_AFTER, SLOW_SECONDS, SLOW_TIMES, Kind
from denwaban.improvement.questions import need_list
from denwaban.improvement.reviews import plan_review
from denwaban.improvement.rows import gathered, node_use, script_notes
from denwaban.journal import Entry, after
from denwaban.scripts import (
    EVASIVE,
    NOT_ASKED,
    OTHERWISE,
    Decide,
    End,
    Fork,
    RunView,
    run_of_call,
    says,
)
from denwaban.scripts import rows as scripts_rows
from denwaban.store import Store, StoreError, Tx, new_id

log = structlog.get_logger(__name__)

script_versions, runs = scripts_rows.script_versions, scripts_rows.runs

EVERY = timedelta(seconds=5)

AT_ONCE = 20
"""Facts in one transaction: calls wait for the same writer."""

OLD = timedelta(days=14)
"""Calls before that (a journal from before this slice) count in the figures, but no proposal is made of them."""

_OURS = "journal"

Key = tuple[str, date, str]
"""(version, day, node)."""


REST = 4
"""For every second of gathering so many are left to others: it takes a fifth of the writer's time at most."""


class Gatherer:
    """Follows the journal for ever. Any number of programs may: what one has taken, the others leave out."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. A database that is away is tried again."""
        seq: int | None = None
        while True:
            try:
                if seq is None:
                    seq = await self._store.read(gathered_until)
                seq = await self.catch_up(seq)
            except StoreError:
                log.warning("improvement.store_away")
            await self._clock.sleep_until(self._clock.now() + EVERY)

    async def catch_up(self, seq: int) -> int:
        """Takes everything after `seq`; returns how far it came. Where nothing of ours was, only memory moves on."""
        while entries := await self._store.read(partial(after, seq=seq)):
            ours = [entry for entry in entries if wanted(entry)]
            for begin in range(0, len(ours), AT_ONCE):
                started = time.monotonic()
                await self._store.write(partial(gather, entries=ours[begin : begin + AT_ONCE]))
                # Years of calls may wait to be taken: those that ring now come first.
                await asyncio.sleep((time.monotonic() - started) * REST)
            seq = entries[-1].seq
        return seq


def gathered_until(tx: Tx) -> int:
    """The place in the journal up to which everything is taken."""
    return tx.scalar(select(gathered.c.seq).where(gathered.c.id == _OURS)) or 0


def wanted(entry: Entry) -> bool:
    kind = entry.fact.kind
    return kind in ("call.ended", "report.sent") or marks.concerned(kind)


def gather(tx: Tx, entries: Sequence[Entry]) -> None:
    """Takes these facts, in order; those that were taken before are left out. All of it or nothing."""
    done = tx.scalar(select(gathered.c.seq).where(gathered.c.id == _OURS))
    uses: dict[Key, Use] = {}
    for entry in entries:
        if entry.seq <= (done or 0):
            continue
        if entry.fact.kind == "call.ended":
            _call_ended(tx, entry.fact.subject, entry.at, uses)
        elif entry.fact.kind == "report.sent":
            _report_sent(tx, str(entry.fact.data["call_id"]), entry.at)
        else:
            marks.follow(tx, entry.fact)
            if entry.fact.kind == "script.published" and entry.fact.client_id is not None:
                plan_review(tx, entry.fact.subject, entry.fact.client_id)
    _count(tx, uses)
    seq = max(done or 0, entries[-1].seq)
    if done is None:
        tx.execute(insert(gathered).values(id=_OURS, seq=seq))
    else:
        tx.execute(update(gathered).where(gathered.c.id == _OURS).values(seq=seq))


def _followed(tx: Tx, call_id: str) -> tuple[Call, RunView, RowMapping] | None:
    """A real call that followed a script, its run, and which version that was."""
    found = call(tx, call_id)
    if found is None or found.practice or found.client_id is None:
        return None
    run = run_of_call(tx, call_id)
    if run is None:
        return None
    version = tx.first(
        select(script_versions.c.id, script_versions.c.script_id)
        .join(runs, runs.c.script_version_id == script_versions.c.id)
        .where(runs.c.id == run.id)
    )
    return (found, run, version) if version is not None else None


def _call_ended(tx: Tx, call_id: str, at: datetime, uses: dict[Key, Use]) -> None:
    followed = _followed(tx, call_id)
    if followed is None:
        return
    found, run, version = followed
    ended = found.ended_at or at
    day = ended.astimezone(JST).date()

    def use(node: str) -> Use:
        return uses.setdefault((version["id"], day, node), Use())

    use("").visits += 1
    for place, step in enumerate(run.path):
        here = use(step.node)
        here.visits += 1
        left = run.path[place + 1].at if place + 1 < len(run.path) else ended
        if step.at is not None and left is not None and left >= step.at:
            seconds = (left - step.at).total_seconds()
            if _slow(tx, version["id"], step.node, here, seconds):
                _note(tx, run, version["script_id"], Kind.SLOW, step.node, at)
            name = bucket(seconds)
            here.times[name] = here.times.get(name, 0) + 1
        if isinstance(run.script.node(step.node), Decide) and step.choice.isdigit():
            here.forks += 1
            here.otherwise += step.choice == OTHERWISE
    if not isinstance(run.node, End) and found.outcome is Outcome.ANSWERED:
        use(run.node.id).drops += 1
        use("").drops += 1
        _note(tx, run, version["script_id"], Kind.DROPPED, run.node.id, at)


def _slow(tx: Tx, version_id: str, node: str, counted: Use, seconds: float) -> bool:
    """Asked of long visits only: what was usual at this node until now is read from its rows."""
    if seconds < SLOW_SECONDS:
        return False
    before = Use()
    before.add(counted)
    for row in tx.all(
        select(node_use).where(node_use.c.version_id == version_id, node_use.c.node == node)
    ):
        before.add(use_of(row))
    usual = before.median
    timed = sum(before.times.values())
    return usual is not None and timed >= SLOW_AFTER and seconds >= usual * SLOW_TIMES


def _report_sent(tx: Tx, call_id: str, at: datetime) -> None:
    followed = _followed(tx, call_id)
    if followed is None:
        return
    _found, run, version = followed
    script_id = version["script_id"]
    for fork, field in _otherwise(run):
        _note(tx, run, script_id, Kind.OTHERWISE, fork, at, field=field)
    for name, answer in sorted(run.answers.items()):
        if _operators_own(run, name):
            for phrase in _phrases(run, answer.value):
                _note(tx, run, script_id, Kind.EVASIVE, "", at, label=phrase, field=name)
    skipped = [field.id for field in run.missing]
    skipped += [
        field.id
        for node in run.walked
        for field in node.ask
        if run.value(field.id).strip() == NOT_ASKED
    ]
    for item in dict.fromkeys([*skipped, *run.unsaid]):
        node = next((n.id for n in run.script.nodes if any(f.id == item for f in n.ask)), "")
        _note(tx, run, script_id, Kind.SKIPPED, node, at, label=item)


def _otherwise(run: RunView) -> list[tuple[str, str]]:
    """(fork, answer) where それ以外 was chosen and words were written down until the next fork, or at the fork itself."""
    found = []
    for place, step in enumerate(run.path):
        node = run.script.node(step.node)
        if not isinstance(node, Decide) or step.choice != OTHERWISE:
            continue
        asked = list(node.ask)
        for later in run.path[place + 1 :]:
            then = run.script.node(later.node)
            asked += then.ask
            if isinstance(then, Fork):
                break
        texts = [
            f.id
            for f in asked
            if f.type == "text"
            and f.purpose in ("", "what_for", "note")
            and run.value(f.id).strip() not in ("", NOT_ASKED)
        ]
        # What the call was about says more than the rest.
        texts.sort(key=lambda name: _purpose(run, name) != "what_for")
        if texts:
            found.append((node.id, texts[0]))
    return found


def _purpose(run: RunView, name: str) -> str:
    field = run.script.field(name)
    return field.purpose if field is not None else ""


def _operators_own(run: RunView, name: str) -> bool:
    """Whether operators write here what they did and told; what callers said is theirs to say as they like."""
    return name in ("report.done", "report.note") or _purpose(run, name) == "note"


def _phrases(run: RunView, text: str) -> list[str]:
    found = [match[0] for match in EVASIVE.finditer(text)]
    found += [one.words for one in run.script.head.forbidden if says(text, one.words)]
    return list(dict.fromkeys(found))


def _note(
    tx: Tx,
    run: RunView,
    script_id: str,
    kind: Kind,
    node: str,
    at: datetime,
    label: str = "",
    field: str = "",
) -> None:
    if at < tx.now - OLD:
        return
    tx.execute(
        insert(script_notes).values(
            id=new_id(),
            script_id=script_id,
            client_id=run.client_id,
            call_id=run.call_id,
            run_id=run.id,
            what=kind.value,
            node=node,
            label=label[:100],
            field=field,
            # Of the list that is still open, also when we were late.
            at=tx.now,
        )
    )
    need_list(tx, script_id, run.client_id, tx.now)


def use_of(row: RowMapping) -> Use:
    """From a row of `node_use`."""
    return Use(row["visits"], row["drops"], row["forks"], row["otherwise"], dict(row["times"]))


def _count(tx: Tx, uses: dict[Key, Use]) -> None:
    for (version_id, day, node), more in uses.items():
        mine = (
            (node_use.c.version_id == version_id)
            & (node_use.c.day == day)
            & (node_use.c.node == node)
        )
        row = tx.first(select(node_use).where(mine))
        total = use_of(row) if row is not None else Use()
        total.add(more)
        values = {
            "visits": total.visits,
            "drops": total.drops,
            "forks": total.forks,
            "otherwise": total.otherwise,
            "times": total.times,
        }
        if row is None:
            key = {"version_id": version_id, "day": day, "node": node}
            tx.execute(insert(node_use).values(**key, **values))
        else:
            tx.execute(update(node_use).where(mine).values(**values))
