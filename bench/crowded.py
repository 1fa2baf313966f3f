"""Fifty operators with live screens, twenty calls a second: how far the screens are behind the telephones.

`python -m bench.crowded [--quick]`. An engine, one program process and sipp callers on the same machine, and for every operator an HTTP
client that does what the page does: it keeps the live stream open, and asks for what has changed when it is told to. Measured
from the INVITE at the operator's phone to the last byte of the screen that shows who calls. The bar: p99 below a second. Prints a table
and writes var/bench/crowded.json.
"""

import argparse
import asyncio
import re
import resource
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

import denwaban.schema  # noqa: F401 - loads every table
from bench.machine import FOLDER, REPOSITORY, at, described, table, written
from bench.ours import ours
from bench.prepare import number_of, prepared
from bench.seat import KEY, Line, cpu
from bench.sip import Seen, calls, ports, register
from denwaban.access import open_session, user
from denwaban.clock import SystemClock
from denwaban.people.rows import operators
from denwaban.store import Store, Tx
from denwaban.telephony.engine import Packages, obtain

OPERATORS = 50
RATE = 20
TALK = 1.2
"""Seconds. With the time that ringing and hanging up take, two thirds of the seats are busy."""

PATIENCE = 20.0
_CALLER = re.compile(r"080-(\d{4})-(\d{4})")


class Screen:
    """One operator's page. `shown`: when it first showed a caller, by the last eight digits of the number."""

    def __init__(self, port: int, token: str, shown: dict[str, float]) -> None:
        self._port, self._shown = port, shown
        self._line = Line(port, token)
        self._have: dict[str, str] = {}
        self._told = asyncio.Event()
        self._heard = self._knows = 0
        self.asked = 0

    async def opens(self) -> None:
        status, text = await self._line.send("GET", "/seat")
        assert status == 200, (status, text[:500])
        self._have = dict(KEY.findall(text))
        self._live = "/seat/live?page={}&after={}".format(
            text.split('data-page="')[1].split('"')[0],
            text.split('data-after="')[1].split('"')[0],
        )

    async def listens(self) -> None:
        """The live stream, until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(self._line.head("GET", self._live))
        try:
            fact = 0
            while line := await reader.readline():
                if line.startswith(b"id: "):
                    fact = int(line[4:])
                elif line.startswith(b"event: seat"):
                    self._heard = max(self._heard, fact)
                    self._told.set()
        finally:
            writer.close()
        raise ConnectionError("the live stream has ended")

    async def follows(self) -> None:
        """Asks for what has changed, as often as it is told, until cancelled."""
        while True:
            await self._told.wait()
            self._told.clear()
            if self._heard <= self._knows:
                continue  # the screen that was on its way had it too
            have = ",".join(f"{name}:{key}" for name, key in self._have.items())
            status, text = await self._line.send("GET", "/seat/parts", have=have)
            assert status == 200, (status, text[:300])
            self.asked += 1
            self._knows = max(self._knows, self._line.knows)
            self._have |= dict(KEY.findall(text))
            now = time.time()
            for first, last in _CALLER.findall(text):
                self._shown.setdefault(first + last, now)


def sessions(tx: Tx) -> list[str]:
    """Tokens of the first operators, signed in."""
    found = []
    for row in tx.all(select(operators.c.user_id).order_by(operators.c.id).limit(OPERATORS)):
        account = user(tx, row["user_id"])
        assert account is not None  # every operator has one
        found.append(open_session(tx, account, "bench")[0])
    return found


async def measure(
    packages: Packages, database: Path, folder: Path, seconds: int
) -> tuple[Seen, list[float], dict[str, float]]:
    """Also how many seconds each screen was behind its phone, sorted, and what the processes used of a core."""
    with ports(3000) as first:
        async with ours(packages, REPOSITORY / "var", database, folder, first) as running:
            store = Store(f"sqlite:///{running.home / 'denwaban.db'}", SystemClock())
            await store.open()
            tokens = await store.write(sessions)
            await store.close()
            shown: dict[str, float] = {}
            port = int(running.url.rsplit(":", 1)[1])
            screens = [Screen(port, token, shown) for token in tokens]
            for one in screens:
                await one.opens()
            tasks = [asyncio.create_task(one.listens()) for one in screens]
            tasks += [asyncio.create_task(one.follows()) for one in screens]
            register(running.phones, OPERATORS)
            try:
                before = {what: cpu(pid) for what, pid in _pids(running.pid, running.engine_pid)}
                began = time.monotonic()
                seen = await calls(
                    running.phones,
                    folder / "sipp",
                    [number_of(n) for n in range(9)],
                    rate=RATE,
                    count=RATE * seconds,
                    talk=TALK,
                    patience=PATIENCE,
                )
                took = time.monotonic() - began
                used = {
                    what: (cpu(pid) - before[what]) / took
                    for what, pid in _pids(running.pid, running.engine_pid)
                }
                await asyncio.sleep(5)  # what is shown later still is told as never shown
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
            wrong = [one for one in ended if not isinstance(one, asyncio.CancelledError)]
            if wrong:
                log = (running.home / "program.log").read_text(errors="replace")
                raise RuntimeError(f"{wrong[0]}\n{log[-3000:]}")
            screens_asked = sum(one.asked for one in screens)
            used["screens asked for, a second"] = screens_asked / took
            # What the load of the machine changes least.
            used["program's ms a call"] = used["program"] * took / seen.wanted * 1000
            used["screens a call"] = screens_asked / seen.wanted
    behind = [shown[who] - rang for who, rang in seen.rang.items() if who in shown]
    return seen, sorted(behind), used


def _pids(program: int, engine: int) -> tuple[tuple[str, int], ...]:
    return ("program", program), ("engine", engine)


async def main(quick: bool) -> None:
    packages = obtain(REPOSITORY / "var")
    about = described(packages)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    database = await prepared(FOLDER, 10, 0)
    folder = Path(tempfile.mkdtemp(prefix="crowded-", dir=FOLDER))
    try:
        seen, behind, used = await measure(packages, database, folder, 8 if quick else 30)
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
    never = len(seen.rang) - len(behind)
    print(f"{OPERATORS} operators with live screens, {RATE} calls a second, {seen.wanted} calls")
    names = ["p50 ms", "p99 ms", "most ms", "never shown", "failed calls"]
    figures = [at(behind, share) * 1000 for share in (0.5, 0.99, 1.0)]
    table(["", *names], [["behind the phone", *(f"{one:.0f}" for one in figures), str(never), str(seen.failed)]])  # fmt: skip
    print(
        f"INVITE to the phone p50 {at(seen.to_phone, 0.5) * 1000:.1f}, p99 {at(seen.to_phone, 0.99) * 1000:.1f} ms; "
        + ", ".join(f"{what} {share:.2f}" for what, share in used.items())
    )
    written(
        "crowded",
        {
            **about,
            "operators": OPERATORS,
            "calls_a_second": RATE,
            "talk_seconds": TALK,
            "behind_ms": dict(zip(("p50", "p99", "most"), figures, strict=True)),
            "never_shown": never,
            "failed_calls": seen.failed,
            "used": used,
        },
    )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="eight seconds")
    sys.exit(asyncio.run(main(asked.parse_args().quick)))
