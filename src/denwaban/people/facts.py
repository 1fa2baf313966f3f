"""What this slice puts into the journal."""

from denwaban.journal import Fact


def client_added(client_id: str) -> Fact:
    return Fact("client.added", client_id, client_id)


def client_changed(client_id: str, *fields: str) -> Fact:
    """`fields` are names of columns, never what is in them."""
    return Fact("client.changed", client_id, client_id, {"fields": list(fields)})


def staff_changed(staff_id: str, client_id: str, *fields: str) -> Fact:
    return Fact("staff.changed", staff_id, client_id, {"fields": list(fields)})


def operator_added(operator_id: str) -> Fact:
    return Fact("operator.added", operator_id)


def operator_changed(operator_id: str, *fields: str) -> Fact:
    return Fact("operator.changed", operator_id, None, {"fields": list(fields)})
