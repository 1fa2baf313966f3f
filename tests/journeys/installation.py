"""A whole installation as a user has it: `denwaban up` in a home of its own, driven from outside."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from playwright.async_api import Browser, BrowserContext, Page
from tests import browsers
from tests.engine_fixtures import REPOSITORY, port_block

from denwaban.calls import Recordings, call
from denwaban.calls.recordings import read
from denwaban.clock import SystemClock
from denwaban.config import load
from denwaban.store import Store, Tx
from denwaban.vault import unlock
from denwaban.web import CSRF_HEADER

T = TypeVar("T")


class Installation:
    """One running installation."""

    def __init__(
        self, home: Path, environment: dict[str, str], process: subprocess.Popen[bytes]
    ) -> None:
        self.home = home
        self.environment = environment
        self.process = process
        self.known: dict[str, Any] = json.loads((home / "credentials.json").read_text("utf-8"))

    @property
    def url(self) -> str:
        return str(self.known["url"])

    @property
    def sip_port(self) -> int:
        return int(self.known["sip"]["port"])

    def look(self, verb: Callable[[Tx], T]) -> T:
        """What a verb reads in the program's database, with its keys. Blocks."""
        settings = load(self.environment)
        store = Store(settings.database, SystemClock())
        try:
            unlock(store, settings)
            return store.look(verb)
        finally:
            store.engine.dispose()

    async def recording(self, call_id: str) -> Path:
        """The recording of a call that is over, as a WAV, whether it is sealed by now or not."""
        settings = load(self.environment)
        store = Store(settings.database, SystemClock())
        try:
            await asyncio.to_thread(unlock, store, settings)
            spool = self.home / "asterisk/spool/recording"
            kept = Recordings(store, lambda one: spool / f"{one}.wav", settings.recordings)
            found = await asyncio.to_thread(store.look, lambda tx: call(tx, call_id))
            assert found is not None
            wav = await asyncio.to_thread(kept.find, found)
            assert wav is not None, "there is nothing to hear"
            target = self.home / f"{call_id}.heard.wav"
            target.write_bytes(b"".join([piece async for piece in read(wav, range(wav.size))]))
            return target
        finally:
            store.engine.dispose()

    def sign_in_of(self, login: str) -> tuple[str, str]:
        """(login, password) of one of the people that were planted."""
        person = next(p for p in self.known["people"]["sign_ins"] if p["login"] == login)
        return person["login"], person["password"]

    def logins(self, role: str) -> list[str]:
        return [p["login"] for p in self.known["people"]["sign_ins"] if p["role"] == role]

    @contextmanager
    def api(self, role: str = "administrator") -> Iterator[httpx.Client]:
        """An API client with the key of a role."""
        key = self.known["people"]["api_keys"][role]
        with httpx.Client(
            base_url=f"{self.url}/api/v1/",
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=20,
        ) as client:
            yield client

    @contextmanager
    def pressing(self, login: str, page: str = "/seat") -> Iterator[Callable[..., httpx.Response]]:
        """The keys of somebody's page, without a browser: `press("/seat/hold", on=True)`. Raises for what is refused."""
        name, password = self.sign_in_of(login)
        with httpx.Client(base_url=self.url, trust_env=False, timeout=20) as browser:
            browser.post("/sign-in", data={"login": name, "password": password})
            shown = browser.get(page).text
            token = re.search(r'name="csrf-token" content="([0-9a-f]{64})"', shown)
            assert token is not None

            def press(path: str, **said: Any) -> httpx.Response:
                answer = browser.post(path, json=said, headers={CSRF_HEADER: token[1]})
                assert answer.status_code == 200, answer.text
                return answer

            yield press

    def ready(self) -> bool:
        try:
            # Asked ten times a second by who waits: without the certificates that plain HTTP does not need.
            answer = httpx.get(f"{self.url}/health", trust_env=False, verify=False, timeout=5)
            return answer.status_code == 200
        except httpx.HTTPError:
            return False

    def child(self, word: str) -> psutil.Process:
        """The process below `up` whose command line has `word`."""
        for found in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if word in " ".join(found.cmdline()) and "launch.py" not in " ".join(
                    found.cmdline()
                ):
                    return found
            except psutil.NoSuchProcess:
                continue
        raise LookupError(word)

    def kill_program(self) -> int:
        """kill -9 of the program; returns its process id."""
        victim = self.child("denwaban serve")
        victim.kill()
        return int(victim.pid)

    def kill_engine(self) -> int:
        victim = self.child("asterisk.conf")
        victim.kill()
        return int(victim.pid)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`denwaban …` in this home."""
        return subprocess.run(
            [sys.executable, "-m", "denwaban", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@contextmanager
def running(home: Path, **settings: str) -> Iterator[Installation]:
    """Starts an installation and stops it in order afterwards. `settings` are DENWABAN_* without the prefix."""
    with port_block() as first:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("DENWABAN_")},
            "DENWABAN_HOME": str(home),
            "DENWABAN_ENGINE": str(REPOSITORY / "var"),
            "DENWABAN_WEB_PORT": str(first),
            "DENWABAN_ENGINE_HTTP_PORT": str(first + 1),
            "DENWABAN_SIP_PORT": str(first + 2),
            "DENWABAN_RTP_FIRST": str(first + 100),
            "DENWABAN_RTP_LAST": str(first + 989),
            "PYTHONPATH": str(REPOSITORY / "src"),
            **{f"DENWABAN_{key.upper()}": value for key, value in settings.items()},
        }
        home.mkdir(parents=True, exist_ok=True)
        with (home / "up.log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "denwaban", "up"],
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            limit = time.monotonic() + 120
            while True:
                if process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError(
                        (home / "up.log").read_text("utf-8", errors="replace")[-5000:]
                    )
                if (home / "credentials.json").exists() and Installation(
                    home, environment, process
                ).ready():
                    break
                time.sleep(0.1)
            yield Installation(home, environment, process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise


def chromium(*arguments: str) -> AbstractAsyncContextManager[Browser]:
    """A real browser with a microphone that beeps, in which pages may make a sound unasked."""
    return browsers.chromium("--autoplay-policy=no-user-gesture-required", *arguments)


async def signed_in(
    browser: Browser,
    installation: Installation,
    login: str,
    *,
    size: tuple[int, int] = (1366, 768),
    **options: Any,
) -> tuple[BrowserContext, Page]:
    """A page of somebody who signed in with their password."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        permissions=["microphone"],
        locale="ja-JP",
        **options,
    )
    page = await context.new_page()
    name, password = installation.sign_in_of(login)
    await page.goto(f"{installation.url}/sign-in")
    await page.fill("input[name=login]", name)
    await page.fill("input[name=password]", password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return context, page


async def until(true: Callable[[], Any], within: float = 30.0, what: str = "") -> Any:
    """Waits for a condition; returns its first true value."""
    async with asyncio.timeout(within):
        while not (found := true()):
            await asyncio.sleep(0.05)
    return found
