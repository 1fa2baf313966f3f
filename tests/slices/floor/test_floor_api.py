"""What supervisors' programs decide about calls, and the times that calls took, over HTTP; both databases."""

from datetime import timedelta
from typing import Any

import pytest
from tests.slices.routing.conftest import NUMBER, House, house
from tests.web_fixtures import Browser, MakeWeb

from denwaban.access import Role
from denwaban.calls.decisions import Decided, decisions_of
from denwaban.care import mark_relay
from denwaban.floor import api, times
from denwaban.store import Tx

__all__ = ["house"]

WHY = {"reason": "お急ぎとのこと"}


async def post(browser: Browser, path: str, **body: Any) -> int:
    return (await browser.request("POST", f"/api/v1/calls/{path}", json=body)).status_code


async def test_a_program_moves_a_waiting_caller_and_lets_one_through(
    house: House, make_web: MakeWeb
) -> None:
    async with house.open() as board:
        web = await make_web(api=api.routes, services={"switchboard": board})
        program = await web.program(Role.SUPERVISOR)
        house.dials(NUMBER, "09011111111")
        house.dials(NUMBER, "09022222222")
        await house.settled()
        first, second = [one.call_id for one in house.view.waiting]
        assert await post(program, f"{second}/move", where="first", **WHY) == 204
        assert [one.call_id for one in house.view.waiting] == [second, first]
        tanaka = house.operators["tanaka"]
        moved = {"where": "operator", "target_id": tanaka}
        assert await post(program, f"{first}/move", **moved, **WHY) == 204
        # What does not fit is told, and nothing is written.
        for body, status in (
            ({"where": "operator", **WHY}, 422),
            ({"where": "first", "target_id": tanaka, **WHY}, 422),
            ({"where": "first", "reason": "\u3000"}, 400),
            ({"where": "away", **WHY}, 400),
            ({"where": "group", "target_id": "0" * 32, **WHY}, 409),
        ):
            assert await post(program, f"{first}/move", **body) == status, body
        assert await post(program, f"{'0' * 32}/move", where="first", **WHY) == 404
        await house.comes("suzuki")
        await house.talks("suzuki")
        suzuki = house.operators["suzuki"]
        # Who talks already is not moved; and only who talks is let through.
        assert await post(program, f"{second}/move", where="first", **WHY) == 409
        assert await post(program, f"{first}/let-through", operator_id=suzuki, **WHY) == 409
        assert await post(program, f"{second}/let-through", operator_id=suzuki, **WHY) == 204
        decided = await house.store.read(lambda tx: decisions_of(tx, second))
        assert [(one.kind, one.by) for one in decided] == [
            (Decided.FIRST, "test"),
            (Decided.LET, "test"),
        ]
        for role in (Role.OPERATOR, Role.ADMINISTRATOR):
            other = await web.program(role)
            assert await post(other, f"{second}/let-through", operator_id=suzuki, **WHY) == 403


async def test_how_long_calls_took_by_client_operator_and_day(
    house: House, make_web: MakeWeb
) -> None:
    async with house.open():
        web = await make_web(
            pages=times.routes, api=api.routes, services={"switchboard": house.board}
        )
        program = await web.program(Role.SUPERVISOR)
        await house.comes("suzuki")
        for seconds, number in ((30, "09011111111"), (90, "09022222222"), (600, "05011111111")):
            caller = house.dials(NUMBER, number)
            await house.talks("suzuki")
            house.clock.advance(timedelta(seconds=seconds))
            house.phone.caller_hangs_up(caller)
            await house.settled()

        def mark(tx: Tx) -> None:
            mark_relay(tx, found[-1], house.operators["suzuki"], True)

        found = await house.calls()
        await house.store.write(mark)
        now = house.clock.now()
        span = {
            "since": (now - timedelta(days=1)).isoformat(),
            "until": (now + timedelta(hours=1)).isoformat(),
        }
        day = f"{now + timedelta(hours=9):%Y-%m-%d}"
        for by, key in (
            ("all", ""),
            ("client", house.client),
            ("operator", house.operators["suzuki"]),
            ("day", day),
        ):
            answer = await program.get("/api/v1/handling-times", params={**span, "by": by})
            (item,) = answer.json()["items"]
            assert item["key"] == key
            assert (item["usual"]["calls"], item["relay"]["calls"]) == (2, 1)
            assert item["usual"]["aht"] == pytest.approx(60, abs=0.1)
            assert item["relay"]["talk"] == pytest.approx(600, abs=0.1)
        other = {**span, "client_id": "0" * 32}
        (nothing,) = (await program.get("/api/v1/handling-times", params=other)).json()["items"]
        assert nothing["usual"] == {"calls": 0, "aht": None, "talk": None, "wrap_up": None}
        backwards = {"since": span["until"], "until": span["since"]}
        refused = await program.get("/api/v1/handling-times", params=backwards)
        assert refused.status_code == 422
        far = {"since": "2020-01-01T00:00:00Z", "until": span["until"], "by": "day"}
        assert (await program.get("/api/v1/handling-times", params=far)).status_code == 422
        supervisor = await web.browser(Role.SUPERVISOR)
        page = (await supervisor.get("/floor/handling")).text
        assert "1:00" in page
        assert "1件 10:00" in page
        empty = (await supervisor.get("/floor/handling?day=2026-01-01")).text
        assert "この日の応対はありません" in empty
