"""How long clients' data is kept: terms, erasure by night, legal holds, and what one caller may ask for."""

from denwaban.retention.acts import erasures_of, set_terms, terms_of
from denwaban.retention.holds import BadHold, held, holds_of, lift_hold, place_hold
from denwaban.retention.model import BadTerms, Counts, Kind, Terms
from denwaban.retention.nightly import duty
from denwaban.retention.requests import duty as caller_duty
from denwaban.retention.requests import erase_caller
from denwaban.retention.whose import asked, may_go

__all__ = [
    "BadHold",
    "BadTerms",
    "Counts",
    "Kind",
    "Terms",
    "asked",
    "caller_duty",
    "duty",
    "erase_caller",
    "erasures_of",
    "held",
    "holds_of",
    "lift_hold",
    "may_go",
    "place_hold",
    "set_terms",
    "terms_of",
]
