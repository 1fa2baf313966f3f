"""A trunk that registers, at a real registrar: a second Asterisk on loopback plays the provider."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.contract.test_engine_calls import program
from tests.engine_fixtures import EngineFactory, RunningEngine

from denwaban.config import Trunk
from denwaban.telephony.engine import Door

pytestmark = pytest.mark.engine

PASSWORD = "the-providers-password"

PROVIDER = f"""
[0312345678]
type = auth
auth_type = userpass
username = 0312345678
password = {PASSWORD}
[0312345678]
type = aor
max_contacts = 1
[0312345678]
type = endpoint
context = nowhere
auth = 0312345678
aors = 0312345678
disallow = all
allow = ulaw
from_domain = provider.example
"""
"""The provider's side of our line. It calls where we have registered, so the number dialled stands in To alone when it
says so; without, in the request URI."""

HASTY = "[system](+)\ntimer_t1 = 100\ntimer_b = 6400\n"
"""Nobody answers for 6 seconds instead of SIP's 32."""


def line(provider: RunningEngine, password: str = PASSWORD) -> Trunk:
    return Trunk(
        name="provider",
        kind="register",
        server=f"127.0.0.1:{provider.sip_port}",
        user="0312345678",
        password=password,
    )


@asynccontextmanager
async def both(
    make: EngineFactory, password: str = PASSWORD
) -> AsyncIterator[tuple[RunningEngine, RunningEngine]]:
    provider = make(extra_conf={"pjsip.conf": PROVIDER}, trunks=())
    ours = make(trunks=(line(provider, password),), extra_conf={"pjsip.conf": HASTY})
    yield provider, ours


async def state(ours: RunningEngine, wanted: str, within: float = 40.0) -> None:
    """Waits until the trunk's registration is so."""
    async with asyncio.timeout(within):
        while (await ours.engine.registrations()).get("provider") != wanted:
            await asyncio.sleep(0.2)


@pytest.mark.req("A2")
async def test_we_register_and_are_called_by_the_number_that_was_dialled(
    engine_factory: EngineFactory,
) -> None:
    async with both(engine_factory) as (provider, ours):
        await state(ours, "Registered")
        door = Door(ours.engine)
        await door.look()
        assert door.trouble is None
        assert "0312345678" in await provider.engine.cli("pjsip show contacts")
        async with program(ours) as us, program(provider) as them:
            placed = await them.http.post(
                "/channels",
                params={
                    "endpoint": "PJSIP/0312345678",
                    "app": "denwaban",
                    "callerId": "09087654321",
                },
            )
            placed.raise_for_status()
            call = await us.inbound()
            assert call["args"] == ["inbound", "0312345678", "provider"]
            assert call["channel"]["caller"]["number"] == "09087654321"
            answered = await us.http.post(f"/channels/{call['channel']['id']}/answer")
            answered.raise_for_status()
            await them.until(lambda event: event["type"] == "StasisStart")


async def test_a_wrong_password_is_told_and_nobody_is_called(engine_factory: EngineFactory) -> None:
    async with both(engine_factory, "not the password".replace(" ", "-")) as (provider, ours):
        await state(ours, "Rejected")
        assert "sip:0312345678@" not in await provider.engine.cli("pjsip show contacts")


async def test_a_provider_who_goes_away_is_seen_and_found_again(
    engine_factory: EngineFactory,
) -> None:
    async with both(engine_factory) as (provider, ours):
        await state(ours, "Registered")
        door = Door(ours.engine)
        pid = provider.engine.alive_pid()
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            await ours.engine.cli("pjsip send register provider")
            # Nobody answers for the whole of SIP's patience.
            await state(ours, "Rejected", within=60)
            await door.look()
            assert door.trouble == "trunk not registered: provider (Rejected)"
        finally:
            os.kill(pid, signal.SIGCONT)
        await state(ours, "Registered", within=60)
        await door.look()
        assert door.trouble is None
