"""What `delivery` tells the journal. Subject: the report."""

from denwaban.delivery.model import Climb
from denwaban.journal import Fact


def sent(report_id: str, client_id: str, delivery_id: str, channel: str, staff_id: str) -> Fact:
    return Fact(
        "delivery.sent",
        report_id,
        client_id,
        {"delivery_id": delivery_id, "channel": channel, "staff_id": staff_id},
    )


def failed(report_id: str, client_id: str, delivery_id: str, channel: str, staff_id: str) -> Fact:
    return Fact(
        "delivery.failed",
        report_id,
        client_id,
        {"delivery_id": delivery_id, "channel": channel, "staff_id": staff_id},
    )


def acknowledged(report_id: str, client_id: str, staff_id: str, via: str) -> Fact:
    return Fact("report.acknowledged", report_id, client_id, {"staff_id": staff_id, "via": via})


def reminded(report_id: str, client_id: str, climb: Climb) -> Fact:
    return Fact("report.reminded", report_id, client_id, {"staff_id": climb.now_on.staff_id})


def escalated(report_id: str, client_id: str, climb: Climb) -> Fact:
    return Fact("report.escalated", report_id, client_id, {"staff_id": climb.now_on.staff_id})


def unclaimed(report_id: str, client_id: str, climb: Climb) -> Fact:
    return Fact("report.unclaimed", report_id, client_id, {"staff_id": climb.now_on.staff_id})
