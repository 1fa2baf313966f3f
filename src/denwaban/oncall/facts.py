"""What this slice puts into the journal."""

from denwaban.journal import Fact


def contacts_changed(staff_id: str, client_id: str, what: str, channel: str = "") -> Fact:
    """`what` is added | changed | removed | ordered | tested; never an address."""
    return Fact("staff.contacts_changed", staff_id, client_id, {"what": what, "channel": channel})
