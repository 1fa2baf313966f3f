"""What this slice puts into the journal. Scripts that mention an entry are marked by these."""

from denwaban.journal import Fact


def faq_added(faq_id: str, client_id: str) -> Fact:
    return Fact("faq.added", faq_id, client_id)


def faq_changed(faq_id: str, client_id: str, *fields: str) -> Fact:
    """`fields` are names of parts, never what is in them."""
    return Fact("faq.changed", faq_id, client_id, {"fields": list(fields)})


def faq_removed(faq_id: str, client_id: str) -> Fact:
    return Fact("faq.removed", faq_id, client_id)


def faq_restored(faq_id: str, client_id: str) -> Fact:
    return Fact("faq.restored", faq_id, client_id)
