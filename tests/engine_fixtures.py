"""A real telephone engine for tests, and callers for it.

Listed in `pytest_plugins` of conftest. `engine` is one engine for the whole session with ports of
its own; `engine_factory` starts more, for tests that kill or change theirs. The packages are
fetched once into `var/engine` of the repository.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from denwaban.config import Trunk
from denwaban.telephony.engine import Engine, EngineSettings, Packages, obtain
from denwaban.telephony.port import SeatAccount, SeatName

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunningEngine:
    """An engine that serves. Trunk `test` takes calls from 127.0.0.1 (number in the request URI),
    trunk `test-to` from 127.0.0.2 (number in To). Seats `seat-1` … `seat-4` can sign in with
    `password_of`, as browser (`seat-1`) and as phone (`seat-1-phone`)."""

    settings: EngineSettings
    engine: Engine
    first_words: str
    """Its log until it served."""

    @property
    def ari_url(self) -> str:
        return self.settings.ari_url

    @property
    def ari_user(self) -> str:
        return self.settings.ari_user

    @property
    def ari_password(self) -> str:
        return self.settings.ari_password

    @property
    def sip_host(self) -> str:
        return self.settings.sip_host

    @property
    def sip_port(self) -> int:
        return self.settings.sip_port

    @property
    def ws_url(self) -> str:
        return self.settings.ws_url

    @property
    def outside_port(self) -> int:
        """Where calls out by trunk `test` go: nobody is there until a test opens something."""
        return int(self.settings.trunks[0].server.rpartition(":")[2])


def password_of(seat: str) -> str:
    """The password of a seat of `RunningEngine`."""
    return f"password-of-{seat}"


@contextmanager
def port_block() -> Iterator[int]:
    """A thousand ports that no other test process uses: the first, and the block until the end.

    Below the range from which the kernel gives ports to clients; the last port of the block is
    held open as the sign that it is taken.
    """
    for first in range(20000, 32000, 1000):
        with socket.socket() as sign:
            try:
                sign.bind(("127.0.0.1", first + 999))
            except OSError:
                continue
            if not all(_free(first + at) for at in range(3)):
                continue  # something that holds no sign, such as an engine left behind
            yield first
            return
    raise RuntimeError("no free ports between 20000 and 32000")


def _free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:  # connections of the last one may linger
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@pytest.fixture(scope="session")
def engine_packages() -> Packages:
    """The engine's packages, fetched when they are not there yet."""
    return obtain(REPOSITORY / "var")


EngineFactory = Callable[..., RunningEngine]


@pytest.fixture(scope="session")
def engine(
    engine_packages: Packages, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEngine]:
    """One engine for the whole session; leave it as you found it."""
    with _running(engine_packages, tmp_path_factory.mktemp("engine")) as running:
        yield running


@pytest.fixture
def engine_factory(engine_packages: Packages, tmp_path: Path) -> Iterator[EngineFactory]:
    """Starts engines of a test's own: `engine_factory(**changes to EngineSettings)`."""
    with ExitStack() as stack:
        count = 0

        def make(**changes: Any) -> RunningEngine:
            nonlocal count
            count += 1
            return stack.enter_context(
                _running(engine_packages, changes.pop("home", tmp_path / f"{count}"), **changes)
            )

        yield make


def settings_for(home: Path, first_port: int, **changes: Any) -> EngineSettings:
    """Settings of a test engine on the ports that begin at `first_port`."""
    values: dict[str, Any] = {
        "home": home,
        "sip_port": first_port,
        "http_port": first_port + 1,
        "ari_password": secrets.token_hex(12),
        "speech": REPOSITORY / "var" / "speech",
        "rtp_first": first_port + 100,
        "rtp_last": first_port + 989,
        "trunks": (
            Trunk(
                name="test",
                kind="ip",
                match=("127.0.0.1",),
                server=f"127.0.0.1:{first_port + 995}",
                user="0312340000",
                shows="pai",
            ),
            Trunk(name="test-to", kind="ip", match=("127.0.0.2",), number_from="to"),
        ),
        "seats": tuple(
            SeatAccount(SeatName(f"seat-{n}"), password_of(f"seat-{n}")) for n in range(1, 5)
        ),
        **changes,
    }
    return EngineSettings(**values)


@contextmanager
def _running(packages: Packages, home: Path, **changes: Any) -> Iterator[RunningEngine]:
    """An engine with its supervisor in a thread with a loop of its own, so that tests with loops
    of any scope can use it."""
    with port_block() as first:
        engine = Engine(settings_for(home, first, **changes), packages)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="engine-supervisor", daemon=True)
        thread.start()

        async def keep() -> None:
            async for _ in engine.watch():
                pass

        try:
            asyncio.run_coroutine_threadsafe(engine.start(), loop).result(90)
            keeper = asyncio.run_coroutine_threadsafe(keep(), loop)
            try:
                said = engine.settings.log.read_text()
                yield RunningEngine(engine.settings, engine, said)
            finally:
                asyncio.run_coroutine_threadsafe(engine.stop(), loop).result(30)
                keeper.result(30)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
