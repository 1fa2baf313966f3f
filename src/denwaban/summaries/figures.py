"""The figures of a period, from calls, reports and promises as they were read. Pure; what each figure is: docs/kpi.md."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from denwaban.calls import MISSED, Outcome
from denwaban.care import NO_CALLS, Handling
from denwaban.clock import JST
from denwaban.improvement import groups
from denwaban.promises import Kept
from denwaban.summaries.model import (
    SCHEMA,
    CallLine,
    Document,
    Period,
    Tally,
    Topic,
    quantile,
)

MOST_TOPICS = 10
MOST_EXAMPLES = 3
EXAMPLE = 60
"""Characters of an example."""

SAMPLE = 400
"""Texts that are compared to find what is asked; all are counted."""

CUT_SHORT, OPEN = "cut_short", "open"


@dataclass(frozen=True, slots=True)
class Rang:
    """A call of the period, with what its report says."""

    at: datetime
    number: str
    dialled: str
    outcome: Outcome | None
    answered_at: datetime | None
    ended_at: datetime | None
    wait_ms: int
    practice: bool = False
    report: "Told | None" = None


@dataclass(frozen=True, slots=True)
class Told:
    """A report of such a call."""

    id: str
    subject: str
    what_for: str
    topic: str
    """The branch that was chosen in the script; empty without one."""
    status: str
    callback_by: datetime | None
    sent_at: datetime
    call_ended_at: datetime | None
    urgency: str
    opportunity: bool


@dataclass(frozen=True, slots=True)
class Read:
    """What a summary is made of."""

    client: str
    period: Period
    calls: Sequence[Rang] = ()
    promises: Kept = field(default_factory=Kept)
    secret: tuple[str, ...] = ()
    handling: Handling = NO_CALLS


def missed(call: Rang) -> bool:
    """Nobody talked with the caller to the end, as in the list of missed calls: given up waiting (also after a talk that
    was cut off), no free line, outside the hours, a message left, lost before anybody answered."""
    if call.outcome is Outcome.LOST:
        return call.answered_at is None
    return call.outcome in MISSED


def document(
    read: Read, now: datetime, edition: int = 1, reason: str = ""
) -> tuple[Document, list[CallLine]]:
    """The summary and its calls, oldest first. Practice calls are only counted."""
    real = [call for call in read.calls if not call.practice]
    lines = sorted((_line(call) for call in real), key=lambda line: (line.at, line.number))
    by_hour = [Tally() for _hour in range(24)]
    by_day = {day: Tally() for day in read.period.days}
    for line in lines:
        at = line.at.astimezone(JST)
        by_hour[at.hour] = _add(by_hour[at.hour], line)
        by_day[at.date()] = _add(by_day[at.date()], line)
    total = Tally()
    for line in lines:
        total = _add(total, line)
    told = [call.report for call in real if call.report is not None]
    times = [line.to_report for line in lines if line.to_report is not None]
    topics, rest = topics_of(told)
    made = Document(
        schema=SCHEMA,
        client=read.client,
        kind=read.period.kind,
        first=read.period.first,
        last=read.period.last,
        edition=edition,
        reason=reason,
        made_at=now,
        received=total.received,
        answered=total.answered,
        missed=total.missed,
        open=total.received - total.answered - total.missed,
        practice=len(read.calls) - len(real),
        missed_by=dict(Counter(line.outcome for line in lines if line.missed)),
        waited=sum(line.waited for line in lines if line.talked is not None and not line.missed),
        hours=tuple(by_hour),
        days=tuple(by_day.values()),
        reported=len(told),
        report_p50=quantile(times, 0.5),
        report_p95=quantile(times, 0.95),
        emergencies=sum(one.urgency == "emergency" for one in told),
        opportunities=sum(one.opportunity for one in told),
        promises_due=read.promises.due,
        promises_kept=read.promises.kept_in_time,
        topics=topics,
        other_topics=rest,
        secret=read.secret,
        handled=read.handling.usual.calls,
        handled_seconds=round(read.handling.usual.seconds),
        relay=read.handling.relay.calls,
        relay_seconds=round(read.handling.relay.seconds),
    )
    return made, lines


def _line(call: Rang) -> CallLine:
    over, report = call.ended_at, call.report
    talked = _seconds(call.answered_at, over) if call.answered_at and over else None
    if call.outcome is Outcome.ABANDONED and call.answered_at is not None:
        outcome = CUT_SHORT
    else:
        outcome = call.outcome.value if call.outcome is not None else OPEN
    line = CallLine(
        at=call.at,
        number=call.number,
        dialled=call.dialled,
        outcome=outcome,
        waited=call.wait_ms // 1000,
        talked=talked,
        missed=missed(call),
    )
    if report is None:
        return line
    return CallLine(
        at=line.at,
        number=line.number,
        dialled=line.dialled,
        outcome=line.outcome,
        waited=line.waited,
        talked=line.talked,
        missed=line.missed,
        report_id=report.id,
        subject=report.subject,
        what_for=report.what_for,
        status=report.status,
        callback_by=report.callback_by,
        to_report=_seconds(report.call_ended_at or over, report.sent_at),
    )


def _seconds(since: datetime | None, until: datetime) -> int | None:
    """Never negative: a report may be sent while the caller still talks, and clocks of two machines differ."""
    if since is None:
        return None
    return int(max(timedelta(), until - since).total_seconds())


def _add(tally: Tally, line: CallLine) -> Tally:
    answered = not line.missed and line.talked is not None
    return Tally(tally.received + 1, tally.answered + answered, tally.missed + line.missed)


def topics_of(told: Sequence[Told]) -> tuple[tuple[Topic, ...], int]:
    """What was asked, most asked first, and how many reports are under none of it: by the branch that the script took, and
    without one by the words that several reports share."""
    under: dict[str, list[Told]] = {}
    plain: list[Told] = []
    for one in told:
        if one.topic:
            under.setdefault(one.topic, []).append(one)
        elif one.what_for:
            plain.append(one)
    step = max(1, -(-len(plain) // SAMPLE))
    labels = [group.label for group in groups([one.what_for for one in plain[::step]])]
    for one in plain:
        text = unicodedata.normalize("NFKC", one.what_for)
        label = next((label for label in labels if label in text), "")
        if label:
            under.setdefault(label, []).append(one)
    ranked = sorted(under.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_TOPICS]
    found = tuple(Topic(label, len(ones), _examples(ones)) for label, ones in ranked)
    return found, len(told) - sum(topic.count for topic in found)


def _examples(ones: Sequence[Told]) -> tuple[str, ...]:
    texts = (" ".join(one.what_for.split()) for one in ones)
    shown = (text if len(text) <= EXAMPLE else text[: EXAMPLE - 1] + "…" for text in texts if text)
    return tuple(dict.fromkeys(shown))[:MOST_EXAMPLES]
