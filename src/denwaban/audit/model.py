"""A row of the audit, its seal, and what is wrong with a chain of them. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

START = "0" * 64
"""The seal before the first row."""

Plain = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that is to be on record."""

    kind: str
    """`noun.past_tense`: `recording.played`, `field.shown`."""
    user_id: str | None
    """The account or API key; None: the program by itself."""
    client_id: str | None = None
    call_id: str | None = None
    subject: str = ""
    """The id of what was seen or changed: a caller, a file, a case."""
    data: Mapping[str, Plain] = field(default_factory=dict)
    """Names of fields, counts, ids. Never what was seen: the audit outlives every erasure."""


class Head(NamedTuple):
    """Where the chain ends."""

    seq: int
    hash: str


class Entry(NamedTuple):
    """A row as it is stored."""

    seq: int
    """1, 2, 3 … without a gap."""
    at: datetime
    kind: str
    user_id: str | None
    client_id: str | None
    call_id: str | None
    subject: str
    data: str
    """JSON, as it was sealed."""
    hash: str

    @property
    def details(self) -> dict[str, Plain]:
        found: dict[str, Plain] = json.loads(self.data)
        return found


class Broken(NamedTuple):
    """The first place where the chain does not hold."""

    seq: int
    why: str
    """changed: the row is not what was sealed, or does not follow the one before · missing · added: behind the end ·
    head: the mark of the end is gone · expected: not the seal that was noted elsewhere."""


def written(data: Mapping[str, Plain]) -> str:
    """The one way in which details are written."""
    return json.dumps(dict(data), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def seal(before: str, entry: Entry) -> str:
    """SHA-256 over the seal before and everything that the row says (its own `hash` is not looked at)."""
    said = [
        entry.seq,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.kind,
        entry.user_id,
        entry.client_id,
        entry.call_id,
        entry.subject,
        entry.data,
    ]
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def sealed(after: Head, at: datetime, trace: Trace) -> Entry:
    """The row that follows `after`."""
    bare = Entry(
        after.seq + 1,
        at,
        trace.kind,
        trace.user_id,
        trace.client_id,
        trace.call_id,
        trace.subject,
        written(trace.data),
        "",
    )
    return bare._replace(hash=seal(after.hash, bare))


class Check:
    """Looks at a chain row by row. `expected`: seals by seq that were noted outside of the database."""

    def __init__(self, expected: Mapping[int, str] | None = None) -> None:
        self.last = Head(0, START)
        self._expected = dict(expected or {})

    def take(self, entry: Entry) -> Broken | None:
        """The next row in order of `seq`; what is wrong with it, if anything."""
        if entry.seq != self.last.seq + 1:
            return Broken(self.last.seq + 1, "missing")
        if entry.hash != seal(self.last.hash, entry):
            return Broken(entry.seq, "changed")
        if self._expected.pop(entry.seq, entry.hash) != entry.hash:
            return Broken(entry.seq, "expected")
        self.last = Head(entry.seq, entry.hash)
        return None

    def end(self, head: Head | None) -> Broken | None:
        """After the last row: whether it is the one that was written last."""
        if head is None:
            broken = Broken(1, "head") if self.last.seq else None
        elif head.seq > self.last.seq:
            broken = Broken(self.last.seq + 1, "missing")
        elif head.seq < self.last.seq:
            broken = Broken(head.seq + 1, "added")
        else:
            broken = None if head.hash == self.last.hash else Broken(head.seq, "changed")
        if broken is None and self._expected:
            return Broken(min(self._expected), "missing")
        return broken
