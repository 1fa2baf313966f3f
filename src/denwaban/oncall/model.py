"""One way to reach somebody, and whose it is to change. No I/O. Who is on duty: `deciding`; when a client is open: `hours`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from denwaban.access import Principal, Role
from denwaban.oncall.address import shown_address
from denwaban.people import Staff


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach one staff member. The secrets in `address` are sealed (`open_address`); show `shown`."""

    id: str
    client_id: str
    staff_id: str
    channel: str
    address: Mapping[str, str] = field(repr=False)
    position: int = 0
    enabled: bool = True
    """Whether messages go there; one that is not waits until it is switched on again."""
    tested_at: datetime | None = None
    """When a test message was last sent to this very address."""
    test_result: str = ""
    """sent | retry | failed | not_set_up; empty before the first test."""
    test_detail: str = ""
    """What came of it: a Japanese sentence without the address."""

    @property
    def shown(self) -> str:
        """The address as people may see it: never a token, a secret or a secret path."""
        return shown_address(self.channel, self.address)


def may_change(who: Principal, person: Staff) -> bool:
    """Whether these contacts are theirs to set: administrators anybody's, the client's staff their own, and a client's
    program those of its client."""
    if person.left_at is not None:
        return False
    if who.role is Role.ADMINISTRATOR:
        return True
    if who.role is not Role.CLIENT or who.client_id != person.client_id:
        return False
    return who.is_key or person.user_id == who.user_id


def may_roster(who: Principal, client_id: str) -> bool:
    """Whether this client's roster is theirs to see and to change: supervisors and administrators anybody's, the client's
    own staff and programs their own."""
    if who.role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
        return True
    return who.role is Role.CLIENT and who.client_id == client_id
