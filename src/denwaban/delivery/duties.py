"""The work: making attempts that are due, and climbing ladders that are due."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram

from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.delivery.acts import climb
from denwaban.delivery.attempts import Came, Ready, begin, record
from denwaban.delivery.channels import Channels
from denwaban.delivery.model import Kind
from denwaban.delivery.outcome import Outcome, Sent, outcome_words
from denwaban.delivery.rows import deliveries, escalations
from denwaban.store import Store
from denwaban.work import Duty, Together

log = structlog.get_logger(__name__)

DELIVERIES = Counter(
    "denwaban_deliveries_total", "Attempts to tell somebody of a report", ["channel", "result"]
)
SECONDS = Histogram(
    "denwaban_report_seconds",
    "Seconds from the end of the call to the first message that was accepted",
    ["channel"],
    buckets=(1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1800, 3600),
)

SLOW = 120.0
"""Seconds from the end of a call to its message after which we say so in the log [C6]."""

AT_ONCE = 256
"""Attempts under way at the same time; a channel may allow itself less."""

LEASE = timedelta(seconds=90)
"""Longer than any channel's attempt, so that nobody else begins while one is under way."""

REST = 0.02
"""Seconds that outcomes are gathered before they are written down: a busy worker has one each millisecond."""


def duties(
    store: Store,
    clock: Clock,
    settings: Settings,
    channels: Channels,
    chance: Callable[[], float] = random.random,
) -> list[Duty]:
    """The duties of this slice. `chance` spreads retries over time."""
    url, answers = settings.url, bool(channels.services.mail_back.address)
    # What begins or ends at the same time shares statements: one by one they cost more than the sending.
    beginning: Together[str, Ready | None] = Together(
        store, lambda tx, delivery_ids: begin(tx, delivery_ids, url, answers=answers)
    )
    ending: Together[Came, None] = Together(store, record, rest=REST)

    async def deliver(delivery_id: str) -> None:
        ready = await beginning(delivery_id)
        if ready is None:
            return
        outcome = ready.lost or await channels[ready.channel].send(ready.message)
        await ending(Came(ready, outcome, chance()))
        _measure(ready, outcome, clock.now())

    async def escalate(report_id: str) -> None:
        await store.write(lambda tx: climb(tx, report_id))

    return [
        Duty("delivery", deliveries, deliver, lease=LEASE, at_once=AT_ONCE),
        Duty("escalation", escalations, escalate),
    ]


def _measure(ready: Ready, outcome: Outcome, now: datetime) -> None:
    DELIVERIES.labels(ready.channel, outcome_words(outcome)[0]).inc()
    if not isinstance(outcome, Sent) or ready.call_ended_at is None:
        return
    if ready.message.kind is Kind.FIRST and not ready.held:
        seconds = (now - ready.call_ended_at).total_seconds()
        SECONDS.labels(ready.channel).observe(seconds)
        if seconds > SLOW:
            log.warning("delivery.slow", report=ready.message.report_id, seconds=round(seconds))
