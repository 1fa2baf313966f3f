"""What this slice puts into the journal."""

from datetime import datetime

from denwaban.journal import Fact


def contacts_changed(staff_id: str, client_id: str, what: str, channel: str = "") -> Fact:
    """`what` is added | changed | removed | ordered | tested; never an address."""
    return Fact("staff.contacts_changed", staff_id, client_id, {"what": what, "channel": channel})


def roster_changed(client_id: str, what: str, change_id: str = "") -> Fact:
    """`what` as in `roster.What`, or hours | calendar."""
    return Fact("oncall.roster_changed", client_id, client_id, {"what": what, "change": change_id})


def deadlines_changed(client_id: str, business: bool, user_id: str | None) -> Fact:
    """How the client counts from now on."""
    data = {"business": business, "user_id": user_id}
    return Fact("client.deadlines_changed", client_id, client_id, data)


def nobody(client_id: str, since: datetime, until: datetime | None, default_id: str | None) -> Fact:
    """A live client is open, or a shift is on, and nobody is on duty. `until` as far as is known; reports go to
    `default_id`."""
    return Fact(
        "oncall.nobody",
        client_id,
        client_id,
        {
            "since": since.isoformat(),
            "until": until.isoformat() if until is not None else None,
            "default_id": default_id,
        },
    )


def somebody(client_id: str, since: datetime) -> Fact:
    """Somebody is on duty again, or it has closed; nobody was since `since`."""
    return Fact("oncall.somebody", client_id, client_id, {"since": since.isoformat()})


def holes_found(client_id: str, count: int, first: datetime | None) -> Fact:
    """The holes of the coming four weeks have changed; `first` is the beginning of the nearest."""
    return Fact(
        "oncall.holes",
        client_id,
        client_id,
        {"count": count, "first": first.isoformat() if first is not None else None},
    )


def live(client_id: str, is_live: bool) -> Fact:
    """A client takes calls from now on, or is being prepared again."""
    return Fact("client.live" if is_live else "client.preparing", client_id, client_id)
