"""The supervised engine, as a process: starts, answers, is noticed when it dies, ends in order."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from tests.engine_fixtures import EngineFactory, RunningEngine, port_block, settings_for

from denwaban.telephony.engine import (
    Back,
    Died,
    Engine,
    EngineTrouble,
    Packages,
    obtain,
    supervise,
)

pytestmark = pytest.mark.engine


async def test_a_second_obtaining_is_instant(engine_packages: Packages) -> None:
    begun = time.monotonic()
    assert obtain(engine_packages_home(engine_packages)) == engine_packages
    assert time.monotonic() - begun < 0.5


def engine_packages_home(packages: Packages) -> Path:
    return packages.data.parents[4] if packages.private else Path("/nowhere")


async def test_answers_ping_and_shuts_every_other_door(engine: RunningEngine) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        ping = await http.get(
            f"{engine.ari_url}/asterisk/ping", auth=(engine.ari_user, engine.ari_password)
        )
        assert ping.status_code == 200
        refused = await http.get(f"{engine.ari_url}/asterisk/ping", auth=("denwaban", "wrong"))
        assert refused.status_code == 401
        for path in ("httpstatus", "static/ajamdemo.html", "rawman"):
            root = engine.ari_url.removesuffix("/ari")
            assert (await http.get(f"{root}/{path}")).status_code == 404
    assert (await engine.engine.cli("core show version")).startswith("Asterisk 2")
    listening = listeners()
    pid = engine.engine.alive_pid()
    ours = [line.split() for line in listening.splitlines() if f"pid={pid}," in line]
    tcp = sorted(fields[4] for fields in ours if fields[0] == "tcp")
    assert tcp == [f"127.0.0.1:{engine.sip_port}", f"127.0.0.1:{engine.settings.http_port}"]
    # Beside the SIP door there are the engine's own questions to DNS: nothing answers there.
    udp = [fields[4] for fields in ours if fields[0] == "udp"]
    assert f"127.0.0.1:{engine.sip_port}" in udp
    for address in udp:
        answered = await knock("127.0.0.1", int(address.rsplit(":", 1)[1]))
        assert answered == (address == f"127.0.0.1:{engine.sip_port}"), address


def listeners() -> str:
    """Every port that is open on this machine, with its process."""
    return subprocess.run(["ss", "-Hlnptu"], capture_output=True, text=True, check=True).stdout


async def knock(host: str, port: int) -> bool:
    """Whether anything speaks SIP there."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.setblocking(False)
        caller.bind(("127.0.0.1", 0))
        mine = f"127.0.0.1:{caller.getsockname()[1]}"
        await loop.sock_sendto(
            caller,
            (
                f"OPTIONS sip:{host}:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {mine};branch=z9hG4bKk{port}\r\n"
                f"From: <sip:k@{mine}>;tag=k\r\nTo: <sip:{host}>\r\nCall-ID: knock{port}\r\n"
                f"CSeq: 1 OPTIONS\r\nContact: <sip:k@{mine}>\r\nContent-Length: 0\r\n\r\n"
            ).encode(),
            (host, port),
        )
        try:
            async with asyncio.timeout(0.5):
                return (await loop.sock_recv(caller, 4096)).startswith(b"SIP/2.0")
        except (TimeoutError, OSError):
            return False


async def test_every_module_loads_and_nothing_is_in_error(engine: RunningEngine) -> None:
    shown = await engine.engine.cli("module show")
    assert "Not Running" not in shown
    assert " ERROR[" not in engine.first_words


async def test_a_killed_engine_is_noticed_and_restarted(
    engine_packages: Packages, tmp_path: Path
) -> None:
    with port_block() as first:
        engine = Engine(settings_for(tmp_path / "home", first), engine_packages)
        await engine.start()
        watching = engine.watch()
        try:
            before = engine.alive_pid()
            assert before is not None
            os.kill(before, signal.SIGKILL)
            async with asyncio.timeout(30):
                died = await anext(watching)
                assert isinstance(died, Died)
                assert died.status == -signal.SIGKILL
                back = await anext(watching)
            assert isinstance(back, Back)
            assert engine.alive_pid() not in (None, before)
            assert "Asterisk" in await engine.cli("core show version")
        finally:
            await engine.stop()
        assert [event async for event in watching] == []
        assert engine.alive_pid() is None


async def _stops(engine: Engine) -> None:
    """The process is there, its ports are open, and nothing moves."""
    pid = engine.alive_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)


async def _refuses_programs(engine: Engine) -> None:
    """HTTP is answered, no program can connect."""
    async with asyncio.timeout(20):
        # It is not unloaded while somebody is connecting.
        while "res_ari_events" in await engine.cli("module show like res_ari_events"):
            await engine.cli("module unload res_ari_events.so")


@pytest.mark.parametrize("falls_ill", [_stops, _refuses_programs])
async def test_an_engine_that_hangs_is_noticed_and_restarted(
    engine_packages: Packages,
    tmp_path: Path,
    falls_ill: Callable[[Engine], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervise, "_KNOCK_SECONDS", 1.0)
    with port_block() as first:
        settings = settings_for(tmp_path / "home", first)
        engine = Engine(settings, engine_packages, look_seconds=0.3, patience_seconds=3.0)
        await engine.start()
        watching = engine.watch()
        try:
            before = engine.alive_pid()
            said = settings.log.read_text()
            happens = asyncio.ensure_future(anext(watching))
            # A healthy one is asked several times and left alone.
            await asyncio.wait([happens], timeout=2.0)
            assert not happens.done()
            assert settings.log.read_text() == said
            await falls_ill(engine)
            async with asyncio.timeout(40):
                died = await happens
                assert isinstance(died, Died)
                assert died.status == -signal.SIGKILL
                assert isinstance(await anext(watching), Back)
            assert engine.alive_pid() not in (None, before)
            await engine._knock()
        finally:
            await engine.stop()


async def test_an_engine_left_behind_is_replaced(engine_packages: Packages, tmp_path: Path) -> None:
    with port_block() as first:
        settings = settings_for(tmp_path / "home", first)
        left = Engine(settings, engine_packages)
        await left.start()
        old = left.alive_pid()
        new = Engine(settings, engine_packages)
        await new.start()
        try:
            assert new.alive_pid() not in (None, old)
        finally:
            await new.stop()
            await left.stop()


async def test_the_engine_does_not_outlive_its_supervisor(
    engine_packages: Packages, tmp_path: Path
) -> None:
    with port_block() as first:
        program = textwrap.dedent(
            f"""
            import asyncio, pathlib, sys
            sys.path[:0] = {sys.path!r}
            from tests.engine_fixtures import settings_for, REPOSITORY
            from denwaban.telephony.engine import Engine, obtain
            async def main():
                home = pathlib.Path({str(tmp_path / "home")!r})
                engine = Engine(settings_for(home, {first}), obtain(REPOSITORY / "var"))
                await engine.start()
                print(engine.alive_pid(), flush=True)
                await asyncio.sleep(600)
            asyncio.run(main())
            """
        )
        supervisor = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
        )
        assert supervisor.stdout is not None
        words = b""
        async with asyncio.timeout(60):
            while not words.strip().isdigit():
                words = await supervisor.stdout.readline()
                assert words, "the supervisor ended"
        pid = int(words)
        supervisor.kill()
        await supervisor.wait()
        async with asyncio.timeout(20):
            while is_running(pid):
                await asyncio.sleep(0.05)


def is_running(pid: int) -> bool:
    """Also False for a process that has ended and waits for its parent."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def test_a_taken_port_is_told_not_waited_for(
    engine: RunningEngine, engine_packages: Packages, tmp_path: Path
) -> None:
    with port_block() as first:
        settings = settings_for(tmp_path / "home", first, http_port=engine.settings.http_port)
        second = Engine(settings, engine_packages)
        with pytest.raises(EngineTrouble, match=str(settings.http_port)):
            await second.start(timeout=20)
        assert second.alive_pid() is None


async def test_two_engines_beside_each_other_and_a_deep_home(
    engine: RunningEngine, engine_factory: EngineFactory, tmp_path: Path
) -> None:
    deep = tmp_path / ("とても深いフォルダー" * 3) / ("deep" * 12)
    other = engine_factory(home=deep)
    assert len(os.fsencode(other.settings.run / "asterisk.ctl")) < 108
    assert engine.engine.alive_pid() != other.engine.alive_pid()
    assert "Asterisk" in await other.engine.cli("core show version")
    assert "Asterisk" in await engine.engine.cli("core show version")
