"""Supervisors at a talk of the fake engine, and who hears whom at one moment."""

from denwaban.telephony.fake.engine import MUSIC, Party
from denwaban.telephony.fake.story import Story
from denwaban.telephony.port import Leg

LISTEN, WHISPER, BARGE = "listen", "whisper", "barge"


class Watching(Story):
    """See `FakePhone`."""

    async def listen(self, watcher: Leg, operator: Leg) -> None:
        self._watch(LISTEN, watcher, operator)

    async def whisper(self, watcher: Leg, operator: Leg) -> None:
        self._watch(WHISPER, watcher, operator)

    async def barge(self, watcher: Leg, operator: Leg) -> None:
        self._need_talk(self._party(operator))
        self._watch(BARGE, watcher, operator)

    async def unwatch(self, watcher: Leg) -> None:
        self._act("unwatch", watcher).watches = None

    def _watch(self, verb: str, watcher: Leg, operator: Leg) -> None:
        party = self._act(verb, watcher, operator=operator)
        self._need_answer(party)
        self._need_answer(self._party(operator))
        party.watches = (verb, operator)

    def voices(self, leg: Leg) -> set[str]:
        """Whom (seat or number) the leg hears at this moment; `music` while it is on hold."""
        party = self._parties[leg]
        if party.watches is not None:
            how, operator = party.watches
            watched = self._parties.get(operator)
            if watched is None:
                return set()
            heard = self._spoken(watched) | self._of_other(watched)
            if how == BARGE:
                heard |= self._joined(watched, but=leg)
            return heard
        if party.on_hold:
            return {MUSIC}
        heard = self._of_other(party) | self._joined(party)
        for other in self._others(party):
            heard |= self._joined(other)
        for other in self._parties.values():
            if other.watches == (WHISPER, leg):
                heard |= self._spoken(other)
        return heard

    def _of_other(self, party: Party) -> set[str]:
        return {
            name
            for other in self._others(party)
            if not other.on_hold
            for name in self._spoken(other)
        }

    def _joined(self, operator: Party, but: Leg | None = None) -> set[str]:
        """Who has joined this operator's talk."""
        return {
            party.name
            for party in self._parties.values()
            if party.watches == (BARGE, operator.leg) and party.leg != but and not party.muted
        }

    @staticmethod
    def _spoken(party: Party) -> set[str]:
        return set() if party.muted else {party.name}
