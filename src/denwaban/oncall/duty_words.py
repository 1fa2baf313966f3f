"""Words of rosters for readers, in their language."""

from datetime import date, datetime, timedelta

from denwaban.clock import JST
from denwaban.oncall.hours import HOLIDAY
from denwaban.oncall.roster import (
    EntryKind,
    NobodyOnDuty,
    OnDuty,
    Passed,
    PassedOver,
    ShiftKind,
    Why,
)
from denwaban.oncall.words import channel_words
from denwaban.web import _


def shift_words() -> dict[str, str]:
    return {
        ShiftKind.DUTY: _("当番"),
        ShiftKind.LUNCH: _("昼当番"),
        ShiftKind.WORK: _("勤務"),
    }


def entry_words() -> dict[str, str]:
    return {
        EntryKind.LEAVE: _("休み"),
        EntryKind.HALF: _("半休"),
        EntryKind.TRIP: _("出張"),
        EntryKind.SWAP: _("交代"),
    }


def passed_words() -> dict[str, str]:
    return {
        Passed.NOT_ON: _("当番ではありません"),
        Passed.BEHIND: _("先に受ける方がいます"),
        Passed.LEAVE: _("休み"),
        Passed.HALF: _("半休"),
        Passed.TRIP: _("出張中"),
        Passed.TRIP_NO_WAY: _("出張中で、使える連絡先がありません"),
        Passed.SWAPPED: _("交代しました"),
        Passed.PRESENCE: _("在席の設定が不在"),
        Passed.CALENDAR: _("カレンダーが不在"),
        Passed.MEETING: _("予定が入っています"),
        Passed.OFF_SHIFT: _("勤務時間外"),
        Passed.CLOSED: _("営業時間外"),
    }


def weekday_words() -> list[tuple[int, str]]:
    """(bit, word), Monday first, public holidays last."""
    names = (_("月"), _("火"), _("水"), _("木"), _("金"), _("土"), _("日"))
    return [*((1 << n, name) for n, name in enumerate(names)), (HOLIDAY, _("祝"))]


def days_words(days: int) -> str:
    """Weekdays of a shift, such as 月火水."""
    return "".join(word for bit, word in weekday_words() if days & bit)


def day_words(day: date) -> str:
    """11/24(火)."""
    return f"{day.month}/{day.day}({weekday_words()[day.weekday()][1]})"


def clock_words(minute: int) -> str:
    """9:00; beyond midnight 翌5:00."""
    hours, minutes = divmod(minute % 1440, 60)
    text = f"{hours}:{minutes:02}"
    return _("翌%(time)s", time=text) if minute > 1440 else ("24:00" if minute == 1440 else text)


def span_words(since: datetime, until: datetime) -> str:
    """11/24(火) 12:00–13:00; the second day only when it is another."""
    begin, end = since.astimezone(JST), until.astimezone(JST)
    first = f"{day_words(begin.date())} {begin:%-H:%M}"
    if end.hour == end.minute == 0 and end.date() == begin.date() + timedelta(days=1):
        return f"{first}–24:00"
    if end.date() == begin.date():
        return f"{first}–{end:%-H:%M}"
    return f"{first}–{day_words(end.date())} {end:%-H:%M}"


def why_words(found: OnDuty) -> str:
    """Why this person: 昼当番, ○○さんの代理(出張中)."""
    words = {
        Why.LUNCH: _("昼当番"),
        Why.DUTY: _("当番"),
        Why.IN_CHARGE: _("受け取り担当"),
    }
    if found.instead_of is None:
        return words[found.why]
    if found.why is Why.SWAP:
        return _("%(name)sさんと交代", name=found.instead_of.name)
    because = passed_words()[found.because] if found.because is not None else ""
    return _("%(name)sさんの代理(%(because)s)", name=found.instead_of.name, because=because)


def more_words(found: OnDuty) -> str:
    """By which ways alone, and whether in a meeting; empty when there is nothing to add."""
    parts = []
    if found.channels is not None:
        names = channel_words()
        ways = "・".join(names.get(one, one) for one in found.channels)
        parts.append(_("%(ways)sだけ届きます", ways=ways))
    if found.in_meeting:
        parts.append(_("予定中ですが、ほかにいません"))
    return "。".join(parts)


def nobody_words(found: NobodyOnDuty) -> str:
    """What it means that nobody is on duty, until when, and who is next."""
    first = _("いまは営業時間外です。") if found.closed else _("いま、受け取る人がいません。")
    if found.next is not None and found.until is not None:
        until = found.until.astimezone(JST)
        at = f"{day_words(until.date())} {until:%-H:%M}"
        return first + _("次は %(at)s から %(name)sさんです。", at=at, name=found.next.staff.name)
    return first + _("この先四週間、受け取る人がいません。")


def mend_words(passed: tuple[PassedOver, ...]) -> list[str]:
    """How a hole may be mended, by what kept each one from it."""
    why = {one.why for one in passed}
    found = []
    if why & {Passed.LEAVE, Passed.HALF, Passed.TRIP, Passed.CALENDAR}:
        found.append(_("休みや出張の方に、代わりの方か交代を決めてください。"))
    if Passed.TRIP_NO_WAY in why:
        found.append(_("出張中に使える連絡先(メールなど)を足してください。"))
    if Passed.PRESENCE in why:
        found.append(_("在席が「不在」の方は、「いつまで」を入れるか、在席に戻してください。"))
    if Passed.OFF_SHIFT in why:
        found.append(_("勤務の時間を延ばすか、この時間の当番を入れてください。"))
    if not any(one.staff.in_charge for one in passed):
        found.append(_("受け取り担当(主担当)の方を決めてください。"))
    return found or [_("この時間に当番を入れてください。")]
