"""What calls that are over come to: figures by node and day, and notes for a proposal."""

from datetime import datetime, timedelta

from sqlalchemy import insert, select

from denwaban.calls import Call, Outcome
from denwaban.clock import japan_day
from denwaban.improvement.counted import Key, count, use_of
from denwaban.improvement.figures import Use, bucket
from denwaban.improvement.model import SLOW_AFTER, SLOW_SECONDS, SLOW_TIMES, Kind
from denwaban.improvement.noticing import evasive_phrases, operators_own, otherwise_words
from denwaban.improvement.questions import need_list
from denwaban.improvement.rows import node_use, script_notes
from denwaban.scripts import OTHERWISE, Decide, End, Followed
from denwaban.store import Tx, new_id
from denwaban.texts import NOT_ASKED

OLD = timedelta(days=14)
"""Calls before that (a journal from before this slice) count in the figures, but no proposal is made of them."""


class Taking:
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
        if any(answer.closed for answer in run.answers.values()):
            return  # what was answered is not known: nothing can be told of what was left out
        for fork, field in otherwise_words(run):
            self._note(found, Kind.OTHERWISE, fork, at, field=field)
        for name, answer in sorted(run.answers.items()):
            if operators_own(run, name):
                for phrase in evasive_phrases(run, answer.value):
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
            count(self._tx, self._uses)
