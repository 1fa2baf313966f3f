"""Who a request comes from, when a proxy stands in front."""

from typing import Any

import pytest

from denwaban.config import Settings
from denwaban.main.serving import web_server


@pytest.mark.parametrize(
    ("proxies", "peer", "seen"),
    [
        ("127.0.0.1,::1", "127.0.0.1", "203.0.113.9"),
        ("127.0.0.1,::1", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.0/24", "192.0.2.1", "203.0.113.9"),
        ("192.0.2.0/24", "127.0.0.1", "127.0.0.1"),
    ],
)
async def test_only_our_own_proxies_say_who_came(proxies: str, peer: str, seen: str) -> None:
    came: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        came.append(scope["client"][0])

    config = web_server(app, Settings(web_proxies=proxies))
    config.load()
    scope = {
        "type": "http",
        "client": (peer, 1),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", b"203.0.113.9")],
    }
    await config.loaded_app(scope, None, None)
    assert came == [seen]
