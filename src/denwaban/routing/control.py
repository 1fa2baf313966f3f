"""What operators do with a talk: hold it, ask somebody in, pass it on.

Verbs are for the call's own line. Nothing is lost when an act fails: who hangs up is told by events, and an engine that was
away by its snapshot.
"""

import asyncio

from denwaban.calls import Offer, Outcome, changes
from denwaban.outgoing import HungUp, Line, NotReached, NoWayOut
from denwaban.routing.heard import Heard
from denwaban.routing.live import Asked, LiveCall, Person
from denwaban.routing.talk import Side, Talk, Third
from denwaban.store import new_id
from denwaban.telephony.port import PhoneError

TAKE = "電話番です。お客様からのお電話をおつなぎします。お受けになる方は 1 を押してください。"
"""To whom a caller is sent without a word before: a machine must not take the caller."""

THINKING = 5.0
"""Seconds to press the key after the question, which is asked twice."""


class Control(Heard):
    """The verbs of an operator's talk."""

    # Operator and caller

    async def hold(self, live: LiveCall, on: bool) -> None:
        """Holds the caller or takes them back. With somebody asked in, the other of the two waits; whom still rings, is given
        up. Nothing to do is no error."""
        if not self.talking(live) or (live.talk.waits is Side.CALLER) is on:
            return
        if live.talk.third is Third.UP:
            await self.change(live, live.talk.swap(), "swapped")
            return
        if live.talk.third is Third.RINGING:
            await self.back(live)
            return
        before, live.talk = live.talk, live.talk.hold(on)
        try:
            await self._arrange(live)
        except PhoneError:
            live.talk = before
            live.line.do(lambda: self._arrange(live))  # half of it may have been done
            raise
        if self.talking(live):
            self._book.record(live, changes.held(live.call, on, self._clock.now()))
            self._changed()

    # Somebody is asked in

    async def ask_outside(
        self,
        live: LiveCall,
        staff_id: str,
        name: str,
        number: str,
        *,
        stay: bool,
        ask_first: bool = False,
    ) -> None:
        """Calls one of the client's staff, showing the client's number. `stay`: the operator talks with them first; otherwise
        the caller is theirs as soon as they press a key. `ask_first`: the caller is not given to them while they still ring.
        Raises what `Outgoing.call` does, and `Impossible`."""
        if not self.talking(live):
            return
        talk = live.talk.consult() if stay else live.talk.send()
        line = await self._outgoing.call(number, call=live.call.id, shown=live.call.dialled)
        asked = Asked(
            "staff", staff_id, name, self._clock.now(), line.leg, line, ask_first=ask_first
        )
        if not self.talking(live) or live.asked is not None:
            await line.hang_up()
            return
        try:
            asked.task = self._outgoing.do("third", self._follow(live, asked, line))
        except NoWayOut:
            await line.hang_up()
            raise
        live.asked = asked
        await self.asks(live, talk, asked, "consult" if stay else "blind")

    async def ask_inside(self, live: LiveCall, person: Person, by: str) -> None:
        """Rings another operator, who is free, to talk with them first. Raises `Impossible`."""
        if not self.talking(live):
            return
        talk, now = live.talk.consult(), self._clock.now()
        self._floor.lend(person.id, live.call.id, now)
        try:
            leg = self._phone.dial(
                person.seat, call=live.call.id, caller=live.call.caller, title=by, seconds=30
            )
        except PhoneError:
            self._perform(self._floor.give_back(person.id, now))
            raise
        live.asked = Asked("operator", person.id, person.name, now, leg)
        self.legs[leg] = live
        await self.asks(live, talk, live.asked, "consult")

    async def back(self, live: LiveCall) -> None:
        """Whoever was asked in goes; the operator talks with the caller."""
        if self.talking(live) and live.asked is not None:
            asked = self._forget(live)
            await self.change(live, live.talk.back(), "taken_back", **asked.data)

    async def all_three(self, live: LiveCall) -> None:
        """All three talk. Raises `Impossible` when the third is not there."""
        if self.talking(live) and live.asked is not None:
            await self.change(live, live.talk.join(), "three", **live.asked.data)

    async def give(self, live: LiveCall) -> None:
        """The operator leaves the caller to whoever was asked in. An operator who still rings gets the caller as any caller.
        Raises `Impossible` when nobody was asked in."""
        if not self.talking(live):
            return
        asked = live.asked
        if asked is None or asked.kind == "staff":
            await self.change(live, live.talk.give(), "given", **(asked.data if asked else {}))
        elif live.talk.third is Third.UP:
            self._taken_over(live, asked)
            await self._arrange(live)
        else:
            self._to_operator(live, asked.id)

    def must_wait(self, live: LiveCall) -> bool:
        """Whoever was asked in still rings, and the client wants them to be asked before they get a caller."""
        asked = live.asked
        return asked is not None and asked.ask_first and live.talk.third is Third.RINGING

    async def send_inside(self, live: LiveCall, person: Person) -> None:
        """Another operator is offered the caller before any other, at the caller's old place in line."""
        if self.talking(live) and live.asked is None:
            now = self._clock.now()
            sent = changes.moved(
                live.call, "asked", now, told={"how": "blind", "helper_id": person.id}
            )
            self._book.record(live, sent)
            self._to_operator(live, person.id)

    def _to_operator(self, live: LiveCall, operator_id: str) -> None:
        if live.asked is not None:
            self._forget(live)
        self.leave(live)
        self.to_line(live, operator_id)

    # What becomes of whom was asked in

    async def _follow(self, live: LiveCall, asked: Asked, line: Line) -> None:
        """One outside, from the first ring to the end. Where the operator has left already, a person must take the caller."""
        why = ""
        try:
            await line.answered(self._outgoing.ring_seconds)
            # The next program must know who it is.
            await self._phone.note(line.leg, staff=asked.id, name=asked.name)
            if not live.talk.operator:
                question = await self._sound.prompt(TAKE)
                if not await line.ask([question], "1", times=2, seconds=THINKING):
                    why = "not_taken"
        except NotReached as error:
            why = error.why.value
        except (HungUp, PhoneError):
            why = "hung_up"
        if not why:
            self.third_up(live, asked)
            await line.ended()
        self.third_gone(live, asked, why)

    def third_up(self, live: LiveCall, asked: Asked) -> None:
        """Whoever was asked in is there; the caller may have hung up meanwhile."""
        if live.asked is not asked or live.talk.third is not Third.RINGING:
            return
        asked.up = True
        live.line.do(lambda: self._answered(live, asked))

    async def _answered(self, live: LiveCall, asked: Asked) -> None:
        if live.asked is asked and live.talk.third is Third.RINGING:
            kind = "third_answered" if live.talk.operator else "given"
            await self.change(live, live.talk.answered(), kind, **asked.data)

    def third_gone(self, live: LiveCall, asked: Asked, why: str = "") -> None:
        """Whoever was asked in was not reached (`why`), or has hung up."""
        if live.asked is not asked:
            self._end(asked)
            return
        self._forget(live)
        before, live.talk = live.talk, live.talk.third_gone()
        if live.gone or live.over:
            return
        if not live.talk.alone:
            live.line.do(lambda: self._without(live, asked, why))
        elif before.third is Third.UP:
            # They have talked, and this was its end.
            self._book.end(live, Outcome.ANSWERED, self._clock.now())
            live.line.do(lambda: self._phone.hang_up(live.leg))
            self._changed()
        else:
            self.to_line(live, live.call.operator_id, reason=why, **asked.data)

    async def _without(self, live: LiveCall, asked: Asked, why: str) -> None:
        if self.talking(live):
            await self.change(live, live.talk, "third_gone", why=why, **asked.data)

    def operator_gone(self, live: LiveCall, *, meant: bool) -> bool:
        """The operator's telephone is gone. False: nobody was asked in, or they could not take the caller."""
        asked = live.asked
        if asked is None:
            return False
        if meant and self.must_wait(live):
            # The telephone is at its rest: the caller is offered again, to this operator first.
            assert live.call.operator_id is not None  # somebody talked
            self._to_operator(live, live.call.operator_id)
            return True
        talk = live.talk.operator_gone(meant)
        if talk.alone:
            self._forget(live)
            live.talk = Talk()
            return False
        live.room -= {Side.OPERATOR}
        if asked.kind == "staff":
            self._decide(live, talk, "given", **asked.data)
        elif live.talk.third is Third.UP:
            self._taken_over(live, asked)
        else:
            self._to_operator(live, asked.id)
            return True
        live.line.do(lambda: self._arrange(live))
        return True

    def let_go(self, live: LiveCall) -> None:
        """The caller has hung up: whoever was asked in goes as well."""
        if live.asked is not None:
            self._forget(live)

    def _forget(self, live: LiveCall) -> Asked:
        """Ends the leg of whom was asked in."""
        asked, live.asked = live.asked, None
        assert asked is not None  # asked by whoever knows
        live.room -= {Side.THIRD}
        self._end(asked)
        return asked

    def _end(self, asked: Asked) -> None:
        if asked.line is not None:
            if asked.task is not None and asked.task is not asyncio.current_task():
                asked.task.cancel()
            self._book.line(asked.leg).do(asked.line.hang_up)
            return
        live = self.legs.pop(asked.leg, None)
        if live is not None:
            live.line.do(lambda: self._phone.hang_up(asked.leg))
            self._perform(self._floor.give_back(asked.id, self._clock.now(), pause=asked.up))

    def _taken_over(self, live: LiveCall, asked: Asked) -> None:
        """The other operator has the call now."""
        operator_id, now = live.call.operator_id, self._clock.now()
        assert operator_id is not None  # somebody talks
        self._hang_up(live)
        three = live.talk.all_three
        del self.legs[asked.leg]
        live.asked, live.operator_leg, live.muted = None, asked.leg, False
        live.music = None if three else live.music
        self._book.legs[asked.leg] = (live, True)
        live.talk = Talk()
        # In a talk of three, the two who are left are joined already.
        live.room = frozenset({Side.CALLER, Side.OPERATOR}) if three else frozenset()
        before, live.offer = live.offer, None
        offer = Offer(new_id(), live.call.id, asked.id, asked.since)
        for change in changes.taken_over(live.call, offer, before, now):
            self._book.record(live, change)
            live.offer = change.offer
        self._perform(self._floor.hand_over(operator_id, asked.id, now))

    # After a restart

    def adopt(
        self,
        live: LiveCall,
        talk: Talk,
        room: frozenset[Side],
        music: Side | None,
        asked: Asked | None,
    ) -> None:
        """Goes on with what an earlier program began: it is to be `talk`, with whom was `asked`; the engine has joined `room`, and
        `music` waits."""
        live.talk, live.music, live.asked = talk, music, asked
        live.room = room if asked is not None or talk.third is Third.UP else room - {Side.THIRD}
        live.silenced_by = "card" if live.call.silenced else ""
        if asked is not None and asked.line is not None:
            asked.task = self._outgoing.do("third", self._follow_on(live, asked, asked.line))
        elif asked is not None:
            self._floor.adopt_helping(asked.id, live.call.id, self._clock.now())
            self.legs[asked.leg] = live
        sides = talk.talking()
        if (len(sides) > 1 and sides != live.room) or talk.waits is not music:
            live.line.do(lambda: self._arrange(live))

    async def _follow_on(self, live: LiveCall, asked: Asked, line: Line) -> None:
        await line.ended()
        self.third_gone(live, asked)
