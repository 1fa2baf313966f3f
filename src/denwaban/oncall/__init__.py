"""Who may be reached now, by which contact; substitutes."""

from denwaban.oncall.acts import (
    NoSuchContact,
    add_contact,
    change_contact,
    move_contact,
    order_contacts,
    person_in_charge,
    record_test,
    remove_contact,
    substitute_of,
    unattended,
)
from denwaban.oncall.address import BadAddress, shown_address
from denwaban.oncall.model import (
    Contact,
    NobodyOnDuty,
    OnDuty,
    Why,
    may_change,
    reachable,
)
from denwaban.oncall.queries import contact, contacts_of, every_contact_of

__all__ = [
    "BadAddress",
    "Contact",
    "NoSuchContact",
    "NobodyOnDuty",
    "OnDuty",
    "Why",
    "add_contact",
    "change_contact",
    "contact",
    "contacts_of",
    "every_contact_of",
    "may_change",
    "move_contact",
    "order_contacts",
    "person_in_charge",
    "reachable",
    "record_test",
    "remove_contact",
    "shown_address",
    "substitute_of",
    "unattended",
]
