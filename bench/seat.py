"""Next node on the operator's screen: 200 operators at work on one program process.

`python -m bench.seat [--quick]`. Each operator is an HTTP client with its live stream open, as the page has: it types answers, steps
through a script at a human pace, and hears who waits when that changes (callers come and go on the floor). Measured
from the key that is sent to the last byte of the node's HTML; the program is the real one, on SQLite, without a telephone
engine. Prints a table and writes var/bench/seat.json.
"""

import argparse
import asyncio
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import insert, update

import denwaban.schema  # noqa: F401 - loads every table
from bench.machine import FOLDER, REPOSITORY, at, described, table, written
from bench.sip import ports
from denwaban.access import Hashed, Role, add_user, open_session, user
from denwaban.calls.rows import calls
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.journal import Fact, append
from denwaban.people import add_client, add_operator, add_staff
from denwaban.scripts import Script, add_script, ways
from denwaban.scripts.library import library
from denwaban.store import Store, StoreError, Tx, migrate, new_id
from denwaban.vault import unlock

OPERATORS = 200
CLIENTS = 20
PACE = (4.0, 12.0)
"""Seconds that an operator talks at one node: a sentence of forty characters takes seven to read, and then the caller speaks."""

CALLS_PER_SECOND = 1.0
"""That come and go on the floor; with 200 operators, talks of three minutes."""

WAIT = 20.0
"""Seconds that a caller on the floor waits before somebody else takes the call."""

IDLE = 4.0
"""Seconds after which a connection is not used again: the server closes it after five."""

TOGETHER = 10
"""So many operators open their page at a time."""

KEY = re.compile(r'id="seat-(\w+)"[^>]*?data-key="([^"]*)"')


@dataclass(frozen=True)
class Seat:
    token: str
    call_id: str
    script: Script


@dataclass
class Took:
    """Seconds of each request."""

    steps: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    told: int = 0
    """How often a seat was told who waits."""
    seconds: float = 0.0
    """Of the whole."""


class Line:
    """One kept connection: a request, its answer, the next."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0
        self.csrf = ""
        self.knows = 0
        """As the last answer's header has it."""

    async def send(
        self, method: str, path: str, body: object = None, have: str = ""
    ) -> tuple[int, str]:
        """Status and text. Raises OSError, asyncio.IncompleteReadError."""
        if self._streams is not None and (
            time.monotonic() - self._used > IDLE or self._streams[0].at_eof()
        ):
            self._streams[1].close()
            self._streams = None
        self._used = time.monotonic()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        reader, writer = self._streams
        content = b"" if body is None else msgspec.json.encode(body)
        writer.write(self.head(method, path, len(content), have) + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        known = re.search(r"x-seat-knows: (\d+)", head)
        self.knows = int(known[1]) if known else 0
        if "content-length: " in head:
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            return status, (await reader.readexactly(length)).decode()
        pieces = []
        while size := int(await reader.readline(), 16):
            pieces.append((await reader.readexactly(size + 2))[:-2])
        await reader.readline()
        return status, b"".join(pieces).decode()

    def head(self, method: str, path: str, length: int = 0, have: str = "") -> bytes:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            f"Cookie: denwaban={self._token}",
            f"X-CSRF-Token: {self.csrf}",
            f"X-Seat-Have: {have}",
            "HX-Request: true",
            *(["Content-Type: application/json", f"Content-Length: {length}"] if length else []),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Operator:
    def __init__(self, port: int, seat: Seat, took: Took, dice: random.Random) -> None:
        self.seat, self.took, self.dice = seat, took, dice
        self.port = port
        self.line = Line(port, seat.token)
        self.turn = asyncio.Lock()  # the page sends what changes the screen one after another
        self.have: dict[str, str] = {}
        self.node = seat.script.first.id

    async def sits(self) -> None:
        limit = time.monotonic() + 60
        status, text = await self.line.send("GET", "/seat")
        while status >= 500 and time.monotonic() < limit:  # it still prepares
            await asyncio.sleep(0.5)
            status, text = await self.line.send("GET", "/seat")
        assert status == 200, (status, text[:500])
        self.have = dict(KEY.findall(text))
        self.line.csrf = text.split('data-csrf="')[1].split('"')[0]
        self.page = text.split('data-page="')[1].split('"')[0]
        self.after = text.split('data-after="')[1].split('"')[0]

    async def screen(self, method: str, path: str, kept: list[float], body: object = None) -> None:
        async with self.turn:
            began = time.perf_counter()
            have = ",".join(f"{name}:{key}" for name, key in self.have.items())
            status, text = await self.line.send(method, path, body, have)
            kept.append(time.perf_counter() - began)
        assert status == 200, (path, status, text[:300])
        self.have |= dict(KEY.findall(text))
        if found := re.search(r'data-node="(\w+)"', text):
            self.node = found[1]

    async def works(self, until: float) -> None:
        await asyncio.sleep(self.dice.uniform(0, PACE[1]))
        way = f"/seat/calls/{self.seat.call_id}"
        counter = int(time.time() * 1000)
        while time.monotonic() < until:
            node = self.seat.script.node(self.node)
            for asked in node.ask[:2]:
                await asyncio.sleep(self.dice.uniform(0.3, 1.0))
                counter += 1
                value = "" if asked.type in ("datetime", "staff") else "計測のための答えです"
                began = time.perf_counter()
                path = f"{way}/answers/{asked.id}"
                async with self.turn:
                    status, text = await self.line.send(
                        "PUT", path, {"value": value, "counter": counter}
                    )
                self.took.answers.append(time.perf_counter() - began)
                assert status == 200, (path, status, text[:300])
            await asyncio.sleep(self.dice.uniform(*PACE))
            choices = list(ways(node))
            if choices:
                body = {"at": node.id, "choice": self.dice.choice(choices)}
                await self.screen("POST", f"{way}/go", self.took.steps, body)
            else:
                await self.screen("POST", f"{way}/back", self.took.steps, {"at": node.id})

    async def listens(self) -> None:
        """The live stream."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        path = f"/seat/live?page={self.page}&after={self.after}"
        writer.write(self.line.head("GET", path))
        try:
            while line := await reader.readline():
                if line.startswith(b"event: queue"):
                    self.took.told += 1
        finally:
            writer.close()


def office(tx: Tx) -> tuple[list[Seat], str]:
    """Clients with the scripts of the library, and operators, each talking on a call; also one of the clients."""
    templates = library()
    owners = []
    for n in range(CLIENTS):
        script = templates[n % len(templates)].script
        client_id = add_client(
            tx, f"c{n}", f"計測商事{n}", "けいそくしょうじ", "", "計測商事でございます。"
        )
        for name in ("鈴木", "伊藤", "高橋"):
            add_staff(tx, client_id, name, "", "", in_charge=name == "鈴木")
        owners.append((client_id, add_script(tx, client_id, "受付", script, "計測"), script))
    seats = []
    for n in range(OPERATORS):
        user_id = add_user(tx, f"operator-{n}", Hashed("!"), Role.OPERATOR, f"計測 {n}")
        operator_id = add_operator(tx, user_id, f"計測 {n}", "")
        account = user(tx, user_id)
        assert account is not None  # it was just written
        client_id, script_id, script = owners[n % CLIENTS]
        call_id = new_id()
        tx.execute(
            insert(calls).values(
                id=call_id, client_id=client_id, leg=call_id, trunk="bench", dialled="+815012345678",
                caller=f"+8190{10_000_000 + n}", plan="計測", mode="full", script_id=script_id, state="talking",
                operator_id=operator_id, arrived_at=tx.now, answered_at=tx.now, wait_ms=1000, practice=False,
            )
        )  # fmt: skip
        seats.append(Seat(open_session(tx, account, "bench")[0], call_id, script))
    return seats, owners[0][0]


async def churn(store: Store, client_id: str, until: float) -> None:
    """Callers come to wait, and somebody else takes them: every seat is told."""
    waiting: list[tuple[float, str]] = []

    def arrives(tx: Tx, call_id: str) -> None:
        tx.execute(
            insert(calls).values(
                id=call_id, client_id=client_id, leg=call_id, trunk="bench", dialled="+815012345678",
                caller="+819099990000", plan="計測", mode="full", state="waiting", arrived_at=tx.now, wait_ms=0, practice=False,
            )
        )  # fmt: skip
        append(tx, Fact("call.arrived", call_id), Fact("call.offered", call_id))

    def leaves(tx: Tx, call_id: str) -> None:
        tx.execute(
            update(calls).where(calls.c.id == call_id).values(state="ended", ended_at=tx.now)
        )
        append(tx, Fact("call.answered", call_id), Fact("call.ended", call_id))

    while time.monotonic() < until:
        call_id = new_id()
        waiting.append((time.monotonic() + WAIT, call_id))
        # Of another process in the file of the program's own writer: when that is busy, it waits for its turn.
        with suppress(StoreError):
            await store.write(partial(arrives, call_id=call_id))
            if waiting[0][0] < time.monotonic():
                await store.write(partial(leaves, call_id=waiting.pop(0)[1]))
        await asyncio.sleep(1 / CALLS_PER_SECOND)


async def measure(home: Path, port: int, seconds: float) -> tuple[Took, float]:
    """Also the share of one core that the program used."""
    store = Store(f"sqlite:///{home / 'denwaban.db'}", SystemClock())
    await asyncio.to_thread(migrate, store.engine)
    await asyncio.to_thread(unlock, store, Settings(home=home))
    environment = {
        "DENWABAN_HOME": str(home),
        "DENWABAN_ENGINE": str(REPOSITORY / "var"),
        "DENWABAN_WEB_PORT": str(port),
        "DENWABAN_ENGINE_HTTP_PORT": str(port + 1),
        "DENWABAN_LOG_LEVEL": "warning",
        "DENWABAN_CALLS_IN_A_ROW": "0",
    }
    await store.open()
    # Before it starts: whom it meets while it runs, it would tell the engine, and there is none.
    seats, client_id = await store.write(office)
    with (home / "program.log").open("wb") as log:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "denwaban", "serve",
            env={**os.environ, **environment}, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        await reachable(port, program, home)
        took, dice = Took(), random.Random(16)
        staff = [Operator(port, seat, took, random.Random(dice.random())) for seat in seats]
        for begin in range(0, len(staff), TOGETHER):
            await asyncio.gather(*(one.sits() for one in staff[begin : begin + TOGETHER]))
        streams = [asyncio.create_task(one.listens()) for one in staff]
        before, began = cpu(program.pid), time.monotonic()
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(churn(store, client_id, until))
            for one in staff:
                group.create_task(one.works(until))
        took.seconds = time.monotonic() - began
        used = (cpu(program.pid) - before) / took.seconds
        for stream in streams:
            stream.cancel()
        results = await asyncio.gather(*streams, return_exceptions=True)
        wrong = [r for r in results if not isinstance(r, asyncio.CancelledError)]
        assert not wrong, wrong[0]
        return took, used
    except BaseException:
        print((home / "program.log").read_text(errors="replace")[-3000:], file=sys.stderr)
        raise
    finally:
        program.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await program.wait()
        if program.returncode is None:
            program.kill()
            await program.wait()
        await store.close()


async def reachable(port: int, program: asyncio.subprocess.Process, home: Path) -> None:
    limit = time.monotonic() + 120
    while time.monotonic() < limit and program.returncode is None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if (await Line(port, "").send("GET", "/health/live"))[0] == 200:
                return
        await asyncio.sleep(0.2)
    said = (home / "program.log").read_text(errors="replace")[-1500:]
    raise RuntimeError(f"the program is not there\n{said}")


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lines(took: Took) -> Iterator[dict[str, float | str]]:
    for what, seconds in (
        ("next node", took.steps),
        ("an answer is kept", took.answers),
    ):
        ms = sorted(1000 * one for one in seconds)
        yield {
            "what": what,
            "requests": len(ms),
            "p50_ms": at(ms, 0.5),
            "p99_ms": at(ms, 0.99),
            "most_ms": ms[-1] if ms else float("nan"),
        }


async def main(quick: bool) -> None:
    about = described()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    FOLDER.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="seat-", dir=FOLDER))
    try:
        with ports(1000) as port:
            took, used = await measure(home, port, 10 if quick else 30)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    results = list(lines(took))
    print(f"{OPERATORS} operators at work on one program process")
    table(
        ["", "requests", "p50 ms", "p99 ms", "most ms"],
        [
            [str(r["what"]), str(r["requests"]), *(f"{r[k]:.0f}" for k in ("p50_ms", "p99_ms", "most_ms"))]
            for r in results
        ],
    )  # fmt: skip
    requests = sum(int(r["requests"]) for r in results)
    print(
        f"{requests / took.seconds:.0f} requests a second, {1000 * used * took.seconds / requests:.1f} ms of processor each"
    )
    print(f"each seat was told who waits {took.told / OPERATORS / took.seconds:.2f} times a second")
    print(f"the program used {used:.2f} cores; load average {os.getloadavg()[0]:.1f}")
    written(
        "seat",
        {
            **about,
            "operators": OPERATORS,
            "calls_per_second": CALLS_PER_SECOND,
            "cores_used": used,
            "told_per_seat_and_second": took.told / OPERATORS / took.seconds,
            "load_average_at_end": os.getloadavg(),
            "results": results,
        },
    )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="ten seconds")
    sys.exit(asyncio.run(main(asked.parse_args().quick)))
