"""From the journal to figures and notes: each call is looked at once, when it is over, and never again."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import RowMapping, bindparam, insert, select, update

from denwaban.calls import Call, Outcome, calls_by_ids
from denwaban.clock import Clock, japan_day
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
    Followed,
    Fork,
    RunView,
    runs_of_calls,
    says,
)
from denwaban.store import Store, StoreError, Tx, new_id

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=5)

AT_ONCE = 100
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
                await self.take(ours[begin : begin + AT_ONCE])
                # Years of calls may wait to be taken: those that ring now come first.
                await asyncio.sleep((time.monotonic() - started) * REST)
            seq = entries[-1].seq
        return seq

    async def take(self, entries: Sequence[Entry]) -> None:
        """These facts (of the kinds `wanted`), once."""
        # What is over does not change: it is read beside the writer, which others wait for.
        seen = await self._store.read(partial(followed, entries=entries))
        await self._store.write(partial(gather, entries=entries, seen=seen))


def gathered_until(tx: Tx) -> int:
    """The place in the journal up to which everything is taken."""
    return tx.scalar(select(gathered.c.seq).where(gathered.c.id == _OURS)) or 0


def wanted(entry: Entry) -> bool:
    kind = entry.fact.kind
    return kind in ("call.ended", "report.sent") or marks.concerned(kind)


Seen = Mapping[str, tuple[Call, Followed]]
"""By id: real calls that followed a script, and how."""


def followed(tx: Tx, entries: Sequence[Entry]) -> Seen:
    """What `gather` needs to know of the calls of these facts, in as many queries for many as for one."""
    over = {entry.fact.subject for entry in entries if entry.fact.kind == "call.ended"}
    told = {
        str(entry.fact.data["call_id"]) for entry in entries if entry.fact.kind == "report.sent"
    }
    if not over | told:
        return {}
    found = runs_of_calls(tx, over | told, told)
    real = calls_by_ids(tx, [one.run.call_id for one in found]) if found else {}
    return {
        one.run.call_id: (call, one)
        for one in found
        if not (call := real[one.run.call_id]).practice
    }


def gather(tx: Tx, entries: Sequence[Entry], seen: Seen) -> None:
    """Takes these facts, in order; those that were taken before are left out. All of it or nothing."""
    done = tx.scalar(select(gathered.c.seq).where(gathered.c.id == _OURS))
    taking = _Taking(tx)
    for entry in entries:
        if entry.seq <= (done or 0):
            continue
        if entry.fact.kind == "call.ended":
            if entry.fact.subject in seen:
                taking.call_ended(*seen[entry.fact.subject], entry.at)
        elif entry.fact.kind == "report.sent":
            if (call_id := str(entry.fact.data["call_id"])) in seen:
                taking.report_sent(seen[call_id][1], entry.at)
        else:
            marks.follow(tx, entry.fact)
            if entry.fact.kind == "script.published" and entry.fact.client_id is not None:
                plan_review(tx, entry.fact.subject, entry.fact.client_id)
    taking.write()
    seq = max(done or 0, entries[-1].seq)
    if done is None:
        tx.execute(insert(gathered).values(id=_OURS, seq=seq))
    elif seq > done:
        tx.execute(update(gathered).where(gathered.c.id == _OURS).values(seq=seq))


class _Taking:
    """What some facts come to, until it is written all at once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._uses: dict[Key, Use] = {}
        self._usual: dict[tuple[str, str], Use] = {}
        self._notes: list[dict[str, object]] = []
        self._noted: dict[str, str] = {}

    def call_ended(self, call: Call, found: Followed, at: datetime) -> None:
        run, version_id, _script_id = found
        ended = call.ended_at or at
        day = japan_day(ended)

        def use(node: str) -> Use:
            return self._uses.setdefault((version_id, day, node), Use())

        use("").visits += 1
        for place, step in enumerate(run.path):
            here = use(step.node)
            here.visits += 1
            left = run.path[place + 1].at if place + 1 < len(run.path) else ended
            if step.at is not None and left is not None and left >= step.at:
                seconds = (left - step.at).total_seconds()
                if self._slow(version_id, step.node, here, seconds):
                    self._note(found, Kind.SLOW, step.node, at)
                name = bucket(seconds)
                here.times[name] = here.times.get(name, 0) + 1
            if isinstance(run.script.node(step.node), Decide) and step.choice.isdigit():
                here.forks += 1
                here.otherwise += step.choice == OTHERWISE
        if not isinstance(run.node, End) and call.outcome is Outcome.ANSWERED:
            use(run.node.id).drops += 1
            use("").drops += 1
            self._note(found, Kind.DROPPED, run.node.id, at)

    def _slow(self, version_id: str, node: str, counted: Use, seconds: float) -> bool:
        """Asked of long visits only: what was usual at this node until now is read from its rows."""
        if seconds < SLOW_SECONDS:
            return False
        if (version_id, node) not in self._usual:
            mine = (node_use.c.version_id == version_id) & (node_use.c.node == node)
            kept = Use()
            for row in self._tx.all(select(node_use).where(mine)):
                kept.add(use_of(row))
            self._usual[version_id, node] = kept
        before = Use()
        before.add(self._usual[version_id, node])
        before.add(counted)
        usual = before.median
        timed = sum(before.times.values())
        return usual is not None and timed >= SLOW_AFTER and seconds >= usual * SLOW_TIMES

    def report_sent(self, found: Followed, at: datetime) -> None:
        run = found.run
        for fork, field in _otherwise(run):
            self._note(found, Kind.OTHERWISE, fork, at, field=field)
        for name, answer in sorted(run.answers.items()):
            if _operators_own(run, name):
                for phrase in _phrases(run, answer.value):
                    self._note(found, Kind.EVASIVE, "", at, label=phrase, field=name)
        skipped = [field.id for field in run.missing]
        skipped += [
            field.id
            for node in run.walked
            for field in node.ask
            if run.value(field.id).strip() == NOT_ASKED
        ]
        for item in dict.fromkeys([*skipped, *run.unsaid]):
            node = next((n.id for n in run.script.nodes if any(f.id == item for f in n.ask)), "")
            self._note(found, Kind.SKIPPED, node, at, label=item)

    def _note(
        self,
        found: Followed,
        kind: Kind,
        node: str,
        at: datetime,
        label: str = "",
        field: str = "",
    ) -> None:
        if at < self._tx.now - OLD:
            return
        self._notes.append(
            {
                "id": new_id(),
                "script_id": found.script_id,
                "client_id": found.run.client_id,
                "call_id": found.run.call_id,
                "run_id": found.run.id,
                "what": kind.value,
                "node": node,
                "label": label[:100],
                "field": field,
                # Of the list that is still open, also when we were late.
                "at": self._tx.now,
            }
        )
        self._noted[found.script_id] = found.run.client_id

    def write(self) -> None:
        if self._notes:
            self._tx.execute(insert(script_notes), self._notes)
        for script_id, client_id in self._noted.items():
            need_list(self._tx, script_id, client_id, self._tx.now)
        if self._uses:
            _count(self._tx, self._uses)


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


def use_of(row: RowMapping) -> Use:
    """From a row of `node_use`."""
    return Use(row["visits"], row["drops"], row["forks"], row["otherwise"], dict(row["times"]))


def _count(tx: Tx, uses: Mapping[Key, Use]) -> None:
    versions, days, nodes = (set(names) for names in zip(*uses, strict=True))
    kept = {
        (row["version_id"], row["day"], row["node"]): use_of(row)
        for row in tx.all(
            # Every mixture of the three: some rows too many, of the same few scripts.
            select(node_use).where(
                node_use.c.version_id.in_(versions),
                node_use.c.day.in_(days),
                node_use.c.node.in_(nodes),
            )
        )
    }
    new, more = [], []
    for key, use in uses.items():
        total = kept.get(key, Use())
        total.add(use)
        version_id, day, node = key
        values = {
            "visits": total.visits,
            "drops": total.drops,
            "forks": total.forks,
            "otherwise": total.otherwise,
            "times": total.times,
        }
        if key in kept:
            more.append({"v": version_id, "d": day, "n": node, **values})
        else:
            new.append({"version_id": version_id, "day": day, "node": node, **values})
    if new:
        tx.execute(insert(node_use), new)
    if more:
        tx.execute(_MORE, more)


_MORE = (
    update(node_use)
    .where(
        node_use.c.version_id == bindparam("v"),
        node_use.c.day == bindparam("d"),
        node_use.c.node == bindparam("n"),
    )
    .values(
        {
            name: bindparam(name, type_=node_use.c[name].type)
            for name in ("visits", "drops", "forks", "otherwise", "times")
        }
    )
)
