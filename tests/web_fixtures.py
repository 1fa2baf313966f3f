"""An app over both databases, and browsers signed in as anybody.

`tests/conftest.py` loads this file as a plugin. The fixture `make_web` builds the app from the routes that a test names:

    async def test_it(make_web: MakeWeb) -> None:
        web = await make_web(pages=console.pages.routes, services={"switchboard": board})
        operator = await web.browser(Role.OPERATOR)
        answer = await operator.get("/seat")
        answer = await operator.post("/seat/send", data={…})      # the form token is added
"""

import re
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import httpx
import pytest
from jinja2 import FileSystemBytecodeCache
from litestar import Litestar
from litestar.testing import AsyncTestClient
from litestar.types import ControllerRouterHandler

from denwaban.access import Hashed, Role, add_user, make_api_key, open_session, user
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.journal import Journal
from denwaban.store import Store, Tx, new_id
from denwaban.web import CSRF_HEADER, Routes, configure_logs, environment

ORIGIN = "http://denwaban.test"

UNUSABLE = Hashed("!")
"""No argon2 hash: nobody can sign in with a password, and no test waits for hashing."""

MakeWeb = Callable[..., Awaitable["Web"]]


class Browser:
    """An HTTP client with cookies of its own. Unsafe requests carry the form token, as the pages do."""

    def __init__(self, client: httpx.AsyncClient, user_id: str = "") -> None:
        self.client = client
        self.user_id = user_id
        self.csrf = ""

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def post(self, path: str, data: Any = None, **options: Any) -> httpx.Response:
        return await self.request("POST", path, data=data, **options)

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        if not self.csrf and self.user_id:
            page = await self.client.get("/account")
            found = re.search(r'name="csrf-token" content="([0-9a-f]{64})"', page.text)
            assert found is not None, page.text
            self.csrf = found[1]
        headers = {CSRF_HEADER: self.csrf, **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)


class Web:
    """An app under test."""

    def __init__(self, app: Litestar, store: Store, clients: AsyncExitStack) -> None:
        self.app = app
        self.store = store
        self._clients = clients

    async def anonymous(self) -> Browser:
        """A browser that nobody has signed in with."""
        return Browser(await self._client())

    async def browser(
        self, role: Role, client_id: str | None = None, user_id: str | None = None
    ) -> Browser:
        """A browser signed in as somebody of this role: as `user_id`, or as a new account."""

        def enter(tx: Tx) -> tuple[str, str]:
            found = user(tx, user_id) if user_id else None
            if found is None:
                made = add_account(tx, role, client_id)
                found = user(tx, made)
            assert found is not None
            return open_session(tx, found, "test")[0], found.id

        token, found_id = await self.store.write(enter)
        browser = Browser(await self._client(), found_id)
        browser.client.cookies.set("denwaban", token)
        return browser

    async def program(self, role: Role, client_id: str | None = None) -> Browser:
        """A program with an API key."""
        secret = await self.store.write(lambda tx: make_api_key(tx, "test", role, client_id))
        browser = Browser(await self._client())
        browser.client.headers["Authorization"] = f"Bearer {secret}"
        return browser

    async def _client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=("203.0.113.9", 40000))  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url=ORIGIN, follow_redirects=False)
        return await self._clients.enter_async_context(client)


def add_account(tx: Tx, role: Role, client_id: str | None = None, login: str = "") -> str:
    """An account that cannot be signed in to by password (hashing is slow); returns its id."""
    return add_user(tx, login or f"u{new_id()}", UNUSABLE, role, f"テスト {role}", client_id)


class Shelf:
    """Routes made once and furnished again for test after test: making them takes longer than most tests."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._free: dict[tuple[object, ...], Routes] = {}

    @contextmanager
    def lent(
        self,
        pages: Sequence[ControllerRouterHandler],
        api: Sequence[ControllerRouterHandler],
        names: Iterable[str],
    ) -> Iterator[Routes]:
        """Routes that nobody else has until the end."""
        key = (tuple(pages), tuple(api), tuple(sorted(names)))
        routes = self._free.pop(key, None) or Routes(pages, api, key[2])
        yield routes
        self._free[key] = routes
        if len(self._free) > self._room:
            del self._free[next(iter(self._free))]


shelf = Shelf(room=8)


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(pytestconfig: pytest.Config) -> None:
    """What Jinja makes of a template is kept for the other workers and the next run, as Python keeps what it compiles."""
    if pytestconfig.cache is not None:
        kept = pytestconfig.cache.mkdir("templates")
        environment().bytecode_cache = FileSystemBytecodeCache(str(kept))


@pytest.fixture
async def make_web(store: Store, clock: MovedClock) -> AsyncIterator[Callable[..., Awaitable[Web]]]:
    """Builds an app over the test's store: `await make_web(pages=[…], api=[…], services={…})`."""
    configure_logs("warning", tty=False)
    async with AsyncExitStack() as stack:

        async def make(
            pages: Sequence[ControllerRouterHandler] = (),
            api: Sequence[ControllerRouterHandler] = (),
            services: Mapping[str, object] | None = None,
            settings: Settings | None = None,
            journal: Journal | None = None,
            **more: Any,
        ) -> Web:
            routes = stack.enter_context(shelf.lent(pages, api, services or ()))
            app = routes.furnish(
                store=store,
                clock=clock,
                journal=journal or Journal(store),
                settings=settings or Settings(),
                services=services,
                **more,
            )
            # Runs the app's lifespan (start-up and shutdown).
            await stack.enter_async_context(AsyncTestClient(app, base_url=ORIGIN))
            return Web(app, store, stack)

        yield make
