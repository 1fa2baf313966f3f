"""What callers said is sealed in the database: looked for byte by byte, made of old rows, moved, erased."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from tests.delivery_story import DRAFT, Office, open_office
from tests.keys import KEY, lend_keys
from tests.reading import raw, readable
from tests.recording_story import Shelf
from tests.retention_story import NUMBER, Files

from denwaban import (
    care,
    delivery,
    feedback,
    improvement,
    memory,
    promises,
    reports,
    retention,
    vault,
)
from denwaban import scripts as scripts_slice
from denwaban.calls import Outcome, answered, begin, ended
from denwaban.calls.rows import calls
from denwaban.clock import MovedClock, japan_day
from denwaban.config import Settings
from denwaban.delivery.handing import said
from denwaban.delivery.inbound.keeping import Kept, keep, payload_of
from denwaban.delivery.inbound.rows import inbound
from denwaban.disclosure import leaks
from denwaban.disclosure.law import Facts, What
from denwaban.disclosure.rows import leak_cases, leak_steps
from denwaban.feedback.rows import feedback as feedback_rows
from denwaban.improvement.rows import unexpected_questions
from denwaban.main.sealing import TURNINGS
from denwaban.memory.rows import index
from denwaban.reports.rows import reports as report_rows
from denwaban.reports.sealing import BARE
from denwaban.retention.export import described
from denwaban.scripts.rows import answers
from denwaban.scripts.versions import plain_version
from denwaban.store import Store, Tx, new_id
from denwaban.summaries.model import CallLine, plain_calls
from denwaban.summaries.rows import summaries
from denwaban.summaries.sealing import open_calls, seal_calls
from denwaban.vault import Tampered, Turnings
from denwaban.vault.rewrapping import retire
from denwaban.web.errors import as_problem

NAME, MATTER, DONE, NOTE = (
    "鸚鵡谷 翡翠子",
    "蝦蟇仙人が盥を齧る",
    "鷺娘が囀諫した",
    "麝香の甕を誂える",
)
ANSWER, TALK, STATUS, WISH = "鼬鼠横丁", "贔屓筋の話", "檄を飛ばす", "蘊蓄が長い"
QUESTION, ABUSE, MAIL, LINE = "鯰髭の件", "罵詈讒謗", "楔形の手紙", "筍掘り"
KANA, COMPANY, LEAK, WHOM, ENDING = (
    "おうむだに ひすいこ",
    "鯱鉾楼",
    "鵺野に漏れた",
    "猩猩に伝えた",
    "貂の悪戯",
)
TELLTALE = (
    *(NAME, MATTER, DONE, NOTE, ANSWER, TALK, STATUS, WISH, QUESTION, ABUSE, MAIL, LINE),
    *(KANA, "おうむだに", "オウムダニ", COMPANY, LEAK, WHOM, ENDING),
)


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


def tell(office: Office) -> Callable[[Tx], tuple[str, str]]:
    """One call in which everything is said, through the verbs that the screens call; (call, report)."""

    def verb(tx: Tx) -> tuple[str, str]:
        client_id = office.client_id
        call = begin(tx, client_id=client_id, dialled="+81312345678", caller=NUMBER)
        call = answered(tx, call.id, office.operator_id)
        run = scripts_slice.start_run(tx, call, plain_version(tx, client_id))
        scripts_slice.save_answer(tx, run, "report.note", ANSWER)
        ids = {"operator_id": office.operator_id, "practice": False}
        improvement.note_question(tx, run, new_id(), QUESTION, 1, **ids)  # type: ignore[arg-type]
        care.mark_abusive(tx, call, office.operator_id, care.Reason.OTHER, ABUSE)
        call = ended(tx, call.id, Outcome.ANSWERED, None)
        draft = replace(
            DRAFT, who=NAME, kana=KANA, company=COMPANY, number="090-1234-5678", what_for=MATTER,
            done=DONE, note=NOTE, answers=(("住所", ANSWER),),
        )  # fmt: skip
        made = reports.accept(
            tx, client_id, call.id, office.operator_id, office.suzuki, draft, False
        )
        memory.keep(tx, made)
        assert memory.learn(tx, call, made) is not None
        leak = leaks.open_case(tx, client_id, LEAK, Facts(tx.now), office.suzuki_user)
        leaks.done(tx, leak, What.CONTAIN, WHOM, office.suzuki_user)
        leaks.close(tx, leak, ENDING, office.suzuki_user)
        delivery.send(tx, made, 15)
        promises.make(tx, made)
        delivery.comment(tx, made.id, office.suzuki, TALK, "portal")
        reports.set_status(tx, made.id, reports.Status.DONE, office.suzuki_user, STATUS)
        feedback.give(tx, made, feedback.Kind.WISH, WISH, office.suzuki_user, "鈴木")
        keep(tx, [Kept("mail", new_id(), {"text": MAIL})])
        line = CallLine(call.arrived_at, NUMBER, "", "answered", 1, 1, False, what_for=LINE)
        summary, today = new_id(), japan_day(tx.now)
        tx.execute(
            insert(summaries).values(
                id=summary, client_id=client_id, kind="daily", first=today, last=today, edition=1,
                reason="", wanted_at=tx.now, made_at=tx.now, mailed=False,
                calls=seal_calls(tx, client_id, summary, [line]),
            )
        )  # fmt: skip
        return call.id, made.id

    return verb


async def test_nothing_that_was_said_can_be_read_in_the_database(
    store: Store, office: Office
) -> None:
    call_id, report_id = await store.write(tell(office))
    assert readable(store, TELLTALE) == set()
    found = await store.read(lambda tx: reports.report(tx, report_id))
    assert found is not None
    assert (found.draft.who, found.draft.what_for, found.draft.note) == (NAME, MATTER, NOTE)
    assert found.draft.answers == (("住所", ANSWER),)
    told = await store.read(lambda tx: reports.history(tx, report_id))
    assert [one.note for one in told] == ["", STATUS]
    assert [one.text for one in await store.read(lambda tx: said(tx, report_id))] == [TALK]
    [row] = await store.read(lambda tx: tx.all(select(inbound)))
    assert await store.read(lambda tx: payload_of(tx, row)) == {"text": MAIL}
    [leak] = await store.read(leaks.cases)
    assert (leak.what, leak.closing) == (LEAK, ENDING)
    assert [step.note for step in leak.steps if step.note] == [WHOM]

    # What a caller may ask for has all of it.
    asked = await store.read(lambda tx: retention.asked(tx, office.client_id, "090-1234-5678"))
    assert [one for one, _call in asked.reports] == [report_id]
    document = str(await store.read(lambda tx: described(tx, asked)))
    assert {one for one in (NAME, MATTER, ANSWER, TALK, ABUSE) if one not in document} == set()

    # Searching finds it by two characters and by how the name sounds.
    for wanted in ("盥を", "囀諫", "オウムダニ", "翡翠子"):
        hits = await store.read(lambda tx, w=wanted: memory.find_calls(tx, w, office.client_id))  # type: ignore[misc]
        assert [one.past.call_id for one in hits] == [call_id], wanted
        assert [one.name for one in hits] == [NAME]
    nothing = await store.read(lambda tx: memory.find_calls(tx, "盥を", "0" * 32))
    assert nothing == []


async def test_what_was_written_before_is_sealed_while_the_program_runs(
    store: Store, office: Office
) -> None:
    call_id, report_id = await store.write(tell(office))
    before = await store.read(lambda tx: reports.report(tx, report_id))
    assert before is not None

    def as_before(tx: Tx) -> None:
        """Rows as the version before wrote them."""
        kept = vault.open_value(
            tx, office.client_id, f"reports/{report_id}",
            tx.scalar(select(report_rows.c.sealed)),
        )  # fmt: skip
        words = {name: kept[name] for name in BARE}
        tx.execute(update(report_rows).values(**words, sealed=None, number_blind=None))
        tx.execute(update(answers).values(value=ANSWER))
        tx.execute(update(unexpected_questions).values(words=QUESTION))
        tx.execute(update(feedback_rows).values(text=WISH))
        tx.execute(update(leak_cases).values(what=LEAK, closing=ENDING))
        tx.execute(update(leak_steps).where(leak_steps.c.note != "").values(note=WHOM))
        [row] = tx.all(select(summaries))
        lines = open_calls(tx, office.client_id, row["id"], row["calls"])
        tx.execute(update(summaries).values(calls=plain_calls(lines)))
        tx.execute(index.texts.delete())
        tx.execute(
            insert(index.texts).values(
                kind="call", ref=call_id, client_id=office.client_id, title=MATTER, body=DONE,
                also="", grams=None, folding=0,
            )
        )  # fmt: skip

    await store.write(as_before)
    assert readable(store, TELLTALE) >= {
        NAME,
        MATTER,
        ANSWER,
        QUESTION,
        WISH,
        LINE,
        LEAK,
        WHOM,
        ENDING,
    }
    assert await store.read(counted) > 0
    assert await store.read(lambda tx: reports.report(tx, report_id)) == before, "read as it is"

    await Turnings(store, TURNINGS).run()
    await index.catch_up(store)
    await store.clear_log()
    assert await store.read(counted) == 0
    assert readable(store, TELLTALE) == set()
    assert await store.read(lambda tx: reports.report(tx, report_id)) == before
    numbers = await store.read(
        lambda tx: reports.to_numbers(tx, office.client_id, ["+819012345678"], "", 5)
    )
    assert [one.id for one in numbers] == [report_id]
    hits = await store.read(lambda tx: memory.find_calls(tx, "盥を", office.client_id))
    assert [one.past.call_id for one in hits] == [call_id]


def counted(tx: Tx) -> int:
    return sum(one.left(tx) for one in TURNINGS if one.left is not None)


async def test_a_wrong_key_is_told_and_other_reports_are_read(store: Store, office: Office) -> None:
    made = [await office.report(what_for=MATTER), await office.report(what_for=DONE)]
    moved, kept = made[0].id, made[1].id

    def swap(tx: Tx) -> None:
        other = select(report_rows.c.sealed).where(report_rows.c.id == kept).scalar_subquery()
        tx.execute(update(report_rows).where(report_rows.c.id == moved).values(sealed=other))

    await store.write(swap)
    with pytest.raises(Tampered) as told:
        await store.read(lambda tx: reports.reports_by_ids(tx, [moved]))
    problem = as_problem(told.value)
    assert (problem.status, problem.title) == (500, "保存された内容を開けません")
    found = await store.read(lambda tx: reports.report(tx, kept))
    assert found is not None
    assert found.draft.what_for == DONE
    lend_keys(store, bytes(32))
    with pytest.raises(vault.KeyMissing, match="マスター鍵"):
        await store.read(lambda tx: reports.reports_by_ids(tx, [kept]))
    lend_keys(store, KEY)
    assert await store.read(lambda tx: reports.report(tx, kept)) == found


async def test_keys_change_and_go(store: Store, office: Office) -> None:
    first = await office.report(what_for=MATTER)
    await store.write(retire)
    second = await office.report(what_for=DONE)
    both = await store.read(lambda tx: reports.reports_by_ids(tx, [first.id, second.id]))
    assert [one.draft.what_for for one in both] == [MATTER, DONE]
    await store.write(lambda tx: vault.destroy(tx, office.client_id))
    gone = await store.read(lambda tx: reports.report(tx, first.id))
    assert gone is not None
    assert (gone.subject, gone.draft.who, gone.draft.what_for) == ("【消去済み】", "", "")
    assert gone.status is first.status


async def test_who_is_erased_is_in_no_byte_of_the_file(
    store: Store, clock: MovedClock, tmp_path: Path
) -> None:
    """Also what was sealed is overwritten."""
    if store.engine.dialect.name != "sqlite":
        pytest.skip("what PostgreSQL overwrites is the server's doing")
    office = await open_office(store, clock, Settings())
    files = Files(office, Shelf(store, clock, tmp_path))
    await files.talk()
    assert readable(store, ("佐藤 花子", NUMBER)) == set()
    [call] = await files.all_of(calls)
    assert readable(store, (call["caller"], call["number"])) == {call["caller"], call["number"]}
    await store.write(
        lambda tx: retention.erase_caller(tx, office.client_id, "090-1234-5678", None)
    )
    assert await store.clear_log()
    everything = raw(store)
    for word in (
        *("佐藤 花子", "さとう", "サトウ", NUMBER, NUMBER[3:]),
        *(call["caller"], call["number"]),
    ):
        assert word.encode() not in everything, word
