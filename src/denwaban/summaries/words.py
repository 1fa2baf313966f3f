"""What a summary says, in the client's language (Japanese); screens translate what is marked."""

import re
from datetime import date

from denwaban.summaries.model import Document, Kind, Period
from denwaban.texts import N_

WEEKDAYS = "月火水木金土日"

TITLES = {Kind.DAILY: N_("日報"), Kind.MONTHLY: N_("月報")}

OUTCOMES = {
    "answered": N_("応答"),
    "abandoned": N_("お待ちの間に切られました"),
    "cut_short": N_("一度お受けしたあと途切れました"),
    "blocked": N_("回線がいっぱいでした"),
    "out_of_hours": N_("受付時間の外"),
    "message": N_("伝言あり"),
    "lost": N_("電話の不具合で切れました"),
    "not_reached": N_("折り返しましたがお出になりませんでした"),
    "open": N_("まだ終わっていません"),
}

STATUSES = {"done": N_("完了"), "callback": N_("要折り返し"), "checking": N_("確認中")}

ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""What an account must look like for mail to go there."""

HIDDEN = "(ポータルでご覧ください)"
"""What a mail says in place of what the client's form keeps 秘密."""


def day_words(day: date) -> str:
    """2026年11月24日(火)."""
    return f"{day.year}年{day.month}月{day.day}日({WEEKDAYS[day.weekday()]})"


def short_day(day: date) -> str:
    """11/24(火)."""
    return f"{day.month}/{day.day}({WEEKDAYS[day.weekday()]})"


def period_words(period: Period) -> str:
    """2026年11月; 2026年11月24日(火); 2026年11月21日(土)〜23日(月); the month and year of the end where they differ."""
    first, last = period.first, period.last
    if period.kind is Kind.MONTHLY:
        return f"{first.year}年{first.month}月"
    if first == last:
        return day_words(first)
    end = day_words(last)
    if last.year == first.year:
        end = end.partition("年")[2]
        if last.month == first.month:
            end = end.partition("月")[2]
    return f"{day_words(first)}〜{end}"


def seconds_words(seconds: int | None) -> str:
    """42秒, 1分20秒, 1時間2分; — for none."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}時間{minutes}分" if minutes else f"{hours}時間"
    if minutes:
        return f"{minutes}分{rest}秒" if rest else f"{minutes}分"
    return f"{rest}秒"


def percent_words(value: float | None) -> str:
    """96.4%; — for none."""
    return f"{value:.1f}%" if value is not None else "—"


def edition_words(document: Document) -> str:
    """What tells a later edition or a trial from a first one; empty for a first one."""
    if document.edition == 0:
        return "お試し"
    return f"訂正版(第{document.edition}版)" if document.edition > 1 else ""


def subject_of(document: Document) -> str:
    """The subject of its mail: 【日報】山田設備 2026年11月24日(火)."""
    marks = "".join(
        f"【{word}】"
        for word in ("お試し" if document.edition == 0 else "", TITLES[document.kind])
        if word
    )
    corrected = "【訂正版】" if document.edition > 1 else ""
    return f"{corrected}{marks}{document.client} {period_words(document.period)}"


def file_name(document: Document, ending: str) -> str:
    """denwaban-daily-20261124.pdf: ASCII, without names."""
    days = f"{document.first:%Y%m}" if document.kind is Kind.MONTHLY else f"{document.last:%Y%m%d}"
    edition = f"-{document.edition}" if document.edition > 1 else ""
    return f"denwaban-{document.kind.value}-{days}{edition}.{ending}"
