"""What happens to practice calls. Subject: the practice call's id."""

from denwaban.journal import Fact

RUNG = "practice.rung"
CONNECTED = "practice.connected"
ENDED = "practice.ended"


def rung(practice_id: str, story_id: str) -> Fact:
    """A caller rings at the door."""
    return Fact(RUNG, practice_id, None, {"story": story_id})


def connected(practice_id: str, call_id: str) -> Fact:
    """An operator talks with the caller."""
    return Fact(CONNECTED, practice_id, None, {"call_id": call_id})


def ended(practice_id: str, call_id: str | None, ending: str) -> Fact:
    """The practice call is over."""
    return Fact(ENDED, practice_id, None, {"call_id": call_id, "ending": ending})
