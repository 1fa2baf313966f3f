"""Skills, priorities and the operator of the last time, from the rows to the telephone; both databases."""

from tests.slices.routing.conftest import ALWAYS, NUMBER, House

from denwaban.calls import Outcome
from denwaban.lines import (
    SORRY,
    ServiceLevel,
    Step,
    StepKind,
    numbers_of,
    set_level,
    set_number,
    set_plan,
)
from denwaban.lines.model import PlanWindow
from denwaban.people import SkillKind, remember_caller, set_put_first, set_skill
from denwaban.people.persons import By, merge
from denwaban.routing import SeatState
from denwaban.store import Tx

HER, HIM = "09012345678", "09099999999"
HER_HOME = "0355550000"


async def test_a_client_that_asks_for_a_level_gets_somebody_who_has_learned_it(
    house: House,
) -> None:
    def agree(tx: Tx) -> None:
        set_level(tx, house.client, ServiceLevel(least_level=2))
        set_skill(tx, house.operators["tanaka"], SkillKind.CLIENT, house.client, 2)

    await house.store.write(agree)
    async with house.open():
        await house.comes("suzuki")
        await house.comes("tanaka")
        house.dials(NUMBER, HER)
        await house.talks("tanaka")
        house.dials(NUMBER, HIM)
        await house.passes(3)
        assert not house.phone.seat_rings("seat-suzuki")
        # She learns it while he waits.
        who, client = house.operators["suzuki"], house.client
        await house.store.write(lambda tx: set_skill(tx, who, SkillKind.CLIENT, client, 3))
        await house.rings("suzuki")


async def test_the_operator_of_the_last_time_and_whom_the_client_puts_first(house: House) -> None:
    def agree(tx: Tx) -> None:
        set_level(tx, house.client, ServiceLevel(previous_seconds=30, callers_first=True))
        set_put_first(tx, house.client, "+819099999999", True)
        # She has another telephone at home, and is one person for the client.
        hers = remember_caller(tx, house.client, "+819012345678", "佐藤 花子", "", "")
        home = remember_caller(tx, house.client, "+81355550000", "佐藤", "", "")
        merge(tx, hers.person_id, home.person_id, By(None, "試験"))

    await house.store.write(agree)
    async with house.open():
        await house.comes("suzuki")
        await house.comes("tanaka")
        house.dials(NUMBER, HER)
        await house.talks("suzuki")
        house.phone.seat_hangs_up("seat-suzuki")
        await house.until(lambda: house.seat("suzuki").state is SeatState.READY)
        await house.settled()
        # Tanaka has been idle longer, but she talked with suzuki; whatever she calls from.
        house.dials(NUMBER, HER_HOME)
        await house.talks("suzuki")
        house.dials(NUMBER, "09011111111")
        await house.talks("tanaka")
        house.dials(NUMBER, "09022222222")
        await house.passes(2)
        him = house.dials(NUMBER, HIM)
        await house.settled()
        assert [one.priority for one in house.view.waiting] == [1, 0]
        house.phone.seat_hangs_up("seat-tanaka")
        await house.talks("tanaka")
        assert house.phone.hears(him) == "voice of seat-tanaka"


async def test_an_emergency_goes_first_only_where_the_plan_says_so(house: House) -> None:
    urgent = PlanWindow(
        ALWAYS.name, ALWAYS.days, ALWAYS.opens, ALWAYS.closes, ALWAYS.mode, urgent=True
    )

    def mark(tx: Tx) -> None:
        (number,) = numbers_of(tx, house.client)
        set_number(tx, house.client, number.id, matter="", urgent=True)

    await house.store.write(mark)
    async with house.open():
        house.dials(NUMBER, HER)
        await house.settled()
        assert [one.priority for one in house.view.waiting] == [0]
        await house.store.write(lambda tx: set_plan(tx, house.client, [urgent]))
        await house.forgotten(NUMBER)
        house.dials(NUMBER, HIM)
        await house.until(lambda: [one.priority for one in house.view.waiting] == [2, 0])


async def test_who_waited_too_long_is_left_to_the_engine_with_words_and_call(house: House) -> None:
    ladder = (Step(30, StepKind.MESSAGE),)
    await house.store.write(lambda tx: set_level(tx, house.client, ServiceLevel(ladder=ladder)))
    async with house.open():
        caller = house.dials(NUMBER, HER)
        await house.passes(30)
        await house.until(lambda: house.acts("take_message"))
        act = next(act for act in house.phone.acts if act.verb == "take_message")
        assert act.leg == caller
        assert str(act.given["words"]).endswith(SORRY)
        (call,) = await house.calls()
        assert act.leg == call.leg
        assert house.view.calls == 0
        # An engine that does not take them: the words, then the end.
        house.phone.will_not.add("take_message")
        other = house.dials(NUMBER, HIM)
        await house.passes(30)
        await house.hears(other, SORRY)
        house.phone.prompt_ends(other)
        await house.until(lambda: house.phone.ended_with(other))
    assert call.outcome is Outcome.ABANDONED


async def test_a_break_asked_for_in_a_talk_outlives_the_program(house: House) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        caller = house.dials(NUMBER, HER)
        await house.talks("suzuki")
        await board.set_state(house.operators["suzuki"], "break")
        await house.settled()
    async with house.open():
        assert house.seat("suzuki").after == "break"
        house.phone.caller_hangs_up(caller)
        await house.until(lambda: house.seat("suzuki").state is SeatState.BREAK)
