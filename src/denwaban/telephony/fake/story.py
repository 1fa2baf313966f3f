"""What the people of a story do: callers, seats, numbers outside, and the connection that breaks."""

from denwaban.telephony.fake.engine import SILENCE, Engine, Party
from denwaban.telephony.port import (
    CallArrived,
    Digit,
    EngineLost,
    HangUp,
    Leg,
    LegAnswered,
    LegHeld,
    Referred,
    Resynced,
    SeatChanged,
    SeatName,
    Unreached,
)


class Story(Engine):
    """See `FakePhone`."""

    def caller_dials(self, number: str, from_: str = "09012345678", *, trunk: str = "trunk") -> Leg:
        """A caller is at the door; `from_` is empty when withheld."""
        leg = Leg(f"caller-{next(self._numbers)}")
        party = Party(leg, from_ or "anonymous")
        party.caller = {"dialled": number, "caller": from_, "trunk": trunk}
        self._parties[leg] = party
        self._tell(CallArrived(leg, number, from_, trunk, self._clock.now()))
        return leg

    def caller_hangs_up(self, leg: Leg) -> None:
        self._end(self._parties[leg])

    def caller_presses(self, leg: Leg, digit: str) -> None:
        self._tell(Digit(self._parties[leg].leg, digit, self._clock.now()))

    def seat_online(self, seat: SeatName | str) -> None:
        """A phone of the seat signs in."""
        name = SeatName(seat)
        if name not in self._online:
            self._online.add(name)
            self._tell(SeatChanged(name, True, self._clock.now()))

    def seat_offline(self, seat: SeatName | str) -> None:
        """The seat's last phone signs out; what it talks about goes on."""
        name = SeatName(seat)
        if name in self._online:
            self._online.remove(name)
            self._tell(SeatChanged(name, False, self._clock.now()))

    def seat_rings(self, seat: SeatName | str) -> bool:
        return self._ringing(seat) is not None

    def seat_answers(self, seat: SeatName | str, *, page: bool = False) -> Leg:
        """Picks up what rings at the seat, in a page or at a telephone; AssertionError when nothing does."""
        party = self._ringing(seat)
        assert party is not None, f"{seat} does not ring"
        self._stop_timer(party.leg)
        party.answered, party.in_page = True, page
        self._tell(LegAnswered(party.leg, self._clock.now()))
        return party.leg

    def seat_refuses(self, seat: SeatName | str) -> None:
        party = self._ringing(seat)
        assert party is not None, f"{seat} does not ring"
        self._end(party, busy=True)

    def seat_hangs_up(self, seat: SeatName | str) -> None:
        self._end(self._talking(seat))

    def seat_holds(self, seat: SeatName | str, on: bool = True) -> None:
        """The phone's own hold key."""
        self._tell(LegHeld(self._talking(seat).leg, on, self._clock.now()))

    def seat_refers(self, seat: SeatName | str, to: str) -> None:
        """The phone's own transfer key."""
        self._tell(Referred(self._talking(seat).leg, to, self._clock.now()))

    def outside_rings(self, number: str) -> bool:
        """Whether a telephone outside (E.164) rings because of us."""
        return any(
            p.outside and p.name == number and not p.answered for p in self._parties.values()
        )

    def outside_answers(self, number: str) -> Leg:
        """Picks up there; AssertionError when nothing rings."""
        party = self._outside(number, answered=False)
        self._stop_timer(party.leg)
        party.answered = True
        self._tell(LegAnswered(party.leg, self._clock.now()))
        return party.leg

    def outside_fails(self, number: str, why: Unreached) -> None:
        """Busy, declined …; AssertionError when nothing rings."""
        party = self._outside(number, answered=False)
        self._end(party, busy=why in (Unreached.BUSY, Unreached.REFUSED), unreached=why)

    def outside_presses(self, number: str, digit: str) -> None:
        self._tell(Digit(self._outside(number, answered=True).leg, digit, self._clock.now()))

    def outside_hangs_up(self, number: str) -> None:
        self._end(self._outside(number, answered=True))

    def prompt_ends(self, leg: Leg) -> None:
        """The prompt that plays has come to its end."""
        party = self._parties[leg]
        assert party.prompt, "nothing is played"
        self._end_prompt(party)
        party.heard.append(SILENCE)

    def connection_lost(self) -> None:
        """The connection breaks; the engine and its calls go on."""
        self._tell(EngineLost(self._clock.now()))
        self._connected = False

    def connection_back(self, *, restarted: bool = False) -> None:
        """Connected again; `restarted`: the engine had died and everything in it is gone."""
        if restarted:
            for party in list(self._parties.values()):
                self._end(party)
        self._connected = True
        self._tell(Resynced(self._snapshot(), restarted, self._clock.now()))

    def heard(self, leg: Leg) -> list[str]:
        """Everything the leg heard, in order: `ring`, `music`, `silence`, `prompt <path>`, `voice of <seat or number>`."""
        return list((self._parties.get(leg) or self._gone[leg]).heard)

    def hears(self, leg: Leg) -> str:
        """What it hears now."""
        return ([SILENCE, *self.heard(leg)])[-1]

    def ended_with(self, leg: Leg) -> HangUp | None:
        """Why we ended the leg; None when the party did, or it lives."""
        return (self._parties.get(leg) or self._gone[leg]).ended_with

    def leg_of(self, seat: SeatName | str) -> Leg | None:
        """The leg that rings or talks at a seat."""
        return next((p.leg for p in self._parties.values() if p.seat == seat), None)
