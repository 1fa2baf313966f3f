"""When a practice caller speaks."""

from hypothesis import given
from hypothesis import strategies as st

from denwaban.practice.model import (
    FIRST_PATIENCE,
    LONGEST,
    PATIENCE,
    TURN,
    Conversation,
    HangUp,
    SayLine,
    WaitUntil,
)


def test_waits_for_the_greeting_and_speaks_after_it() -> None:
    talk = Conversation(count=2, began=100.0)
    assert talk.step(100.0) == WaitUntil(100.0 + FIRST_PATIENCE)
    talk.talking(101.0)
    assert talk.step(101.0) == WaitUntil(101.0 + TURN)
    talk.quiet(105.0)
    assert talk.step(105.0) == SayLine(0)
    assert talk.step(105.1) == WaitUntil(100.0 + LONGEST)
    talk.said(108.0)
    assert talk.step(108.0) == WaitUntil(108.0 + PATIENCE)


def test_goes_on_by_itself_when_nothing_is_heard_and_hangs_up_after_the_last_line() -> None:
    talk = Conversation(count=2, began=0.0)
    assert talk.step(FIRST_PATIENCE) == SayLine(0)
    talk.said(6.0)
    assert talk.step(6.0 + PATIENCE) == SayLine(1)
    talk.said(15.0)
    assert talk.step(15.0) == HangUp()


def test_what_is_said_over_the_caller_is_no_answer_unless_it_goes_on() -> None:
    talk = Conversation(count=3, began=0.0)
    assert talk.step(FIRST_PATIENCE) == SayLine(0)
    talk.talking(5.0)
    talk.quiet(6.0)
    talk.said(7.0)
    assert talk.step(7.0) == WaitUntil(7.0 + PATIENCE)
    assert talk.step(7.0 + PATIENCE) == SayLine(1)
    talk.talking(15.0)
    talk.said(16.0)
    assert talk.step(16.0) == WaitUntil(16.0 + TURN)
    talk.quiet(18.0)
    assert talk.step(18.0) == SayLine(2)


def test_music_on_hold_is_nobody_speaking() -> None:
    talk = Conversation(count=1, began=0.0)
    talk.held(True, 1.0)
    talk.talking(1.1)
    assert talk.step(60.0) == WaitUntil(LONGEST)
    talk.held(False, 61.0)
    assert talk.step(61.0) == WaitUntil(61.0 + FIRST_PATIENCE)


def test_noise_without_end_does_not_keep_the_caller_silent() -> None:
    talk = Conversation(count=1, began=0.0)
    talk.talking(1.0)
    assert talk.step(1.0 + TURN) == SayLine(0)


EVENT = st.sampled_from(["talking", "quiet", "held", "unheld", "nothing"])


@given(count=st.integers(1, 6), heard=st.lists(st.tuples(EVENT, st.floats(0.0, 40.0)), max_size=80))
def test_every_line_is_said_once_in_order_and_every_call_ends(
    count: int, heard: list[tuple[str, float]]
) -> None:
    now, said = 0.0, []
    talk = Conversation(count=count, began=now)
    events = iter(heard)
    for _ in range(1000):
        step = talk.step(now)
        if isinstance(step, HangUp):
            break
        if isinstance(step, SayLine):
            said.append(step.index)
            now += 3.0
            talk.said(now)
            continue
        event, after = next(events, ("nothing", 1e9))
        if event == "nothing" or now + after >= step.at:
            now = step.at
            continue
        now += after
        if event == "talking":
            talk.talking(now)
        elif event == "quiet":
            talk.quiet(now)
        else:
            talk.held(event == "held", now)
    else:
        raise AssertionError("never hangs up")
    assert said == list(range(len(said)))
    assert len(said) == count or now >= LONGEST
