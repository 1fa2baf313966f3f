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


def nobody_on_duty(report_id: str, client_id: str, climb: Climb) -> Fact:
    """The ladder has come to our own floor."""
    return Fact("report.nobody_on_duty", report_id, client_id, {"staff_id": climb.now_on.staff_id})


def passed_over(report_id: str, client_id: str, staff_id: str, why: str) -> Fact:
    """`why` is left | away: the ladder does not wait for this person."""
    return Fact("report.passed_over", report_id, client_id, {"staff_id": staff_id, "why": why})


def asked(report_id: str, client_id: str, staff_id: str) -> Fact:
    """Whoever took it was reminded that its time is near."""
    return Fact("report.asked", report_id, client_id, {"staff_id": staff_id})


def overdue(report_id: str, client_id: str, staff_id: str) -> Fact:
    """It was taken and is not done in time."""
    return Fact("report.overdue", report_id, client_id, {"staff_id": staff_id})


def handed_back(report_id: str, client_id: str, staff_id: str) -> Fact:
    return Fact("report.handed_back", report_id, client_id, {"staff_id": staff_id})


def reassigned(report_id: str, client_id: str, staff_id: str) -> Fact:
    """`staff_id` has it now."""
    return Fact("report.reassigned", report_id, client_id, {"staff_id": staff_id})


def resent(report_id: str, client_id: str, staff_id: str) -> Fact:
    return Fact("report.resent", report_id, client_id, {"staff_id": staff_id})


def commented(report_id: str, client_id: str) -> Fact:
    return Fact("report.commented", report_id, client_id)


def plan_changed(client_id: str, what: str) -> Fact:
    """`what` is ladder | digest | quiet."""
    return Fact("client.delivery_changed", client_id, client_id, {"what": what})
