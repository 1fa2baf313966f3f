"""The least that any program beside the engine can cost: a router over ARI that knows one seat after the other, and nothing else.

No client, plan, limit, record or screen. What separates it from `app_queue` is the way through ARI, what separates us from it is
our work. `python -m bench.bare PORT PASSWORD SEATS` is the router's process; it says "ready" when it listens.
"""

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.rival import engine_without_us, phones_of, watched
from bench.sip import HOST, Phones
from denwaban.telephony.ari import words
from denwaban.telephony.ari.connection import AriConnection
from denwaban.telephony.engine import APPLICATION, Engine, Packages

# In the place of our dialplan: no ledger, nothing behind the end.
_DIALPLAN = f"[bare]\nexten => _X.,1,Ringing()\n same => n,Stasis({APPLICATION},inbound)\n same => n,Hangup()\n"


@dataclass(frozen=True)
class Bare:
    """A running engine and its router."""

    phones: Phones
    pid: int
    engine_pid: int


@asynccontextmanager
async def bare(packages: Packages, home: Path, first_port: int, agents: int) -> AsyncIterator[Bare]:
    """Runs it with `agents` seats. Ports `first_port`…+2999 are its own. Nothing is left afterwards."""
    settings = engine_without_us(home, first_port, agents, _DIALPLAN)
    engine = Engine(settings, packages)
    await engine.start()
    async with watched(engine):
        router = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.bare",
            str(settings.http_port), settings.ari_password, str(agents),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert router.stdout is not None
            if await router.stdout.readline() != b"ready\n":
                raise RuntimeError("the bare router did not start")
            yield Bare(phones_of(settings), router.pid, engine.alive_pid() or 0)
        finally:
            if router.returncode is None:
                router.kill()
            await router.wait()


class Router:
    """Gives each caller the seat that has been idle longest; who finds none waits."""

    def __init__(self, seats: int) -> None:
        self._idle = deque(f"seat-{n}-phone" for n in range(1, seats + 1))
        self._waiting: dict[str, str] = {}
        """The number of each caller, by channel; whoever came first stands first."""
        self._calls: dict[str, tuple[str, str, str]] = {}
        """(caller, operator, seat) by either channel."""
        self._numbers = itertools.count()
        self._connection: AriConnection | None = None
        self.lost = asyncio.Event()

    async def start(self, port: int, password: str) -> None:
        """Listens."""
        url = f"http://{HOST}:{port}/ari"
        self._connection = await AriConnection.open(
            url, APPLICATION, password, APPLICATION, self._take, self.lost.set
        )
        wanted = {"allowed": [{"type": kind} for kind in words.WANTED]}
        if not (
            await self._connection.send("PUT", f"applications/{APPLICATION}/eventFilter", wanted)
        ).ok:
            raise RuntimeError("the engine takes no filter of events")

    def _send(self, method: str, room: str, body: dict[str, object] | None = None) -> None:
        assert self._connection is not None
        self._connection.send(method, room, body)

    def _take(self, event: words.AnyEvent) -> None:
        if isinstance(event, words.StasisStart):
            if event.args == ["inbound"]:
                self._waiting[event.channel.id] = event.channel.caller.number
                self._ring()
            elif event.channel.id in self._calls:
                self._join(*self._calls[event.channel.id])
        elif isinstance(event, words.StasisEnd | words.ChannelDestroyed):
            self._over(event.channel.id)

    def _ring(self) -> None:
        while self._waiting and self._idle:
            caller, seat = next(iter(self._waiting)), self._idle.popleft()
            number = self._waiting.pop(caller)
            operator = f"operator-{next(self._numbers)}"
            self._calls[caller] = self._calls[operator] = caller, operator, seat
            self._send(
                "POST", "channels",
                {"endpoint": f"PJSIP/{seat}", "app": APPLICATION, "appArgs": "seat", "channelId": operator, "timeout": 15,
                 "callerId": f"<{number}>", "formats": "ulaw"},
            )  # fmt: skip

    def _join(self, caller: str, operator: str, _seat: str) -> None:
        bridge = f"bridges/with-{operator}"
        self._send("POST", f"{bridge}?type=mixing,dtmf_events")
        self._send("POST", f"channels/{caller}/answer")
        self._send("POST", f"{bridge}/addChannel?channel={caller},{operator}")

    def _over(self, channel: str) -> None:
        call = self._calls.pop(channel, None)
        if call is None:
            self._waiting.pop(channel, None)
            return
        caller, operator, seat = call
        self._calls.pop(operator if channel == caller else caller, None)
        self._send("DELETE", f"bridges/with-{operator}")
        self._send("DELETE", f"channels/{operator if channel == caller else caller}")
        self._idle.append(seat)
        self._ring()


async def _serve(port: int, password: str, seats: int) -> None:
    router = Router(seats)
    await router.start(port, password)
    print("ready", flush=True)
    await router.lost.wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
