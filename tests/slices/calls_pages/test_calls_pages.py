"""The list of calls, one call, and its recording, as supervisors meet them."""

import re
import struct
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.some_people import a_client, an_operator
from tests.web_fixtures import MakeWeb, Web

from denwaban import audit
from denwaban.access import Role
from denwaban.calls import Outcome, Recordings, answered, begin, ended, offered, pages
from denwaban.calls.rows import calls
from denwaban.clock import MovedClock
from denwaban.journal import after
from denwaban.store import Store, Tx

NUMBER = "+819012345678"


def wav(samples: int, *, closed: bool = True) -> bytes:
    """8 kHz, 16 bit, mono, every sample different from its neighbours; `closed`: the header has the lengths."""
    data = struct.pack(f"<{samples}H", *(n % 65_536 for n in range(samples)))
    size = len(data) if closed else 0
    riff = 36 + size if closed else 0
    return (
        b"RIFF"
        + struct.pack("<I", riff)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16_000, 2, 16)
        + b"data"
        + struct.pack("<I", size)
        + data
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "recordings"
    made.mkdir()
    return made


@pytest.fixture
def make_calls_web(make_web: MakeWeb, store: Store, folder: Path) -> Callable[[], Awaitable[Web]]:
    async def make() -> Web:
        recordings = Recordings(store, lambda call: folder / f"{call}.wav", folder / "sealed")
        web: Web = await make_web(pages=pages.routes, services={"recordings": recordings})
        return web

    return make


MakeCallsWeb = Callable[[], Awaitable[Web]]


async def a_talk(store: Store, clock: MovedClock, caller: str = NUMBER) -> str:
    """A call that waited 5 s and was talked for 65 s; returns its id."""

    def ring(tx: Tx) -> tuple[str, str]:
        operator = an_operator(tx, f"o{int(tx.now.timestamp())}")
        client = a_client(tx, f"c{int(tx.now.timestamp())}")
        call = begin(tx, client_id=client, dialled="+81312345678", caller=caller, plan="平日昼間")
        offered(tx, call.id, operator)
        return call.id, operator

    call_id, operator = await store.write(ring)
    clock.advance(timedelta(seconds=5))
    await store.write(lambda tx: answered(tx, call_id, operator))
    clock.advance(timedelta(seconds=65))
    await store.write(lambda tx: ended(tx, call_id, Outcome.ANSWERED, f"{call_id}.wav"))
    return call_id


async def test_a_call_is_listed_and_shown(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path
) -> None:
    call_id = await a_talk(store, clock)
    (folder / f"{call_id}.wav").write_bytes(wav(8000 * 65))
    web = await make_calls_web()
    for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
        browser = await web.browser(role)
        listed = (await browser.get("/calls")).text
        assert "090-1234-5678" in listed
        assert "11/24 10:00:00" in listed
        assert ">0:05<" in listed
        assert ">1:05<" in listed
        shown = (await browser.get(f"/calls/{call_id}")).text
        assert f'src="/calls/{call_id}/recording"' in shown
        assert "平日昼間" in shown
        assert "03-1234-5678" in shown


async def test_only_supervisors_and_administrators_see_calls(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path
) -> None:
    call_id = await a_talk(store, clock)
    (folder / f"{call_id}.wav").write_bytes(wav(10))
    web = await make_calls_web()
    client_id = await store.write(lambda tx: a_client(tx, "mine"))
    for browser in (
        await web.browser(Role.OPERATOR),
        await web.browser(Role.CLIENT, client_id),
        await web.program(Role.CLIENT, client_id),
    ):
        for path in ("/calls", f"/calls/{call_id}", f"/calls/{call_id}/recording"):
            assert (await browser.get(path)).status_code == 403
    nobody = await web.anonymous()
    assert (await nobody.get(f"/calls/{call_id}/recording")).status_code == 303


async def test_nothing_yet_and_nothing_found(make_calls_web: MakeCallsWeb) -> None:
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    assert "通話はまだありません" in (await browser.get("/calls")).text
    assert "見つかりませんでした" in (await browser.get("/calls?client=だれか")).text
    wrong = await browser.get("/calls?day=2026-13-40")
    assert wrong.status_code == 422
    assert "日付の形が違うようです" in wrong.text
    assert (await browser.get("/calls?cursor=x")).status_code == 404
    assert (await browser.get("/calls/x")).status_code == 404
    assert (await browser.get("/calls/../../etc/passwd/recording")).status_code == 404


@pytest.mark.req("C9")
async def test_filters_by_client_outcome_and_day(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock
) -> None:
    def some(tx: Tx) -> None:
        yamada, sato = a_client(tx, "yamada"), a_client(tx, "sato")
        for client, caller, outcome in (
            (yamada, "+81300000001", Outcome.BLOCKED),
            (yamada, "+81300000002", Outcome.ABANDONED),
            (sato, "+81300000003", Outcome.BLOCKED),
        ):
            call = begin(tx, client_id=client, dialled="+81312345678", caller=caller)
            ended(tx, call.id, outcome)

    await store.write(some)
    clock.advance(timedelta(days=1))
    await store.write(
        lambda tx: begin(tx, client_id=None, dialled="+81399999999", caller="+81300000004")
    )
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)

    async def found(**asked: str) -> set[str]:
        text = (await browser.get("/calls", params=asked)).text
        return set(re.findall(r"03-0000-000(\d)", text))

    assert await found() == {"1", "2", "3", "4"}
    assert await found(client="yamada") == {"1", "2"}
    assert await found(outcome="blocked") == {"1", "3"}
    assert await found(outcome="missed") == {"1", "2", "3"}
    assert await found(outcome="missed", client="sato") == {"3"}
    assert await found(day="2026-11-24") == {"1", "2", "3"}
    assert await found(day="2026-11-25") == {"4"}
    assert await found(client="%") == set()
    assert "呼損" in (await browser.get("/calls?outcome=blocked")).text


async def test_pages_follow_each_other_without_gap_or_repeat(
    make_calls_web: MakeCallsWeb, store: Store
) -> None:
    def many(tx: Tx) -> None:
        # All at the same moment: then the id decides.
        for n in range(120):
            begin(tx, client_id=None, dialled="+81312345678", caller=f"+8130000{n:04}")

    await store.write(many)
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    path, seen = "/calls", []
    while path:
        text = (await browser.get(path)).text
        seen += re.findall(r"03-0000-(\d{4})", text)
        more = re.search(r'href="(/calls\?cursor=[^"]+)">次へ', text)
        path = more[1] if more else ""
    assert sorted(seen) == [f"{n:04}" for n in range(120)]
    assert len(seen) == len(set(seen))


async def test_no_callers_number_is_in_any_address(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock
) -> None:
    call_id = await a_talk(store, clock)
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    for path in ("/calls", f"/calls/{call_id}"):
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', (await browser.get(path)).text):
            assert "9012345678" not in address


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("", 200, 0, 2043),
        ("bytes=0-", 206, 0, 2043),
        ("bytes=0-0", 206, 0, 0),
        ("bytes=10-59", 206, 10, 59),
        ("bytes=40-99", 206, 40, 99),
        ("bytes=44-", 206, 44, 2043),
        ("bytes=-100", 206, 1944, 2043),
        ("bytes=-9999", 206, 0, 2043),
        ("bytes=2000-9999", 206, 2000, 2043),
        ("bytes=2043-2043", 206, 2043, 2043),
        # What need not be understood is answered with the whole.
        ("bytes=-", 200, 0, 2043),
        ("bytes=5-4", 200, 0, 2043),
        ("bytes=0-1,4-5", 200, 0, 2043),
        ("lines=0-1", 200, 0, 2043),
        ("bytes=x-y", 200, 0, 2043),
    ],
)
async def test_a_recording_is_sent_in_the_part_that_was_asked_for(
    make_calls_web: MakeCallsWeb,
    store: Store,
    clock: MovedClock,
    folder: Path,
    asked: str,
    status: int,
    first: int,
    last: int,
) -> None:
    call_id = await a_talk(store, clock)
    sound = wav(1000)
    (folder / f"{call_id}.wav").write_bytes(sound)
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    answer = await browser.get(
        f"/calls/{call_id}/recording", headers={"Range": asked} if asked else {}
    )
    assert answer.status_code == status
    assert answer.content == sound[first : last + 1]
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "audio/wav"
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {first}-{last}/2044"


@pytest.mark.parametrize("asked", ["bytes=2044-", "bytes=9999-10000", "bytes=-0"])
async def test_a_part_behind_the_end_is_refused(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path, asked: str
) -> None:
    call_id = await a_talk(store, clock)
    (folder / f"{call_id}.wav").write_bytes(wav(1000))
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    answer = await browser.get(f"/calls/{call_id}/recording", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */2044"
    facts = await store.read(lambda tx: [entry.fact.kind for entry in after(tx, 0)])
    assert "recording.played" not in facts


async def test_a_recording_that_is_still_written_or_was_cut_off_plays(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path
) -> None:
    call_id = await a_talk(store, clock)
    file = folder / f"{call_id}.wav"
    # The engine was killed: no lengths in the header, and half a sample at the end.
    file.write_bytes(wav(1000, closed=False) + b"\x01")
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    path = f"/calls/{call_id}/recording"
    whole = await browser.get(path)
    assert whole.content == wav(1000)
    part = await browser.get(path, headers={"Range": "bytes=0-43"})
    assert part.content == wav(1000)[:44]
    # It has grown meanwhile: a player that goes on gets all of it anew.
    file.write_bytes(wav(1200, closed=False))
    going_on = {"Range": "bytes=2000-", "If-Range": part.headers["etag"]}
    anew = await browser.get(path, headers=going_on)
    assert anew.status_code == 200
    assert anew.content == wav(1200)
    going_on["If-Range"] = anew.headers["etag"]
    assert (await browser.get(path, headers=going_on)).status_code == 206


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED, Outcome.ABANDONED, Outcome.LOST])
async def test_a_call_that_nobody_took_has_no_recording(
    make_calls_web: MakeCallsWeb, store: Store, folder: Path, outcome: Outcome
) -> None:
    def lost(tx: Tx) -> str:
        call = begin(tx, client_id=a_client(tx), dialled="+81312345678", caller="")
        return ended(tx, call.id, outcome).id

    call_id = await store.write(lost)
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    shown = (await browser.get(f"/calls/{call_id}")).text
    assert "だれとも話していないため、録音はありません" in shown
    assert "番号非通知" in shown
    assert "<audio" not in shown
    assert (await browser.get(f"/calls/{call_id}/recording")).status_code == 404


async def test_a_recording_whose_file_is_gone_or_empty_says_so(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path
) -> None:
    call_id = await a_talk(store, clock)
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    for content in (None, b"", wav(0), b"RIFF"):
        if content is not None:
            (folder / f"{call_id}.wav").write_bytes(content)
        assert "録音のファイルが見つかりません" in (await browser.get(f"/calls/{call_id}")).text
        assert (await browser.get(f"/calls/{call_id}/recording")).status_code == 404


async def test_who_listened_is_in_the_journal_once_for_each_listening(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path
) -> None:
    call_id = await a_talk(store, clock)
    (folder / f"{call_id}.wav").write_bytes(wav(1000))
    web = await make_calls_web()
    one, other = await web.browser(Role.SUPERVISOR), await web.browser(Role.ADMINISTRATOR)
    path = f"/calls/{call_id}/recording"

    async def heard() -> list[str]:
        entries = await store.read(lambda tx: after(tx, 0))
        played = [e.fact for e in entries if e.fact.kind == "recording.played"]
        assert {fact.subject for fact in played} <= {call_id}
        return [str(fact.data["user_id"]) for fact in played]

    await one.get(f"/calls/{call_id}")
    assert await heard() == []
    # Beginning in the middle is listening too; further pieces belong to it.
    await one.get(path, headers={"Range": "bytes=1000-"})
    await one.get(path, headers={"Range": "bytes=0-"})
    assert await heard() == [one.user_id]
    await other.get(path)
    assert await heard() == [one.user_id, other.user_id]
    clock.advance(timedelta(minutes=11))
    await one.get(path)
    assert await heard() == [one.user_id, other.user_id, one.user_id]
    rows = await store.read(lambda tx: audit.listed(tx, audit.Wanted(call_id=call_id)))
    assert [row.user_id for row in reversed(rows)] == await heard()


@pytest.mark.req("G4")
async def test_a_recording_is_not_reached_by_guessing(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock, folder: Path
) -> None:
    call_id = await a_talk(store, clock)
    (folder / f"{call_id}.wav").write_bytes(wav(1000))
    (folder.parent / "outside.wav").write_bytes(wav(1000))
    browser = await (await make_calls_web()).browser(Role.SUPERVISOR)
    near = [call_id[:n] + ("0" if call_id[n] != "0" else "1") + call_id[n + 1 :] for n in range(32)]
    for guess in (
        *near,
        call_id.upper() + "x",
        f"{call_id}.wav",
        "..%2Foutside",
        "%2e%2e",
        f"{call_id}%00",
        "*",
        "%25",
    ):
        for path in (f"/calls/{guess}/recording", f"/static/{guess}", f"/recordings/{guess}.wav"):
            answer = await browser.get(path, headers={"Range": "bytes=0-"})
            assert answer.status_code in (400, 404), path
            assert b"RIFF" not in answer.content
    assert await store.read(lambda tx: audit.listed(tx)) == []


@pytest.mark.req("C9")
async def test_a_caller_cut_off_and_lost_is_not_called_one_who_gave_up(
    make_calls_web: MakeCallsWeb, store: Store, clock: MovedClock
) -> None:
    call_id = await a_talk(store, clock)

    def lose(tx: Tx) -> None:
        tx.execute(update(calls).where(calls.c.id == call_id).values(outcome="abandoned"))

    await store.write(lose)
    web = await make_calls_web()
    browser = await web.browser(Role.SUPERVISOR)
    assert "応答後に放棄" in (await browser.get("/calls")).text
    shown = (await browser.get(f"/calls/{call_id}")).text
    assert "途中でオペレーター側の接続が切れました" in shown
    assert ">待っている間に、発信者が電話を切りました。" not in shown
    # How long they talked is told with who talked.
    assert ">1:05<" in shown
