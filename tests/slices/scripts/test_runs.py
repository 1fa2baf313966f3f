"""Runs of scripts on both databases: versions, known answers, typing, walking."""

import pytest
from sqlalchemy import func, select

import denwaban.calls
from denwaban.calls import Call
from denwaban.lines import parse_number
from denwaban.people import add_client, remember_caller
from denwaban.scripts import (
    LONGEST_ANSWER,
    AnswerTooLong,
    NoSuchField,
    NoSuchWay,
    RunFinished,
    ScriptInvalid,
    add_script,
    back,
    finish_run,
    first_node,
    go,
    publish,
    read,
    run_of_call,
    save_answer,
    start_run,
    write,
)
from denwaban.scripts.plain import PLAIN
from denwaban.scripts.rows import runs, scripts
from denwaban.scripts.view import Answer
from denwaban.store import Store, Tx

NUMBER = parse_number("09012345678").e164


def begin(tx: Tx, script: str | None = PLAIN, caller: str | None = NUMBER) -> Call:
    """A call to a client; its plan names a script, or none."""
    client_id = add_client(tx, "acme", "アクメ")
    script_id = add_script(tx, client_id, "台本", script, "はじめ") if script else None
    return denwaban.calls.begin(
        tx, client_id=client_id, dialled="+81355550101", caller=caller or "", script_id=script_id
    )


async def test_a_run_is_begun_once_for_a_call(store: Store) -> None:
    call = await store.write(begin)
    first = await store.write(lambda tx: start_run(tx, call))
    second = await store.write(lambda tx: start_run(tx, call))
    assert first.id == second.id
    assert first.node == await store.read(lambda tx: first_node(tx, call.script_id))


async def test_a_call_under_way_stays_on_its_version(store: Store) -> None:
    call = await store.write(begin)
    run = await store.write(lambda tx: start_run(tx, call))
    changed = write(read(PLAIN)).replace("お名前とお電話番号", "ご芳名とお電話番号")
    assert call.script_id is not None
    script_id = call.script_id
    assert await store.write(lambda tx: publish(tx, script_id, changed, "言い方")) == 2
    still = await store.read(lambda tx: run_of_call(tx, call.id))
    assert still is not None
    assert (still.version, still.node.say) == (1, run.node.say)
    now = await store.read(lambda tx: first_node(tx, script_id))
    assert "ご芳名" in now.say


async def test_a_script_that_is_not_sound_is_not_published(store: Store) -> None:
    bad = PLAIN.replace('to = "promise"', 'to = "nowhere"')
    with pytest.raises(ScriptInvalid, match="nowhere"):
        await store.write(lambda tx: begin(tx, bad))
    assert await store.read(lambda tx: tx.scalar(select(func.count()).select_from(scripts))) == 0


async def test_a_call_without_a_script_follows_the_plain_one(store: Store) -> None:
    call = await store.write(lambda tx: begin(tx, None))
    run = await store.write(lambda tx: start_run(tx, call))
    assert run.node.id == "who"
    other = await store.write(
        lambda tx: denwaban.calls.begin(
            tx, client_id=call.client_id, dialled="+81355550101", caller=""
        )
    )
    await store.write(lambda tx: start_run(tx, other))
    assert await store.read(lambda tx: tx.scalar(select(func.count()).select_from(scripts))) == 1


@pytest.mark.req("A3")
async def test_what_is_known_is_filled_in_and_marked(store: Store) -> None:
    call = await store.write(begin)
    assert call.client_id is not None
    client_id = call.client_id
    assert NUMBER is not None
    number = NUMBER
    await store.write(
        lambda tx: remember_caller(tx, client_id, number, "佐藤 花子", "さとう はなこ", "花子商店")
    )
    run = await store.write(lambda tx: start_run(tx, call))
    assert {k: a.value for k, a in run.answers.items()} == {
        "caller_name": "佐藤 花子",
        "caller_name.kana": "さとう はなこ",
        "caller_company": "花子商店",
        "caller_number": "090-1234-5678",
    }
    assert all(answer.known for answer in run.answers.values())
    await store.write(lambda tx: save_answer(tx, run.id, "caller_name", "佐藤 太郎"))
    again = await store.read(lambda tx: run_of_call(tx, call.id))
    assert again is not None
    assert again.answers["caller_name"] == Answer("佐藤 太郎", False, 1)


async def test_the_highest_counter_wins_whatever_comes_last(store: Store) -> None:
    call = await store.write(begin)
    run = await store.write(lambda tx: start_run(tx, call))
    for value, counter in [("a", 1), ("abc", 3), ("ab", 2), ("abc!", 3)]:
        await store.write(lambda tx, v=value, c=counter: save_answer(tx, run.id, "what_for", v, c))  # type: ignore[misc]
    now = await store.read(lambda tx: run_of_call(tx, call.id))
    assert now is not None
    assert now.value("what_for") == "abc"


async def test_the_limit_of_an_answer(store: Store) -> None:
    call = await store.write(begin)
    run = await store.write(lambda tx: start_run(tx, call))
    await store.write(lambda tx: save_answer(tx, run.id, "what_for", "あ" * LONGEST_ANSWER))
    with pytest.raises(AnswerTooLong) as error:
        await store.write(lambda tx: save_answer(tx, run.id, "what_for", "あ" * 50_000))
    assert error.value.length == 50_000
    now = await store.read(lambda tx: run_of_call(tx, call.id))
    assert now is not None
    assert now.value("what_for") == "あ" * LONGEST_ANSWER


async def test_a_field_the_script_does_not_ask_is_refused(store: Store) -> None:
    call = await store.write(begin)
    run = await store.write(lambda tx: start_run(tx, call))
    for field in ("card_number", "report.", "report.X", "caller_company.kana"):
        with pytest.raises(NoSuchField):
            await store.write(lambda tx, f=field: save_answer(tx, run.id, f, "x"))  # type: ignore[misc]


async def test_a_key_pressed_twice_moves_once(store: Store) -> None:
    call = await store.write(begin)
    run = await store.write(lambda tx: start_run(tx, call))
    for _ in range(2):
        moved = await store.write(lambda tx: go(tx, run.id, "next", "who"))
        assert moved.node.id == "matter"
    with pytest.raises(NoSuchWay):
        await store.write(lambda tx: go(tx, run.id, "4"))
    assert (await store.write(lambda tx: back(tx, run.id, "matter"))).node.id == "who"
    assert (await store.write(lambda tx: back(tx, run.id))).node.id == "who"


async def test_a_finished_run_does_not_change(store: Store) -> None:
    call = await store.write(begin)
    run = await store.write(lambda tx: start_run(tx, call))
    for _ in range(2):
        await store.write(lambda tx: finish_run(tx, run.id))
    for act in (
        lambda tx: save_answer(tx, run.id, "what_for", "x"),
        lambda tx: go(tx, run.id, "next"),
        lambda tx: back(tx, run.id),
    ):
        with pytest.raises(RunFinished):
            await store.write(act)
    assert await store.read(lambda tx: tx.scalar(select(func.count()).select_from(runs))) == 1
