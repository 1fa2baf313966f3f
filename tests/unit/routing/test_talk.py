"""Whatever an operator does and whoever hangs up: a caller is never without somebody, and never hears two things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.routing.model import Impossible
from denwaban.routing.talk import Side, Talk, Third

WISHES = ("hold", "unhold", "consult", "send", "swap", "join", "back", "give")
EVENTS = ("answered", "third_gone", "lost", "hung_up")


def step(talk: Talk, what: str) -> Talk:
    if what in ("hold", "unhold"):
        return talk.hold(what == "hold")
    if what in ("lost", "hung_up"):
        return talk.operator_gone(what == "hung_up")
    after: Talk = getattr(talk, what)()
    return after


@given(st.lists(st.sampled_from(WISHES + EVENTS), max_size=30))
def test_every_talk_has_somebody_for_the_caller(steps: list[str]) -> None:
    talk = Talk()
    for what in steps:
        before = talk
        try:
            talk = step(talk, what)
        except Impossible:
            assert talk is before
            continue
        together = talk.talking()
        # Nobody hears music and voices at once; whoever talks is there.
        assert talk.waits not in together
        assert Side.OPERATOR not in together or talk.operator
        assert Side.THIRD not in together or talk.third is Third.UP
        assert Side.CALLER in together or talk.waits is Side.CALLER
        if talk.waits is Side.THIRD:
            assert talk.operator
            assert talk.third is Third.UP
        if talk.alone:
            # The caller goes back to the line: only when somebody was lost, never by a wish.
            assert what in ("third_gone", "lost", "hung_up")
            return
        # The caller talks, or waits for somebody who is there or on the way.
        if talk.waits is Side.CALLER:
            assert talk.operator or talk.third is Third.RINGING
        else:
            assert len(together) >= 2
        if what == "give":
            assert not talk.operator


@pytest.mark.parametrize("wish", ["swap", "join", "back", "give"])
def test_nobody_asked_nobody_to_pass_on_to(wish: str) -> None:
    with pytest.raises(Impossible):
        step(Talk(), wish)


def test_hanging_up_on_purpose_hands_over_and_a_lost_telephone_does_not() -> None:
    consulting = Talk().consult().answered()
    assert consulting.consulting
    assert consulting.operator_gone(True) == Talk(False, Third.UP)
    assert consulting.operator_gone(False).alone
    assert consulting.join().operator_gone(False) == Talk(False, Third.UP)
    assert Talk().consult().operator_gone(True) == Talk(False, Third.RINGING, Side.CALLER)


def test_a_caller_sent_on_is_with_the_third_or_comes_back() -> None:
    sent = Talk().send()
    assert sent.answered().talking() == {Side.CALLER, Side.THIRD}
    assert sent.third_gone().alone
    assert not Talk().consult().third_gone().alone
    assert Talk().consult().third_gone().waits is Side.CALLER
