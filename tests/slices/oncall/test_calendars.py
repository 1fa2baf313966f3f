"""Calendars: what they say, fetching them, and what is kept when they break."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from tests.delivery_story import Office, open_office
from tests.servers.http import HttpService, Reply, Seen

from denwaban import oncall
from denwaban.clock import JST, MovedClock
from denwaban.config import Settings
from denwaban.oncall import calendars, feed, ics, reading
from denwaban.oncall.rows import calendar_busy
from denwaban.oncall.rows import calendars as table
from denwaban.store import Store

SINCE, UNTIL = datetime(2026, 11, 23, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n"


def vevent(*lines: str, uid: str = "1") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", ""])


def file(*events: str) -> bytes:
    return (HEAD + "".join(events) + "END:VCALENDAR\r\n").encode()


def told(*events: str) -> list[tuple[str, str, bool]]:
    """(begin, end, away) in Tokyo."""
    answer = ics.read(file(*events), SINCE, UNTIL)
    assert "busy" in answer, answer
    return [
        *(
            (
                f"{datetime.fromisoformat(begin).astimezone(JST):%m/%d %H:%M}",
                f"{datetime.fromisoformat(end).astimezone(JST):%m/%d %H:%M}",
                away,
            )
            for begin, end, away in answer["busy"]
        )
    ]


def test_times_zones_days_and_what_is_free() -> None:
    assert told(
        vevent("DTSTART:20261124T010000Z", "DTEND:20261124T020000Z", "SUMMARY:会議"),
        vevent("DTSTART;TZID=Asia/Tokyo:20261124T130000", "DURATION:PT30M", uid="2"),
        vevent("DTSTART;TZID=Tokyo Standard Time:20261124T140000", "DURATION:PT30M", uid="2b"),
        vevent("DTSTART:20261124T150000", "DURATION:PT1H", uid="3"),
        vevent("DTSTART;VALUE=DATE:20261126", "DTEND;VALUE=DATE:20261128", uid="4"),
        vevent("DTSTART:20261125T010000Z", "DURATION:PT1H", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", uid="5"),
        vevent("DTSTART:20261125T030000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT", uid="6"),
        vevent("DTSTART:20261125T040000Z", "DURATION:PT1H", "STATUS:CANCELLED", uid="7"),
        vevent("DTSTART:20261125T050000Z", "DURATION:PT1H", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", uid="8"),
        vevent("DTSTART:20261125T060000Z", uid="9"),
        vevent("DTSTART;VALUE=DATE:20261130", uid="10"),
    ) == [
        ("11/24 10:00", "11/24 11:00", False),
        ("11/24 13:00", "11/24 13:30", False),
        ("11/24 14:00", "11/24 14:30", False),
        ("11/24 15:00", "11/24 16:00", False),
        ("11/25 10:00", "11/25 11:00", True),
        ("11/26 00:00", "11/28 00:00", True),
        ("11/30 00:00", "12/01 00:00", True),
    ]  # fmt: skip


def test_series_with_exceptions_moves_and_an_end() -> None:
    series = vevent(
        "DTSTART;TZID=Asia/Tokyo:20261103T100000",
        "DTEND;TZID=Asia/Tokyo:20261103T110000",
        "RRULE:FREQ=WEEKLY;UNTIL=20261215T010000Z",
        "EXDATE;TZID=Asia/Tokyo:20261201T100000",
        "RDATE;TZID=Asia/Tokyo:20261203T100000",
    )
    moved = vevent(
        "RECURRENCE-ID;TZID=Asia/Tokyo:20261208T100000",
        "DTSTART;TZID=Asia/Tokyo:20261209T150000",
        "DURATION:PT2H",
    )
    cancelled = vevent(
        "RECURRENCE-ID;TZID=Asia/Tokyo:20261215T100000",
        "DTSTART;TZID=Asia/Tokyo:20261215T100000",
        "STATUS:CANCELLED",
    )
    assert told(series, moved, cancelled) == [
        ("11/24 10:00", "11/24 11:00", False),
        ("12/03 10:00", "12/03 11:00", False),
        ("12/09 15:00", "12/09 17:00", False),
    ]
    later = vevent(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Tokyo:20261208T100000",
        "DTSTART;TZID=Asia/Tokyo:20261208T140000",
        "DURATION:PT1H",
    )
    assert told(series, later)[-2:] == [
        ("12/08 14:00", "12/08 15:00", False),
        ("12/15 14:00", "12/15 15:00", False),
    ]


def test_a_series_keeps_its_hour_over_summer_time() -> None:
    series = vevent(
        "DTSTART;TZID=America/New_York:20261026T090000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=6",
    )
    # New York leaves summer time on 1 November 2026: 9:00 there is 23:00 in Tokyo then.
    assert told(series)[0] == ("11/23 23:00", "11/24 00:00", False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>sign in</html>",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        file(vevent("DTSTART:soon")),
        file(vevent("SUMMARY:no time")),
        file(vevent("DTSTART:20261124T010000Z", "RRULE:FREQ=FOO")),
        file(vevent("DTSTART:20261124T010000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")),
        file(vevent("DTSTART:20261124T010000Z", "DURATION:PT1M", "RRULE:FREQ=DAILY;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYHOUR=" + ",".join(map(str, range(24))) + ";BYSECOND=0,30")),
        b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_what_cannot_be_read_gets_a_sentence(data: bytes) -> None:
    assert ics.read(data, SINCE, UNTIL)["error"] in (
        ics.NOT_A_CALENDAR,
        ics.BAD_TIME,
        ics.BAD_RULE,
        ics.TOO_MUCH,
    )


async def test_a_file_that_asks_for_years_of_work_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ics, "CPU_SECONDS", 1)
    never = file(
        *(
            vevent("DTSTART:20000101T010000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", uid=str(n))
            for n in range(200)
        )
    )  # fmt: skip
    assert await reading.read_file(never, SINCE) == ics.TOO_MUCH


def test_titles_and_people_are_not_kept() -> None:
    answer = ics.read(
        file(
            vevent("DTSTART:20261124T010000Z", "DURATION:PT1H", "SUMMARY:himitsu",
                   "LOCATION:himitsu", "ATTENDEE:mailto:himitsu@example.jp", uid="himitsu@example.jp")
        ),
        SINCE,
        UNTIL,
    )  # fmt: skip
    assert "himitsu" not in answer["body"]
    assert ics.read(answer["body"].encode(), SINCE, UNTIL)["busy"] == answer["busy"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "calendar",
        "http://example.jp/a.ics",
        "ftp://example.jp/a.ics",
        "https://user:secret@example.jp/a.ics",
        "https://[x/a.ics",
        "https://例え.jp/a.ics",
        "file:///etc/passwd",
    ],
)
def test_addresses_that_are_never_fetched(url: str) -> None:
    with pytest.raises(feed.BadFeed):
        feed.checked_url(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "0.0.0.0"]
)  # fmt: skip
async def test_our_own_network_is_not_read(host: str) -> None:
    got = await feed.fetch(f"https://{host}/a.ics")
    assert isinstance(got, feed.Broken)
    assert "社内のネットワーク" in got.why


ALL_DAY = file(vevent("DTSTART;VALUE=DATE:20261124", "SUMMARY:出張"))


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


async def read_now(office: Office, calendar_id: str) -> calendars.Kept:
    await calendars.duty(office.store, office.clock, loopback=True).do(calendar_id)
    found = await office.store.read(lambda tx: calendars.calendar(tx, calendar_id))
    assert found is not None
    return found


async def on_duty(office: Office) -> str:
    found = await office.store.read(
        lambda tx: oncall.person_in_charge(tx, office.client_id, tx.now)
    )
    return found.staff.name if isinstance(found, oncall.OnDuty) else ""


@pytest.mark.req("A7", "A8")
async def test_a_feed_is_followed_and_its_last_good_state_survives(office: Office) -> None:
    state = {"body": ALL_DAY.decode(), "etag": '"1"'}

    def rule(request: Seen) -> Reply:
        if request.headers.get("if-none-match") == state["etag"]:
            return Reply(304)
        return Reply(200, state["body"], {"etag": state["etag"]})

    async with HttpService(rule).running() as server:
        url = f"{server.url}/private-himitsu/basic.ics"
        made = await office.store.write(
            lambda tx: calendars.add_feed(tx, office.client_id, office.suzuki, url, loopback=True)
        )
        with pytest.raises(feed.BadFeed):
            await office.store.write(
                lambda tx: calendars.add_feed(
                    tx, office.client_id, office.suzuki, url, loopback=True
                )
            )
        kept = await read_now(office, made)
        assert (kept.error, kept.times) == ("", 1)
        assert "himitsu" not in repr(kept)
        assert await on_duty(office) == "伊藤"
        # The same again costs no reading; the day after the weeks ahead are looked at anew.
        office.clock.advance(timedelta(minutes=30))
        assert (await read_now(office, made)).good_at == office.clock.now()
        assert server.seen[-1].headers["if-none-match"] == '"1"'
        # It breaks: what is known stays, with its age, and what is wrong is told.
        good_at = office.clock.now()
        for reply, sentence in (
            (Reply(404), "見つかりません"),
            (Reply(500), "エラー"),
            (Reply(200, "<html>"), "カレンダーのファイルではない"),
            (Reply(302, "", {"location": "http://10.0.0.1/"}), "社内のネットワーク"),
            (Reply(302, "", {"location": "file:///etc/passwd"}), "使えない URL"),
            (Reply(200, "x" * (feed.MOST_BYTES + 1)), "大きすぎます"),
        ):
            office.clock.advance(timedelta(minutes=5))
            server.replies.append(reply)
            kept = await read_now(office, made)
            assert sentence in kept.error
            assert (kept.times, kept.good_at) == (1, good_at)
        assert await on_duty(office) == "伊藤"
        assert not kept.stale(office.clock.now())
        assert kept.stale(office.clock.now() + timedelta(days=2))
        # It is mended, and the trip is off.
        state.update(body=file().decode(), etag='"2"')
        kept = await read_now(office, made)
        assert (kept.error, kept.times) == ("", 0)
        assert await on_duty(office) == "鈴木"
    await office.store.write(lambda tx: calendars.remove_calendar(tx, made))
    assert await office.store.read(lambda tx: tx.all(select(table))) == []


async def test_a_file_counts_until_it_is_removed(office: Office) -> None:
    read = await reading.read_file(ALL_DAY, office.clock.now())
    assert isinstance(read, reading.Read)
    made = await office.store.write(
        lambda tx: calendars.add_file(tx, office.client_id, office.suzuki, read)
    )
    assert await on_duty(office) == "伊藤"
    # A file is read again each day: the weeks to come move on.
    office.clock.advance(timedelta(days=1))
    assert (await read_now(office, made)).error == ""
    await office.store.write(lambda tx: calendars.remove_calendar(tx, made))
    assert await on_duty(office) == "鈴木"
    assert await office.store.read(lambda tx: tx.all(select(calendar_busy))) == []


async def test_a_server_that_hangs_costs_its_time_and_no_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LONGEST", 0.3)
    server = HttpService(lambda request: Reply(200))
    server.hang = True
    async with server.running():
        async with asyncio.timeout(20):
            got = await feed.fetch(f"{server.url}/a.ics", loopback=True)
    assert isinstance(got, feed.Broken)
    assert "遅すぎ" in got.why


@pytest.mark.parametrize("url", [f"https://{'a' * 70}.example.jp/x.ics", "https://a..jp/x.ics"])
async def test_a_name_that_is_none_is_told_and_not_tried_for_ever(url: str) -> None:
    assert isinstance(await feed.fetch(feed.checked_url(url)), feed.Broken)
