"""One engine process: started, watched, restarted, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog
import websockets
from websockets.exceptions import WebSocketException

from denwaban.telephony.engine.configure import configure
from denwaban.telephony.engine.console import Console, EngineTrouble
from denwaban.telephony.engine.launch import bound_to_us
from denwaban.telephony.engine.obtain import Packages
from denwaban.telephony.engine.settings import APPLICATION, EngineSettings

log = structlog.get_logger(__name__)

_LOG_LIMIT = 5_000_000
_OLD_LOGS = 2
_BACKOFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STABLE_SECONDS = 60.0
_KNOCK_SECONDS = 5.0


@dataclass(frozen=True)
class Died:
    """The engine process ended without being told to; every call in it is gone.

    `status` is as of `subprocess`: negative is a signal."""

    status: int
    after_seconds: float


@dataclass(frozen=True)
class Back:
    """The engine serves again."""

    after_seconds: float


class Engine(Console):
    """Supervises one engine; one `Engine` for each home, in one process.

    While it is watched, it is asked every `look_seconds` whether it still takes a program's connection. One that has not for
    `patience_seconds` hangs: it is ended and counts as dead. Calls in it could not be helped any more.

    The engine dies with the thread that called `start` (a kernel guarantee on Linux), so call it
    from the thread that lives as long as the program. The object may be made in another process to
    use `cli`, `seats` and `alive_pid` alone.
    """

    def __init__(
        self,
        settings: EngineSettings,
        packages: Packages,
        *,
        look_seconds: float = 10.0,
        patience_seconds: float = 20.0,
    ) -> None:
        super().__init__(settings, packages)
        self._look = look_seconds
        self._patience = patience_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._started = 0.0
        self._stop = asyncio.Event()

    async def start(self, timeout: float = 60.0) -> None:  # noqa: ASYNC109
        """Writes the configuration, starts the engine and returns when it serves.

        An engine that an earlier supervisor of this home left behind is ended first. Raises
        `EngineTrouble`, OSError; then nothing is left running.
        """
        self._stop.clear()
        await self._start(timeout)

    async def _start(self, timeout: float) -> None:  # noqa: ASYNC109
        await asyncio.to_thread(configure, self.settings, self.packages)
        await self._spawn()
        try:
            await self.ready(timeout)
        except BaseException:
            await self._end(grace=0.0)
            raise

    async def ready(self, timeout: float = 60.0) -> None:  # noqa: ASYNC109
        """Returns when ARI answers and every module is loaded. Raises `EngineTrouble`."""
        limit = time.monotonic() + timeout
        auth = (self.settings.ari_user, self.settings.ari_password)
        async with httpx.AsyncClient(auth=auth, timeout=2.0, trust_env=False) as http:
            while True:
                self._must_run()
                with contextlib.suppress(httpx.HTTPError):
                    answer = await http.get(f"{self.settings.ari_url}/asterisk/ping")
                    if answer.status_code == 200:
                        break
                if time.monotonic() > limit:
                    raise EngineTrouble(f"the engine does not answer\n{self._last_words()}")
                await asyncio.sleep(0.05)
        await self.cli("core waitfullybooted", timeout=max(1.0, limit - time.monotonic()))

    async def watch(self) -> AsyncIterator[Died | Back]:
        """Yields `Died` at each death and, when it is restarted, `Back`; ends after `stop`.

        To be consumed by one task for as long as the engine runs: restarting and the log's size
        are done here. Restarts at once the first time, then later and later (at most every 30 s)
        while it keeps dying young.
        """
        deaths = 0
        while not self._stop.is_set():
            if self._process is None:
                raise EngineTrouble("not started")
            status = await self._wait_and_tidy(self._process)
            if self._stop.is_set():
                return
            died_at = time.monotonic()
            lived = died_at - self._started
            deaths = 1 if lived > _STABLE_SECONDS else deaths + 1
            log.error("engine.died", status=status, after_seconds=round(lived, 1))
            yield Died(status, lived)
            while not await self._stopped_within(_BACKOFF[min(deaths, len(_BACKOFF)) - 1]):
                try:
                    await self._start(60.0)
                except (EngineTrouble, OSError) as trouble:
                    deaths += 1
                    log.error("engine.not_restarted", reason=str(trouble)[:300])
                    continue
                break
            if self._stop.is_set():
                await self._end(grace=0.0)  # `stop` came while it was being started
                return
            away = time.monotonic() - died_at
            log.warning("engine.back", away_seconds=round(away, 1))
            yield Back(away)

    async def stop(self, grace: float = 5.0) -> None:
        """Ends the engine: calls are hung up and recordings closed. Returns within `grace` seconds
        and a little, when nothing is left of it. No engine is no error."""
        self._stop.set()
        await self._end(grace)

    async def _spawn(self) -> None:
        await self._end_stale()
        self._check_ports()
        self._tidy_logs()
        with (self.settings.log.parent / "console.log").open("wb") as out:
            self._process = await asyncio.create_subprocess_exec(
                *bound_to_us(
                    *self.packages.command, "-C", str(self.settings.etc / "asterisk.conf"), "-f"
                ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
                # A Ctrl-C at the terminal is for the supervisor, which ends the engine in order.
                start_new_session=True,
                cwd=self.settings.root,
            )
        self._started = time.monotonic()

    async def _end_stale(self) -> None:
        pid = self.alive_pid()
        if pid is not None:
            log.warning("engine.stale_ended", pid=pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            # Not our child: nothing tells when it is gone. Its command line is empty before its
            # ports are free; they are when it is a zombie or no more.
            while _runs(pid):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        for name in ("asterisk.ctl", "asterisk.pid"):
            (self.settings.run / name).unlink(missing_ok=True)

    async def _stopped_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        return self._stop.is_set()

    def _check_ports(self) -> None:
        """An engine without its port would start all the same, deaf: so ask beforehand."""
        for what, kind, host, port in (
            ("SIP", socket.SOCK_DGRAM, self.settings.sip_host, self.settings.sip_port),
            ("SIP", socket.SOCK_STREAM, self.settings.sip_host, self.settings.sip_port),
            ("ARI", socket.SOCK_STREAM, self.settings.http_host, self.settings.http_port),
        ):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family, kind) as probe:
                if kind == socket.SOCK_STREAM:  # connections of the last engine may linger
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError as trouble:
                    raise EngineTrouble(f"{what} {host}:{port}: {trouble.strerror}") from trouble

    async def _wait_and_tidy(self, process: asyncio.subprocess.Process) -> int:
        while True:
            try:
                async with asyncio.timeout(self._look):
                    return await process.wait()
            except TimeoutError:
                await self._must_answer(process)
                if self.settings.log.exists() and self.settings.log.stat().st_size > _LOG_LIMIT:
                    try:
                        await self.cli("logger rotate")
                    except EngineTrouble as trouble:
                        log.warning("engine.log_not_rotated", reason=str(trouble)[:200])
                    self._tidy_logs()

    async def _must_answer(self, process: asyncio.subprocess.Process) -> None:
        """Returns when it has taken a connection. Ends it when it takes none for as long as our patience lasts."""
        begun = time.monotonic()
        while process.returncode is None:
            try:
                await self._knock()
                return
            except (OSError, TimeoutError, WebSocketException) as trouble:
                away = time.monotonic() - begun
                if away >= self._patience:
                    log.error("engine.hangs", seconds=round(away, 1), error=type(trouble).__name__)
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    return
            if await self._stopped_within(min(1.0, self._patience)):
                return

    async def _knock(self) -> None:
        """Connects as a program does, under a name of its own. Raises OSError, TimeoutError, WebSocketException."""
        key = f"{self.settings.ari_user}:{self.settings.ari_password}".encode()
        url = self.settings.ari_url.replace("http://", "ws://", 1)
        async with (
            asyncio.timeout(_KNOCK_SECONDS),
            websockets.connect(
                f"{url}/events?app={APPLICATION}-watch",
                additional_headers={"Authorization": f"Basic {b64encode(key).decode()}"},
                proxy=None,
                open_timeout=None,
                close_timeout=1.0,
            ),
        ):
            pass

    def _tidy_logs(self) -> None:
        """Keeps the newest old logs; the engine itself would keep them all."""
        old = sorted(
            self.settings.log.parent.glob("engine.log.*"), key=lambda path: path.stat().st_mtime
        )
        for path in old[:-_OLD_LOGS]:
            path.unlink(missing_ok=True)

    async def _end(self, grace: float) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if grace > 0:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(grace):
                    await process.wait()
                    return
            except TimeoutError:
                log.warning("engine.killed", grace_seconds=grace)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    def _must_run(self) -> None:
        process = self._process
        if process is not None and process.returncode is not None:
            raise EngineTrouble(f"the engine ended ({process.returncode})\n{self._last_words()}")

    def _last_words(self) -> str:
        words = ""
        for path in (self.settings.log.parent / "console.log", self.settings.log):
            if path.exists():
                words += path.read_text("utf-8", errors="replace")[-600:]
        return words


def _runs(pid: int) -> bool:
    """Whether the process, or a thread of it, still holds its files and ports."""
    process = Path(f"/proc/{pid}")
    try:
        state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
        # The threads of a process that was killed may outlive their leader by a moment.
        return state not in "ZX" or len(list((process / "task").iterdir())) > 1
    except OSError:
        return False
