"""Facts in the past tense, appended in the transaction that made them true, read by cursor.

Live screens and followers read it; nothing is ever changed in it.
"""

from denwaban.journal.acts import Journal
from denwaban.journal.attending import attend
from denwaban.journal.following import Following
from denwaban.journal.model import Entry, Fact
from denwaban.journal.rows import after, append, last_seq

__all__ = ["Entry", "Fact", "Following", "Journal", "after", "append", "attend", "last_seq"]
