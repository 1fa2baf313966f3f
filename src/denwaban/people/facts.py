"""What this slice puts into the journal."""

from denwaban.journal import Fact
from denwaban.people.model import Training


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


def training_set(training: Training) -> Fact:
    stage = training.stage.value if training.stage is not None else None
    data = {"stage": stage, "senior_id": training.senior_id, "by": training.set_by}
    return Fact("operator.training_set", training.operator_id, None, data)
