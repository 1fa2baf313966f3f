"""Texts that are found by any two characters of them, on both databases (ADR 16, 35).

What is indexed are tokens made here: each two neighbouring characters of the folded text. SQLite keeps them in an FTS5 table
beside the texts, PostgreSQL in a `tsvector` with a GIN index; neither has to know any Japanese. Both know only which texts have
a token, not where: which of them hold a longer word is asked of the folded text itself. Tokens and questions are the same on
both, only the way of writing them differs.
"""

from denwaban.store.search.guarding import Folded, GuardError
from denwaban.store.search.index import Hit, SearchIndex
from denwaban.store.search.table import is_made_by_hand
from denwaban.store.search.weighing import weigh

__all__ = ["Folded", "GuardError", "Hit", "SearchIndex", "is_made_by_hand", "weigh"]
