"""What may be told to whom: gated fields, the identity check that opens them, locks, and the record of every sight.

Gated values leave the database by `reveal` alone, which puts the sight into the audit with it.
"""

from denwaban.disclosure.board import Held, held
from denwaban.disclosure.checking import (
    Locked,
    NobodyNamed,
    NoCheck,
    NotOpen,
    OpensNothing,
    TooFew,
    check,
    reveal,
)
from denwaban.disclosure.leaks import Alarm as LeakAlarm
from denwaban.disclosure.leaks import alarms as leak_alarms
from denwaban.disclosure.leaks import duty as leak_duty
from denwaban.disclosure.members import Member, count_members, put_member, remove_member
from denwaban.disclosure.model import GatedField, Kind, Policy, Unreadable
from denwaban.disclosure.policies import policy_of, set_policy
from denwaban.disclosure.sealing import turnings
from denwaban.disclosure.standing import Shown, Standing, lacks_check, proven, standing
from denwaban.disclosure.unlocking import allow, unlock

__all__ = [
    "GatedField",
    "Held",
    "Kind",
    "LeakAlarm",
    "Locked",
    "Member",
    "NoCheck",
    "NobodyNamed",
    "NotOpen",
    "OpensNothing",
    "Policy",
    "Shown",
    "Standing",
    "TooFew",
    "Unreadable",
    "allow",
    "check",
    "count_members",
    "held",
    "lacks_check",
    "leak_alarms",
    "leak_duty",
    "policy_of",
    "proven",
    "put_member",
    "remove_member",
    "reveal",
    "set_policy",
    "standing",
    "turnings",
    "unlock",
]
