"""What `reports` tells the journal."""

from denwaban.journal import Fact
from denwaban.reports.model import Report, Status


def sent(report: Report) -> Fact:
    return Fact(
        "report.sent",
        report.id,
        report.client_id,
        {
            "call_id": report.call_id,
            "operator_id": report.operator_id,
            "staff_id": report.in_charge_id,
            "status": report.status.value,
            "urgency": report.draft.urgency,
            "rule": report.routing.by if report.routing else None,
            "opportunity": bool(report.chances),
            "overridden": report.override is not None,
        },
    )


def status_changed(report: Report, status: Status, by_user_id: str | None) -> Fact:
    return Fact(
        "report.status_changed",
        report.id,
        report.client_id,
        {"status": status.value, "was": report.status.value, "user_id": by_user_id},
    )


def form_changed(client_id: str, version: int, user_id: str | None) -> Fact:
    return Fact(
        "report_form.changed", client_id, client_id, {"version": version, "user_id": user_id}
    )


def rules_changed(client_id: str, version: int, user_id: str | None) -> Fact:
    return Fact(
        "report_rules.changed", client_id, client_id, {"version": version, "user_id": user_id}
    )
