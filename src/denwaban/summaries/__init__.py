"""Daily and monthly reports to a client: figures kept for good, sent by the system on the client's own schedule."""

from denwaban.delivery import Channels
from denwaban.store import Store
from denwaban.summaries import acts, mails, plans
from denwaban.summaries.erasing import erase_lines
from denwaban.summaries.mails import Returns
from denwaban.summaries.paper import Press
from denwaban.summaries.plans import Enrolling
from denwaban.summaries.sealing import turnings
from denwaban.work import Duty


def duties(store: Store, url: str, channels: Channels, press: Press) -> list[Duty]:
    """The work of this slice: looking at plans, making summaries, mailing them."""
    return [
        plans.look_duty(store),
        acts.duty(store),
        mails.duty(store, url, channels, press),
    ]


__all__ = ["Enrolling", "Press", "Returns", "duties", "erase_lines", "turnings"]
