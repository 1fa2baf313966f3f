"""What is heard and kept of an operator: the microphone, keys that are pressed, the pause of the recording.

Verbs are for the call's own line.
"""

from datetime import timedelta

from denwaban.calls import changes
from denwaban.routing.arranging import Arranging
from denwaban.routing.live import LiveCall
from denwaban.routing.talk import Side

KEY = timedelta(seconds=0.2)
"""The engine takes as long to press one, and the pause behind it (Asterisk's own 100 ms each)."""

AT_ONCE = 32 * KEY


class Heard(Arranging):
    """Those verbs of an operator's talk."""

    async def mute(self, live: LiveCall, on: bool) -> None:
        """Switches the operator's microphone."""
        if not self.talking(live) or live.operator_leg is None or live.muted == on:
            return
        await self._phone.mute(live.operator_leg, on)
        if self.talking(live):
            live.muted = on
            self._book.record(live, changes.muted(live.call, on))
            self._changed()

    def pressing(self, live: LiveCall) -> bool:
        """So many keys are still on their way that no more should follow: while they are heard, the operator is not."""
        until = live.pressed_until
        return until is not None and until - self._clock.now() > AT_ONCE

    async def press(self, live: LiveCall, digits: str) -> None:
        """Whoever talks with the operator hears these keys: the third while the caller waits, else the caller."""
        if not self.talking(live):
            return
        asked = live.asked
        leg = asked.leg if asked is not None and live.talk.consulting else live.leg
        await self._phone.press(leg, digits)
        now = self._clock.now()
        live.pressed_until = max(live.pressed_until or now, now) + KEY * len(digits)
        # What was pressed may be a secret.
        self._book.record(
            live,
            changes.moved(live.call, "keys_sent", self._clock.now(), told={"count": len(digits)}),
        )

    async def silence(self, live: LiveCall, on: bool, why: str) -> None:
        """The recording pauses or goes on. A pause by key is not ended by a scene of the script that is left."""
        if not self.talking(live) or not live.record or live.call.silenced is on:
            return
        if why == "left" and live.silenced_by == "key":
            return
        if Side.CALLER in live.room and len(live.room) > 1:
            await self._phone.pause_recording(live.call.id, live.leg, on)
        live.silenced_by = why if on else ""
        self._book.record(live, changes.silenced(live.call, on, why))
        self._changed()
