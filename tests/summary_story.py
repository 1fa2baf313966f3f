"""Summaries that were made, for whoever looks at them."""

from datetime import date, datetime, timedelta

from denwaban.calls import Outcome
from denwaban.clock import JST
from denwaban.promises import Kept
from denwaban.store import Tx
from denwaban.summaries.acts import add_mail, finish
from denwaban.summaries.figures import Rang, Read, Told, document
from denwaban.summaries.model import Kind, Period, month_of
from denwaban.summaries.plans import Reader, add_summary

MATTERS = (
    "給湯器から異音がする",
    "給湯器の修理日を変えたい",
    "見積書を送ってほしい",
    "見積の内容を確かめたい",
    "採用の応募",
)
MISSED = (Outcome.ABANDONED, Outcome.OUT_OF_HOURS, Outcome.BLOCKED, Outcome.MESSAGE)


def days(first: str, last: str) -> Period:
    return Period(Kind.DAILY, date.fromisoformat(first), date.fromisoformat(last))


def calls_of(period: Period, count: int) -> list[Rang]:
    """Calls over the days, most of them answered and reported."""
    found = []
    for n in range(count):
        day = period.days[n % len(period.days)]
        at = datetime(day.year, day.month, day.day, 8 + n * 7 % 12, n * 13 % 60, tzinfo=JST)
        end = at + timedelta(seconds=95)
        if n % 5 == 3:
            outcome = MISSED[n // 5 % 4]
            number = "" if n % 3 == 0 else f"+8190{n:08}"
            found.append(Rang(at, number, "+81355550101", outcome, None, end, 41_000))
            continue
        told = Told(
            "r" * 32, "【通常報告】佐藤様より", MATTERS[n % 5], "", "done", None,
            end + timedelta(seconds=20 + n % 70), end, "normal", n % 11 == 0,
        )  # fmt: skip
        answered = at + timedelta(seconds=5)
        found.append(
            Rang(
                at,
                "+819011112222",
                "+81355550101",
                Outcome.ANSWERED,
                answered,
                end,
                5000,
                False,
                told,
            )
        )
    return found


def put_summary(
    tx: Tx, client_id: str, period: Period, count: int, edition: int = 1, reason: str = ""
) -> str:
    """A summary of so many calls, made and mailed to whoever gets it; returns its id."""
    read = Read("山田設備", period, calls_of(period, count), Kept(20, 19, 1, 0))
    made, lines = document(read, tx.now, edition, reason)
    wanted = add_summary(tx, client_id, period, edition, reason, None)
    finish(tx, wanted, made, lines)
    return wanted


def put_summaries(tx: Tx, client_id: str) -> str:
    """Some weeks of them, with a correction and a mail that found nobody; returns the corrected one's id."""
    for number in range(3, 7):
        put_summary(tx, client_id, days(f"2026-11-{number:02}", f"2026-11-{number:02}"), number * 3)
    put_summary(tx, client_id, month_of(date(2026, 10, 1)), 240)
    put_summary(tx, client_id, days("2026-11-20", "2026-11-23"), 44)
    corrected = put_summary(
        tx, client_id, days("2026-11-20", "2026-11-23"), 45, 2, "呼損を1件数えていませんでした"
    )
    add_mail(tx, corrected, client_id, Reader("s" * 32, "伊藤", ""), 1)
    return corrected
