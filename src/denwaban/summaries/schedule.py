"""When a client's summaries are due and which days they cover. Pure; all days and times are Tokyo's, which has no DST."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from denwaban.clock import japan_day
from denwaban.oncall import BusinessHours, business_moment
from denwaban.summaries.model import LONGEST_DAILY, Kind, Period, month_of

ONE = timedelta(days=1)

EARLIEST, LATEST = 30, 1439
"""Minutes of the day at which a summary may go out: half an hour after midnight, so that the last call of the day is over."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a client wants to be sent, and up to which day it has been."""

    daily: bool = True
    at: int = 8 * 60 + 30
    """Minute of the day, of both kinds."""
    open_days: bool = True
    """Daily ones only on days on which the client is open; the next one then covers the closed days too."""
    quiet: bool = False
    """A daily one is mailed also when there was nothing to tell."""
    monthly: bool = True
    month_day: int = 1
    """Of the month after; the last day where a month is shorter, the next open day when the client is closed."""
    staff: tuple[str, ...] = ()
    """Ids of those who get the mail; none: whoever is in charge."""
    daily_done: date = date.min
    """The last day that a daily summary covers."""
    monthly_done: date = date.min
    """The last day of the last month summed up."""


def next_look(plan: Plan, now: datetime) -> datetime | None:
    """When to look again whether something is due: every day at its time, as hours and holidays may change; None when
    nothing is wanted."""
    if not (plan.daily or plan.monthly):
        return None
    today = japan_day(now)
    look = business_moment(today, plan.at)
    return look if look > now else business_moment(today + ONE, plan.at)


def due(plan: Plan, hours: BusinessHours, now: datetime) -> list[Period]:
    """What is due by `now`, oldest first. After a stand-still everything that was missed comes, each day and month once."""
    return [*_daily(plan, hours, now), *_monthly(plan, hours, now)]


def _daily(plan: Plan, hours: BusinessHours, now: datetime) -> list[Period]:
    if not plan.daily:
        return []
    # The newest day on which one was to go out; it covers everything up to the day before.
    day = japan_day(now)
    while business_moment(day, plan.at) > now or not _goes(plan, hours, day):
        day -= ONE
        if day - ONE <= plan.daily_done:
            return []
    found = []
    first, last = plan.daily_done + ONE, day - ONE
    while first <= last:
        end = min(last, first + ONE * (LONGEST_DAILY - 1))
        found.append(Period(Kind.DAILY, first, end))
        first = end + ONE
    return found


def _goes(plan: Plan, hours: BusinessHours, day: date) -> bool:
    """A client that is closed for a month is told all the same."""
    if not plan.open_days or hours.spans_of(day):
        return True
    return (day - plan.daily_done).days % LONGEST_DAILY == 0


def _monthly(plan: Plan, hours: BusinessHours, now: datetime) -> list[Period]:
    if not plan.monthly:
        return []
    found = []
    month = month_of(plan.monthly_done + ONE)
    while business_moment(sent_on(plan, hours, month), plan.at) <= now:
        found.append(month)
        month = month_of(month.last + ONE)
    return found


def sent_on(plan: Plan, hours: BusinessHours, month: Period) -> date:
    """The day on which a month's summary goes out."""
    after = month_of(month.last + ONE)
    day = after.first + ONE * (min(plan.month_day, after.last.day) - 1)
    for later in range(LONGEST_DAILY):
        if hours.spans_of(day + ONE * later):
            return day + ONE * later
    return day


def following(plan: Plan, hours: BusinessHours, now: datetime) -> list[tuple[datetime, Period]]:
    """When the next one of each wanted kind goes out and what it will cover, for who looks at the settings."""
    found = []
    today = japan_day(now)
    if plan.daily:
        for ahead in range(LONGEST_DAILY * 2):
            at = business_moment(today + ONE * ahead, plan.at)
            coming = _daily(plan, hours, at) if at > now else []
            if coming:
                found.append((at, coming[-1]))
                break
    if plan.monthly:
        month = month_of(plan.monthly_done + ONE)
        at = business_moment(sent_on(plan, hours, month), plan.at)
        found.append((at, month))
    return found


def started(plan: Plan, now: datetime) -> Plan:
    """The plan from this day on: what was before is not sent afterwards."""
    yesterday = japan_day(now) - ONE
    begun = month_of(japan_day(now)).first - ONE
    return Plan(
        plan.daily,
        plan.at,
        plan.open_days,
        plan.quiet,
        plan.monthly,
        plan.month_day,
        plan.staff,
        max(plan.daily_done, yesterday),
        max(plan.monthly_done, begun),
    )
