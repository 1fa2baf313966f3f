"""Who may see and write rosters."""

from denwaban.access import Principal, Role
from denwaban.oncall.model import may_roster
from denwaban.web import needs, not_here

ROSTER = needs(Role.CLIENT, Role.SUPERVISOR, Role.ADMINISTRATOR)
FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)


def own(who: Principal, client_id: str) -> None:
    """Raises when this client's roster is not theirs."""
    if not may_roster(who, client_id):
        raise not_here()


def user_of(who: Principal) -> str | None:
    return None if who.is_key else who.user_id
