"""The stored roster: writing in it, undoing, the watch, and going live."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from tests.delivery_story import Office, open_office, working

from denwaban import oncall, people
from denwaban.clock import JST, MovedClock
from denwaban.config import Settings
from denwaban.journal import Entry, Journal, after
from denwaban.lines import Mode, PlanWindow, Service, add_number, service_for, set_plan
from denwaban.oncall import (
    ALWAYS,
    EVERY_DAY,
    WEEKDAYS,
    BadRoster,
    BusinessHours,
    EntryKind,
    NewEntry,
    NewShift,
    NobodyOnDuty,
    NotReady,
    OnDuty,
    ShiftKind,
    Span,
    Why,
)
from denwaban.oncall.queries import change_of, entries_of, shifts_of
from denwaban.oncall.shift_file import NotImported, import_shifts, read_shifts
from denwaban.oncall.watching import look, watch
from denwaban.store import Store, Tx

OFFICE_HOURS = BusinessHours(
    (Span(WEEKDAYS, 9 * 60, 12 * 60), Span(WEEKDAYS, 13 * 60, 18 * 60)), ((12, 29), (1, 3))
)
TUESDAY = date(2026, 11, 24)


def jst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


def leave(staff_id: str, first: str = "2026-11-24", last: str = "2026-11-25") -> NewEntry:
    return NewEntry(staff_id, EntryKind.LEAVE, jst(f"{first}T00:00"), jst(f"{last}T00:00"))


async def on_duty(office: Office, at: str = "") -> str:
    def ask(tx: Tx) -> str:
        found = oncall.reach(tx, office.client_id, jst(at) if at else tx.now)
        return found.staff.name if isinstance(found, OnDuty) else ""

    return await office.store.read(ask)


@pytest.mark.req("A8", "J7")
async def test_what_is_written_holds_and_can_be_undone_whole(office: Office) -> None:
    def fill(tx: Tx) -> tuple[str, str]:
        oncall.set_hours(tx, office.client_id, OFFICE_HOURS)
        lunch = NewShift(office.ito, ShiftKind.LUNCH, 720, 780, WEEKDAYS)
        once = NewShift(office.ito, ShiftKind.DUTY, 18 * 60, 30 * 60, day=TUESDAY)
        made = oncall.add_shifts(tx, office.client_id, [lunch, once, once])
        with pytest.raises(BadRoster):
            oncall.add_shifts(tx, office.client_id, [lunch])
        return made.id, oncall.add_entry(tx, office.client_id, leave(office.suzuki)).id

    shifts, absence = await office.store.write(fill)
    assert await on_duty(office) == "伊藤"
    assert await on_duty(office, "2026-11-25T12:30") == "伊藤"
    assert await on_duty(office, "2026-11-25T05:59") == "伊藤"
    assert await on_duty(office, "2026-11-25T13:00") == "鈴木"
    back = await office.store.write(lambda tx: oncall.undo(tx, office.client_id, absence))
    assert await on_duty(office) == "鈴木"
    await office.store.write(lambda tx: oncall.undo(tx, office.client_id, back.id))
    assert await on_duty(office) == "伊藤"
    # A week later the single shift is copied; the weekly one holds anyhow.
    await office.store.write(lambda tx: oncall.copy_week(tx, office.client_id, date(2026, 11, 30)))
    kept = await office.store.read(lambda tx: shifts_of(tx, office.client_id))
    assert {one.day for one in kept} == {None, TUESDAY, TUESDAY + timedelta(days=7)}
    await office.store.write(lambda tx: oncall.undo(tx, office.client_id, shifts))
    kept = await office.store.read(lambda tx: shifts_of(tx, office.client_id))
    assert [one.day for one in kept] == [TUESDAY + timedelta(days=7)]
    change = await office.store.read(lambda tx: change_of(tx, office.client_id, shifts))
    assert change is not None
    assert change.undone_at is not None
    with pytest.raises(oncall.NoSuchRow):
        await office.store.write(lambda tx: oncall.undo(tx, office.client_id, shifts))


async def test_what_makes_no_sense_is_refused(office: Office) -> None:
    day = ("2026-11-26", "2026-11-27")

    def swap(tx: Tx, who: str, other: str | None) -> None:
        entry = replace(leave(who, *day), kind=EntryKind.SWAP, other_id=other)
        oncall.add_entry(tx, office.client_id, entry)

    def every(tx: Tx) -> None:
        elsewhere = people.add_client(tx, "other", "他社")
        for bad in (
            leave(office.suzuki, "2026-11-20", "2026-11-21"),
            leave(office.suzuki, "2026-11-25", "2026-11-25"),
            leave(office.suzuki, "2026-11-25", "2028-11-25"),
            replace(leave(office.suzuki), note="x" * 201),
            replace(leave(office.suzuki), kind=EntryKind.TRIP, channels=("fax",)),
            leave("nobody"),
        ):
            with pytest.raises(BadRoster):
                oncall.add_entry(tx, office.client_id, bad)
        with pytest.raises(BadRoster):
            oncall.add_entry(tx, elsewhere, leave(office.suzuki))
        for opens, closes, days in ((0, 0, 1), (0, 1441, 1), (1440, 1500, 1), (0, 60, 0)):
            with pytest.raises(BadRoster):
                oncall.add_shifts(
                    tx,
                    office.client_id,
                    [NewShift(office.ito, ShiftKind.DUTY, opens, closes, days)],
                )
        for other in (None, office.suzuki):
            with pytest.raises(BadRoster):
                swap(tx, office.suzuki, other)
        swap(tx, office.suzuki, office.ito)
        with pytest.raises(BadRoster):
            swap(tx, office.ito, office.suzuki)

    await office.store.write(every)
    assert len(await office.store.read(lambda tx: entries_of(tx, office.client_id, tx.now))) == 1


async def test_a_file_is_taken_over_whole_or_not_at_all(office: Office) -> None:
    bad = "日付,担当者,種類,開始,終了\n2026/11/26,伊藤,当番,18:00,翌6:00\n平日,伊東,当番,9:00,18:00\n月,伊藤,夜勤,9,18\n2/30,伊藤,,9:00,x\n"
    lines = read_shifts(bad.encode("cp932"))

    def fails(tx: Tx) -> list[tuple[int, str]]:
        with pytest.raises(NotImported) as refused:
            import_shifts(tx, office.client_id, lines)
        return [(one.number, one.field) for one in refused.value.errors]

    assert await office.store.write(fails) == [(3, "name"), (4, "kind"), (5, "closes")]
    assert await office.store.read(lambda tx: shifts_of(tx, office.client_id)) == []
    good = "日付,担当者,種類,開始,終了\n2026/11/26,伊藤,当番,18:00,翌6:00\n月・水,伊 藤,昼,12:00,13:00\n平日,鈴木,勤務,9,18\n"
    lines = read_shifts(good.encode())
    await office.store.write(lambda tx: import_shifts(tx, office.client_id, lines))
    found = await office.store.read(lambda tx: shifts_of(tx, office.client_id))
    assert {(one.kind, one.days, one.day, one.opens, one.closes) for one in found} == {
        (ShiftKind.DUTY, 0, date(2026, 11, 26), 1080, 1800),
        (ShiftKind.LUNCH, 5, None, 720, 780),
        (ShiftKind.WORK, 31, None, 540, 1080),
    }


@pytest.mark.req("A9")
async def test_a_trip_leaves_only_the_channels_it_names(office: Office) -> None:
    await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
    await office.contact(office.suzuki, "chatwork", room="1", token="t")
    trip = replace(leave(office.suzuki), kind=EntryKind.TRIP, channels=("mail",))
    await office.store.write(lambda tx: oncall.add_entry(tx, office.client_id, trip))
    assert await on_duty(office) == "鈴木"
    report = await office.report()
    assert sorted(one.channel for one in await office.deliveries(report)) == ["mail", "portal"]
    office.clock.advance(timedelta(days=1))
    contacts = await office.store.read(lambda tx: oncall.contacts_of(tx, office.suzuki))
    assert [one.channel for one in contacts] == ["mail", "chatwork"]


@pytest.mark.req("A9", "D5")
async def test_a_roster_changed_while_a_report_waits_counts_at_its_next_step(
    office: Office,
) -> None:
    async with working(office):
        report = await office.report()
        await office.settled()
        assert (await office.standing(report)).owner_id == office.suzuki
        # 鈴木 falls ill after it was sent: the reminder would reach nobody.
        await office.store.write(
            lambda tx: oncall.add_entry(tx, office.client_id, leave(office.suzuki))
        )
        await office.pass_time(minutes=15)
        assert (await office.standing(report)).owner_id == office.ito


async def kinds(office: Office) -> list[str]:
    found: list[Entry] = await office.store.read(lambda tx: after(tx, 0))
    return [e.fact.kind for e in found if e.fact.kind in WATCHED]


WATCHED = ("oncall.nobody", "oncall.somebody", "oncall.holes", "client.live", "client.preparing")


@pytest.mark.req("D3")
async def test_nobody_on_duty_is_written_down_and_reports_go_to_the_default(
    office: Office,
) -> None:
    def begin(tx: Tx) -> None:
        oncall.set_hours(tx, office.client_id, OFFICE_HOURS)
        watch(tx, office.client_id)
        look(tx, office.client_id)

    await office.store.write(begin)
    assert await kinds(office) == []

    def fall_ill(tx: Tx) -> str:
        oncall.add_entry(tx, office.client_id, leave(office.suzuki))
        made = oncall.add_entry(tx, office.client_id, leave(office.ito))
        look(tx, office.client_id)
        look(tx, office.client_id)
        return made.id

    change = await office.store.write(fall_ill)
    assert await kinds(office) == ["oncall.nobody", "oncall.holes"]

    def see(tx: Tx) -> None:
        found = oncall.reach(tx, office.client_id, tx.now)
        assert isinstance(found, NobodyOnDuty)
        assert found.default is not None
        assert (found.default.id, found.closed) == (office.suzuki, False)
        assert (found.since, found.until) == (jst("2026-11-24T09:00"), jst("2026-11-25T09:00"))
        assert [one.client_id for one in oncall.alarms(tx)] == [office.client_id]
        assert [one.client_id for one in oncall.unattended(tx, tx.now)] == [office.client_id]
        assert [(hole.since, hole.until) for hole in oncall.holes(tx, office.client_id, tx.now)] == [
            (tx.now, jst("2026-11-24T12:00")),
            (jst("2026-11-24T13:00"), jst("2026-11-24T18:00")),
        ]  # fmt: skip
        assert not oncall.reachable(tx, office.ito, tx.now)

    await office.store.read(see)

    def recover(tx: Tx) -> None:
        oncall.undo(tx, office.client_id, change)
        look(tx, office.client_id)
        assert oncall.alarms(tx) == []
        assert oncall.unattended(tx, tx.now) == []

    await office.store.write(recover)
    assert await kinds(office) == [
        "oncall.nobody", "oncall.holes", "oncall.somebody", "oncall.holes",
    ]  # fmt: skip


async def test_presence_wakes_the_watch(office: Office) -> None:
    follower = oncall.PresenceFollower(office.store, Journal(office.store), office.clock)
    assert follower is not None

    def away(tx: Tx) -> None:
        watch(tx, office.client_id)
        look(tx, office.client_id)
        for who in (office.suzuki, office.ito):
            people.set_presence(tx, who, "off", tx.now + timedelta(hours=2))
        look(tx, office.client_id)

    await office.store.write(away)
    assert "oncall.nobody" in await kinds(office)
    office.clock.advance(timedelta(hours=2))
    await office.store.write(lambda tx: look(tx, office.client_id))
    assert "oncall.somebody" in await kinds(office)


@pytest.mark.req("A9")
async def test_nobody_goes_live_with_a_hole(store: Store, clock: MovedClock) -> None:
    def prepare(tx: Tx) -> tuple[str, str, str]:
        client_id = people.add_client(tx, "new", "新しい会社", preparing=True)
        add_number(tx, client_id, "+815001009999", "代表")
        set_plan(tx, client_id, [PlanWindow("いつも", EVERY_DAY, 0, 1440, Mode.FULL)])
        a = people.add_staff(tx, client_id, "甲", in_charge=True)
        b = people.add_staff(tx, client_id, "乙")
        return client_id, a, b

    client_id, a, b = await store.write(prepare)

    def service(tx: Tx) -> str:
        found = service_for(tx, "+815001009999", tx.now)
        assert isinstance(found, Service)
        return found.message if found.mode is Mode.CLOSED else ""

    assert "準備中" in await store.read(service)

    def refused(tx: Tx) -> tuple[bool, bool, int, int]:
        with pytest.raises(NotReady) as error:
            oncall.go_live(tx, client_id)
        gate = error.value.gate
        return (
            gate.no_hours,
            gate.nobody_in_charge,
            len(gate.holes),
            len(gate.without_substitute),
        )

    assert await store.write(refused) == (True, False, 0, 1)

    def mend(tx: Tx) -> None:
        people.set_substitute(tx, a, b)
        oncall.set_hours(tx, client_id, ALWAYS)
        for who in (a, b):
            oncall.add_entry(tx, client_id, leave(who, "2026-12-18", "2026-12-19"))

    await store.write(mend)
    assert await store.write(refused) == (False, False, 1, 0)

    def live(tx: Tx) -> None:
        swap = replace(leave(a, "2026-12-18", "2026-12-19"), kind=EntryKind.SWAP, other_id=b)
        found = entries_of(tx, client_id, tx.now)
        oncall.remove_entry(tx, client_id, found[-1].id)
        oncall.add_entry(tx, client_id, swap)
        oncall.go_live(tx, client_id)
        oncall.go_live(tx, client_id)

    await store.write(live)
    assert await store.read(service) == ""

    def who(tx: Tx) -> OnDuty | NobodyOnDuty:
        return oncall.reach(tx, client_id, jst("2026-12-18T10:00"))

    found = await store.read(who)
    assert isinstance(found, OnDuty)
    assert found.why in (Why.SUBSTITUTE, Why.SWAP)
    await store.write(lambda tx: oncall.prepare_again(tx, client_id))
    assert "準備中" in await store.read(service)
