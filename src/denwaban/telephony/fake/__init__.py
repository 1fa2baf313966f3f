"""A `Phone` in memory, for tests that tell stories: callers dial, seats answer, somebody hangs up.

It behaves as the real one (the contract tests run against both): acts on a leg that is gone raise `LegGone`, every leg ends
once, a seat rings for as long as it was dialled for, nothing that happens while the connection is lost is told. Time is the
given clock's. Everything that was asked of it stands in `acts`.
"""

from denwaban.telephony.fake.engine import Act
from denwaban.telephony.fake.phone import FakePhone

__all__ = ["Act", "FakePhone"]
