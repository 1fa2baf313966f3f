"""Calls and missed calls for programs: each client sees its own."""

from datetime import timedelta
from typing import Any

import pytest
from tests.some_people import a_client, an_operator
from tests.web_fixtures import Browser, MakeWeb

from denwaban.access import Role
from denwaban.calls import Outcome, answered, api, begin, ended
from denwaban.clock import MovedClock
from denwaban.store import Store, Tx, new_id


def ring(tx: Tx, client_id: str | None, caller: str, outcome: Outcome) -> str:
    call = begin(tx, client_id=client_id, dialled="+81312345678", caller=caller)
    return ended(tx, call.id, outcome).id


async def everything(program: Browser, path: str) -> list[dict[str, Any]]:
    """All items of all pages, two at a time."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        answer = (await program.get(path, params=params)).json()
        assert len(answer["items"]) <= 2
        found += answer["items"]
        cursor = answer["next"]
    return found


async def test_a_client_sees_its_own_calls_and_we_see_all(
    make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    web = await make_web(api=api.routes)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    ids = []
    for owner in (mine, other, None, mine, other):
        ids.append(await store.write(lambda tx, o=owner: ring(tx, o, "", Outcome.BLOCKED)))  # type: ignore[misc]
        clock.advance(timedelta(seconds=1))
    client = await web.program(Role.CLIENT, mine)
    assert [c["id"] for c in await everything(client, "/api/v1/calls")] == [ids[3], ids[0]]
    ours = await web.program(Role.SUPERVISOR)
    assert [c["id"] for c in await everything(ours, "/api/v1/calls")] == ids[::-1]
    of_other = (await ours.get(f"/api/v1/calls?client_id={other}")).json()["items"]
    assert [c["id"] for c in of_other] == [ids[4], ids[1]]
    # What is not theirs does not exist.
    for path in (
        f"/api/v1/calls/{ids[1]}",
        f"/api/v1/calls/{ids[2]}",
        f"/api/v1/calls/{new_id()}",
        f"/api/v1/calls?client_id={other}",
        f"/api/v1/missed-calls?client_id={other}",
        "/api/v1/calls?cursor=WyJ4IiwieSJd",
    ):
        assert (await client.get(path)).status_code == 404, path
    assert (await client.get(f"/api/v1/calls/{ids[0]}")).json()["call"]["outcome"] == "blocked"


async def test_one_call_tells_who_was_rung(
    make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    def talk(tx: Tx) -> tuple[str, str]:
        operator = an_operator(tx, "suzuki")
        call = begin(tx, client_id=a_client(tx), dialled="+81312345678", caller="+819012345678")
        answered(tx, call.id, operator)
        return call.id, operator

    web = await make_web(api=api.routes)
    call_id, operator = await store.write(talk)
    program = await web.program(Role.OPERATOR)
    found = (await program.get(f"/api/v1/calls/{call_id}")).json()
    assert found["call"]["caller"] == "+819012345678"
    assert found["call"]["state"] == "talking"
    assert found["call"]["outcome"] is None
    assert [(o["operator_id"], o["result"]) for o in found["offers"]] == [(operator, "answered")]


@pytest.mark.req("C9")
async def test_missed_calls_since_a_moment(
    make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    web = await make_web(api=api.routes)
    client = await store.write(lambda tx: a_client(tx))
    await store.write(lambda tx: ring(tx, client, "+81300000001", Outcome.BLOCKED))
    clock.advance(timedelta(hours=1))
    since = clock.now()

    def later(tx: Tx) -> None:
        ring(tx, client, "+81300000002", Outcome.ABANDONED)
        ring(tx, client, "", Outcome.OUT_OF_HOURS)
        ring(tx, client, "+81300000003", Outcome.ANSWERED)
        # Somebody talked before the engine died: not missed.
        cut = begin(tx, client_id=client, dialled="+81312345678", caller="+81300000004")
        answered(tx, cut.id, an_operator(tx, "suzuki"))
        ended(tx, cut.id, Outcome.LOST)
        begin(tx, client_id=client, dialled="+81312345678", caller="+81300000005")

    await store.write(later)
    program = await web.program(Role.CLIENT, client)
    found = await everything(program, "/api/v1/missed-calls")
    assert {(m["number"], m["outcome"]) for m in found} == {
        ("+81300000001", "blocked"),
        ("+81300000002", "abandoned"),
        ("", "out_of_hours"),
    }
    recent = await program.get("/api/v1/missed-calls", params={"since": since.isoformat()})
    assert {m["number"] for m in recent.json()["items"]} == {"+81300000002", ""}
    for wrong in (
        "2026-11-24T10:00:00",
        "0.5",
        "2026-13-24T10:00:00+09:00",
        "0001-01-01T00:00:00+09:00",
    ):
        answer = await program.get("/api/v1/missed-calls", params={"since": wrong})
        assert (wrong, answer.status_code) == (wrong, 422)
