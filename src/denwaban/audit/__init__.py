"""Who saw or let out what, and when: rows that are only ever added, each sealed with the one before it.

`record` is called in the transaction that hands the thing out, so that nothing is seen without a row. A row holds ids and
short words, never what was seen.
"""

from denwaban.audit.acts import record, verified
from denwaban.audit.model import Broken, Entry, Head, Plain, Trace
from denwaban.audit.queries import Wanted, kinds, listed
from denwaban.audit.witness import BadWitness, Signer, Witness, noted

__all__ = [
    "BadWitness",
    "Broken",
    "Entry",
    "Head",
    "Plain",
    "Signer",
    "Trace",
    "Wanted",
    "Witness",
    "kinds",
    "listed",
    "noted",
    "record",
    "verified",
]
