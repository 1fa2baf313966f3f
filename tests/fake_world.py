"""The world of `phone_world` in memory."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.phone_world import OUTSIDE, SEAT, CallerSide, Listener, OutsideSide, SeatSide

from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import Leg, Unreached


class FakeWorld:
    def __init__(self, phone: FakePhone, advance: Callable[[float], None], prompt: Path) -> None:
        self.phone: FakePhone = phone
        self.listener = Listener(phone)
        self.prompt = prompt
        self._advance = advance

    async def dials(self, number: str, from_: str = "09012345678") -> CallerSide:
        return FakeCaller(self, self.phone.caller_dials(number, from_))

    async def seat_online(self) -> SeatSide:
        self.phone.seat_online(SEAT)
        return FakeSeat(self)

    async def seat_offline(self) -> None:
        self.phone.seat_offline(SEAT)

    async def outside(self) -> OutsideSide:
        return FakeOutside(self)

    async def seconds_pass(self, seconds: float) -> None:
        # The clock's sleepers must have gone to sleep before it is moved.
        await asyncio.sleep(0)
        self._advance(seconds)

    async def program_restarts(self) -> None:
        await self.listener.close()
        self.listener = Listener(self.phone)

    def check(self, leg: Leg, what: str, caller: str) -> None:
        hears = set(self.phone.hears(leg).split(" + "))
        words = {
            "caller": f"voice of {caller}",
            "seat": f"voice of {SEAT}",
            "outside": f"voice of {OUTSIDE}",
            "prompt": f"prompt {self.prompt}",
            "nothing": "silence",
        }
        wanted = {words.get(one, one) for one in what.split("+")}
        assert hears == wanted, f"hears {hears}, not {what}"


class FakeCaller:
    def __init__(self, world: FakeWorld, leg: Leg) -> None:
        self.world, self.leg = world, leg

    async def hears(self, what: str) -> None:
        self.world.check(self.leg, what, "")

    async def hangs_up(self) -> None:
        self.world.phone.caller_hangs_up(self.leg)

    async def presses(self, digit: str) -> None:
        self.world.phone.caller_presses(self.leg, digit)

    async def hears_keys(self, digits: str) -> None:
        pressed = [act for act in self.world.phone.acts if act.verb == "press"]
        assert (pressed[-1].leg, pressed[-1].given["digits"]) == (self.leg, digits)

    async def is_over(self) -> None:
        assert self.leg not in (await self.world.phone.snapshot()).legs


class FakeSeat:
    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        self.leg = Leg("")

    async def rings(self) -> None:
        assert self.world.phone.seat_rings(SEAT)

    async def answers(self) -> None:
        self.leg = self.world.phone.seat_answers(SEAT)

    async def refuses(self) -> None:
        self.world.phone.seat_refuses(SEAT)

    async def holds(self, on: bool) -> None:
        self.world.phone.seat_holds(SEAT, on)

    async def refers(self, to: str) -> None:
        self.world.phone.seat_refers(SEAT, to)

    async def was_referred(self, done: bool) -> None:
        told = [act for act in self.world.phone.acts if act.verb == "referred"]
        assert (told[-1].leg, told[-1].given["done"]) == (self.leg, done)

    async def hears(self, what: str) -> None:
        self.world.check(self.leg, what, "09012345678")

    async def hangs_up(self) -> None:
        self.world.phone.seat_hangs_up(SEAT)

    async def is_over(self) -> None:
        assert self.leg not in (await self.world.phone.snapshot()).legs


class FakeOutside:
    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        self.leg = Leg("")

    async def rings(self) -> None:
        assert self.world.phone.outside_rings(OUTSIDE)

    async def sees(self, number: str) -> None:
        shown = [act.given["shown"] for act in self.world.phone.acts if act.verb == "call_out"]
        assert shown[-1] == f"+81{number[1:]}"

    async def answers(self) -> None:
        self.leg = self.world.phone.outside_answers(OUTSIDE)

    async def fails(self, why: Unreached) -> None:
        self.world.phone.outside_fails(OUTSIDE, why)

    async def presses(self, digit: str) -> None:
        self.world.phone.outside_presses(OUTSIDE, digit)

    async def hears(self, what: str) -> None:
        self.world.check(self.leg, what, "09012345678")

    async def hangs_up(self) -> None:
        self.world.phone.outside_hangs_up(OUTSIDE)

    async def is_over(self) -> None:
        assert not self.world.phone.outside_rings(OUTSIDE)
        assert self.leg not in (await self.world.phone.snapshot()).legs
