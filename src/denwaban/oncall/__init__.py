"""Who may be reached now, by which contact; substitutes."""

from denwaban.oncall.acts import (
    add_contact,
    contacts_of,
    person_in_charge,
    substitute_of,
    unattended,
)
from denwaban.oncall.model import (
    BadAddress,
    Contact,
    NobodyOnDuty,
    OnDuty,
    Why,
    reachable,
    shown_address,
)

__all__ = [
    "BadAddress",
    "Contact",
    "NobodyOnDuty",
    "OnDuty",
    "Why",
    "add_contact",
    "contacts_of",
    "person_in_charge",
    "reachable",
    "shown_address",
    "substitute_of",
    "unattended",
]
