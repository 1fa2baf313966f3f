"""Practice calls that are asked for in tests of pages."""

from datetime import UTC, datetime

from denwaban.practice import FreeSeat, Practice, PracticeCall, PracticeError, Story

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class Rung(Practice):
    """Practice calls that were asked for; none is placed."""

    def __init__(self) -> None:
        self.asked: list[tuple[Story, str | None]] = []
        self.rung_for: list[str | None] = []
        self.away = False
        self.free: list[FreeSeat] = []

    @property
    def seats(self) -> list[FreeSeat]:
        return sorted(self.free, key=lambda one: one.name)

    async def ring_story(
        self, wanted: Story, version_id: str | None = None, operator_id: str | None = None
    ) -> PracticeCall:
        if self.away:
            raise PracticeError("電話のエンジンにつながりません。")
        self.asked.append((wanted, version_id))
        self.rung_for.append(operator_id)
        return PracticeCall("made", wanted, NOON, version_id=version_id)
