"""What calls tell about scripts, on both databases: gathered once, listed every week, taken into a draft."""

from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select
from tests.improvement_story import OTHERWISE, SCRIPT, TO_MATTER, World, worked, world

from denwaban.improvement import note_question
from denwaban.improvement.deciding import (
    Decided,
    NoReason,
    accept,
    accept_as_faq,
    decline,
    postpone,
)
from denwaban.improvement.figures import bucket
from denwaban.improvement.gathering import Gatherer, followed, gather, wanted
from denwaban.improvement.model import Kind
from denwaban.improvement.queries import (
    Proposal,
    waiting,
)
from denwaban.improvement.reviews import duty as review_duty
from denwaban.improvement.reviews import found_good
from denwaban.improvement.rows import node_use, script_weeks
from denwaban.improvement.weekly import close, found_in
from denwaban.improvement.weekly import duty as weekly_duty
from denwaban.journal import after
from denwaban.knowledge import Author, Bound, Content, add_faq, change_faq, faq
from denwaban.lines import EVERY_DAY, Mode, PlanWindow, remove_number, set_plan
from denwaban.people import add_client, add_staff, change_staff, leave_staff, set_presence
from denwaban.scripts import draft_of, publish, read, run_of_call, save_draft, versions_of
from denwaban.scripts.rows import runs
from denwaban.store import Tx, new_id
from denwaban.texts import NOT_ASKED
from denwaban.work import overdue

__all__ = ["world"]

ME = Author(None, "渡辺 真理")


async def test_figures_of_each_node_come_from_real_calls_only(world: World) -> None:
    for _ in range(3):
        await world.called(*TO_MATTER, "1", "next", "next", seconds=10, slow={"matter": 30})
    await world.called(*OTHERWISE, seconds=10)
    await world.called(*TO_MATTER, seconds=10)  # hung up in the middle
    await world.called(*OTHERWISE, practice=True)
    await world.gathered()
    found = await world.used()
    assert (found[""].visits, found[""].drops) == (5, 1)
    matter = found["matter"]
    assert (matter.visits, matter.drops, matter.forks, matter.otherwise) == (5, 1, 4, 1)
    assert matter.median == pytest.approx(30, rel=0.1)
    assert found["who"].median == pytest.approx(10, rel=0.1)
    assert found["end"].visits == 4
    assert matter.share_otherwise == 0.25
    # Once more, by another program from the beginning: nothing is counted twice.
    await Gatherer(world.store, world.clock).catch_up(0)
    assert await world.used() == found


async def test_a_wrong_way_is_part_of_what_a_node_takes(world: World) -> None:
    await world.called("1", "back", "2", "next", seconds=10)
    await world.gathered()
    found = await world.used()
    assert "safe" not in found
    assert found["danger"].median == pytest.approx(30, rel=0.1)


async def test_runs_from_before_steps_had_times_are_counted_without(world: World) -> None:
    call = await world.called(*OTHERWISE, reported=False)

    def older(tx: Tx) -> None:
        path = tx.scalar(select(runs.c.path).where(runs.c.call_id == call.id))
        old = [step[:2] for step in path]
        tx.execute(runs.update().where(runs.c.call_id == call.id).values(path=old))

    await world.store.write(older)
    run = await world.store.read(lambda tx: run_of_call(tx, call.id))
    assert run is not None
    assert run.node.id == "end"
    await world.gathered()
    found = await world.used()
    assert (found["matter"].visits, found["matter"].times) == (1, {})


async def test_facts_are_taken_once_however_they_come(world: World) -> None:
    await world.called(*OTHERWISE)
    entries = [e for e in await world.store.read(lambda tx: after(tx, 0)) if wanted(e)]
    for _ in range(2):
        await world.store.write(lambda tx: gather(tx, entries, followed(tx, entries)))
    assert (await world.used())[""].visits == 1
    # A crash in the middle takes back figures and place together.
    await world.called(*OTHERWISE)
    more = [e for e in await world.store.read(lambda tx: after(tx, 0)) if wanted(e)]

    def crash(tx: Tx) -> None:
        gather(tx, more, followed(tx, more))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await world.store.write(crash)
    assert (await world.used())[""].visits == 1
    await world.gathered()
    assert (await world.used())[""].visits == 2


async def test_what_nobody_expected_becomes_a_proposal_and_a_branch(world: World) -> None:
    said = ("領収書は出ますか", "領収書の宛名のこと", "駐車場はどこですか", "")
    calls = [await world.called(*OTHERWISE, questions=(words,)) for words in said]
    await world.called(*OTHERWISE, questions=("領収書は出ますか",), practice=True)
    found = await world.closed()
    assert [(p.what, p.label, p.count) for p in found] == [
        (Kind.UNEXPECTED, "領収書", 2),
        (Kind.UNEXPECTED, "", 2),
    ]
    assert found[0].words == said[:2]
    assert found[0].calls == (calls[0].id, calls[1].id)
    assert found[1].words == ("駐車場はどこですか",)
    # They were asked at the first fork: there a branch can be added.
    taken = await world.store.write(lambda tx: accept(tx, found[0].id, None))
    assert taken.written
    draft = await world.store.read(lambda tx: draft_of(tx, world.script_id))
    assert draft is not None
    fork = read(draft.text).node("danger")
    assert fork.branches[-1].label == "TODO 領収書"  # type: ignore[union-attr]
    with pytest.raises(Decided):
        await world.store.write(lambda tx: accept(tx, found[0].id, None))
    assert "script.improvements_listed" in await world.kinds()


async def test_a_question_is_kept_once_typed_on_and_taken_back(world: World) -> None:
    call = await world.called(reported=False)
    run = await world.store.read(lambda tx: run_of_call(tx, call.id))
    assert run is not None
    note = partial(note_question, run=run, question_id=new_id(), operator_id="x", practice=False)
    assert await world.store.write(lambda tx: note(tx, words="", counter=1))
    assert await world.store.write(lambda tx: note(tx, words="駐車場\x00は", counter=3))
    assert not await world.store.write(lambda tx: note(tx, words="駐", counter=2))
    [one] = await world.closed()
    assert (one.count, one.words) == (1, ("駐車場は",))
    await world.store.write(lambda tx: note(tx, words="駐車場は", counter=4, withdrawn=True))
    assert (await world.open())[0].words == ()


async def test_answers_under_otherwise_are_grouped(world: World) -> None:
    for words in ("見積の期限について", "解約したい", "解約の手続き", "解約金はいくら"):
        await world.called(*OTHERWISE, answers={"what_for": words})
    await world.called(*TO_MATTER, "2", "next", answers={"what_for": "解約"})
    [one] = await world.closed()
    assert (one.what, one.node, one.label, one.count, one.of) == (
        Kind.OTHERWISE,
        "matter",
        "解約",
        3,
        5,
    )
    faq_client, faq_id = await world.store.write(lambda tx: accept_as_faq(tx, one.id, ME))
    entry = await world.store.read(lambda tx: faq(tx, faq_id))
    assert entry is not None
    assert (faq_client, entry.bound, entry.question) == (
        world.client_id,
        Bound.TAKE,
        "解約について",
    )


@pytest.mark.req("B12")
async def test_phrases_skipped_items_long_nodes_and_drop_offs(world: World) -> None:
    for _ in range(12):
        await world.called(*OTHERWISE, seconds=10)
    for _ in range(3):
        await world.called(
            *OTHERWISE,
            seconds=10,
            slow={"who": 120},
            answers={"address": NOT_ASKED, "report.done": "料金は分かりかねますと伝えた"},
        )
    for _ in range(3):
        await world.called(*TO_MATTER, seconds=10)
    found = {(p.what, p.node, p.label): (p.count, p.of) for p in await world.closed()}
    assert found == {
        (Kind.EVASIVE, "", "分かりかねます"): (3, 18),
        (Kind.SKIPPED, "who", "address"): (3, 18),
        (Kind.SLOW, "who", ""): (3, 18),
        (Kind.DROPPED, "matter", ""): (3, 18),
    }


async def test_what_was_decided_stays_so_and_what_was_put_off_comes_back(world: World) -> None:
    async def week() -> list[Proposal]:
        for words in ("解約したい", "解約の手続き"):
            await world.called(*OTHERWISE, answers={"what_for": words})
        return await world.closed()

    [one] = await week()
    with pytest.raises(NoReason):
        await world.store.write(lambda tx: decline(tx, one.id, None, " "))
    await world.store.write(lambda tx: postpone(tx, one.id, None))
    assert await world.open() == []
    [again] = await week()
    assert (again.id, again.monday) == (one.id, one.monday + timedelta(days=7))
    await world.store.write(lambda tx: decline(tx, one.id, None, "いまの分岐で足りる"))
    assert await week() == []
    world.clock.advance(timedelta(days=60))
    [later] = await week()
    assert later.id != one.id
    await world.store.write(lambda tx: accept(tx, later.id, None))
    # Accepted, but calls still follow the old words.
    assert await week() == []


async def test_a_list_is_made_once_and_counts_as_late_when_nobody_makes_it(world: World) -> None:
    await world.called(*TO_MATTER, questions=("駐車場はどこですか",))
    await world.gathered()
    duty = weekly_duty(world.store)
    world.clock.advance(timedelta(days=10))
    late = await world.store.read(lambda tx: overdue(tx, duty))
    assert late.rows == 1

    def twice(tx: Tx) -> list[int]:
        row = tx.first(select(script_weeks))
        assert row is not None
        return [close(tx, row["id"], found_in(tx, row)) for _ in range(2)]

    assert await world.store.write(twice) == [1, 0]
    assert (await world.kinds()).count("script.improvements_listed") == 1


async def test_accepting_merges_with_what_another_author_writes(world: World) -> None:
    for words in ("解約したい", "解約の手続き"):
        await world.called(*OTHERWISE, answers={"what_for": words})
    [one] = await world.closed()
    other = SCRIPT.replace("お困りでしょうか", "お悩みでしょうか")
    await world.store.write(lambda tx: save_draft(tx, world.script_id, other, None, None))
    before = await world.store.read(lambda tx: draft_of(tx, world.script_id))
    assert before is not None
    assert (await world.store.write(lambda tx: accept(tx, one.id, None))).written
    # Who had the page open types on, from the draft of before.
    more = other.replace("お名前・連絡先", "お名前と連絡先")
    await world.store.write(lambda tx: save_draft(tx, world.script_id, more, before.id, None))
    draft = await world.store.read(lambda tx: draft_of(tx, world.script_id))
    assert draft is not None
    for words in ("TODO 解約", "お悩みでしょうか", "お名前と連絡先"):
        assert words in draft.text


@pytest.mark.req("B15")
async def test_changes_mark_the_scripts_that_mention_them(world: World) -> None:
    write = world.store.write
    assert await world.marks() == []
    await write(lambda tx: set_presence(tx, world.staff_id, "away", None, ""))
    await write(lambda tx: add_staff(tx, world.client_id, "高橋 次郎"))
    assert await world.marks() == []
    rename = partial(
        change_staff,
        staff_id=world.staff_id,
        kana="",
        department="",
        in_charge=True,
        substitute_id=None,
    )
    await write(lambda tx: rename(tx, name="佐々木 一郎"))
    [mark] = await world.marks()
    lines = SCRIPT.split("\n")
    assert (mark.what, mark.why, mark.words) == ("staff", "changed", "鈴木")
    assert ["鈴木" in lines[n - 1] for n in mark.lines] == [True]
    # Published anew: read anew.
    await write(lambda tx: publish(tx, world.script_id, SCRIPT.replace("鈴木", "佐々木"), "改姓"))
    assert await world.marks() == []
    await write(lambda tx: leave_staff(tx, world.staff_id))
    [mark] = await world.marks()
    assert (mark.what, mark.why, mark.words) == ("staff", "left", "佐々木")
    await write(lambda tx: found_good(tx, mark.id, None, "同じ姓の方が引き継ぎ"))
    assert await world.marks() == []


@pytest.mark.req("B15")
async def test_numbers_hours_and_faq_mark_too(world: World) -> None:
    write = world.store.write
    await world.gathered()
    await write(lambda tx: remove_number(tx, world.client_id, world.number_id))
    window = PlanWindow("終日", EVERY_DAY, 0, 1440, Mode.FULL, world.script_id, "")
    await write(lambda tx: set_plan(tx, world.client_id, [window]))
    faq_id = await write(
        lambda tx: add_faq(
            tx, world.client_id, Content("水漏れの料金は", "確認します", "止水栓"), ME
        )
    )
    assert {(m.what, m.why) for m in await world.marks()} == {
        ("number", "removed"),
        ("plan", "changed"),
    }
    changed = Content("水漏れの料金は", "5,500円からです", "止水栓")
    await write(lambda tx: change_faq(tx, faq_id, changed, ME))
    found = {m.what: m for m in await world.marks()}
    lines = SCRIPT.split("\n")
    assert ["止水栓" in lines[n - 1] for n in found["faq"].lines] == [True]
    assert ["9時" in lines[n - 1] for n in found["plan"].lines] == [True]
    assert ["03-5555" in lines[n - 1] for n in found["number"].lines] == [True]


async def test_a_change_at_another_client_marks_nothing_here(world: World) -> None:
    def other(tx: Tx) -> str:
        client_id = add_client(tx, "hoshi", "星")
        staff_id = add_staff(tx, client_id, "鈴木 一郎")
        leave_staff(tx, staff_id)
        return client_id

    other_id = await world.store.write(other)
    assert await world.marks() == []
    assert (
        await world.store.read(lambda tx: waiting(tx, client_id=other_id, after=None, limit=9))
        == []
    )


@pytest.mark.req("B7")
async def test_a_review_is_reminded_of_before_and_after_its_date(world: World) -> None:
    dated = "[head]\nreview = 2026-12-08\n\n" + SCRIPT
    await world.store.write(lambda tx: publish(tx, world.script_id, dated, "見直しの日"))
    duty = review_duty(world.store)
    await world.gathered()
    await worked(world, duty)
    assert await world.marks() == []
    told = []
    for _ in range(16):
        world.clock.advance(timedelta(days=1))
        await worked(world, duty)
        told.append((await world.kinds()).count("script.review_due"))
    # From 24 November 10:00: a week before (1 December 9:00), on the day.
    assert (told[5], told[6], told[12], told[13], told[15]) == (0, 1, 1, 2, 2)
    [mark] = await world.marks()
    assert (mark.what, mark.review_on) == ("review", date(2026, 12, 8))
    await world.store.write(lambda tx: found_good(tx, mark.id, None, "変えるところなし"))
    world.clock.advance(timedelta(days=30))
    await worked(world, duty)
    assert await world.marks() == []
    await world.store.write(lambda tx: publish(tx, world.script_id, SCRIPT, "日付なし"))
    await world.gathered()
    world.clock.advance(timedelta(days=200))
    await worked(world, duty)
    assert await world.marks() == []


async def test_figures_of_any_number_of_calls_are_read_from_as_many_rows(world: World) -> None:
    def fill(tx: Tx) -> str:
        version = versions_of(tx, world.script_id)[0].id
        tx.execute(
            insert(node_use),
            [
                {
                    "version_id": version,
                    "day": date(2026, 11, 1) + timedelta(days=n),
                    "node": name,
                    "visits": 50_000,
                    "drops": 100,
                    "forks": 50_000,
                    "otherwise": 5_000,
                    "times": {bucket(12): 45_000, bucket(90): 5_000},
                }
                for n in range(20)
                for name in ("", "danger", "who", "matter")
            ],
        )
        return version

    await world.store.write(fill)
    found = await world.used()
    assert found[""].visits == 1_000_000
    assert found["who"].median == pytest.approx(12, rel=0.1)
    assert found["who"].p90 == pytest.approx(12, rel=0.1)
    assert found["who"].share_otherwise == 0.1
