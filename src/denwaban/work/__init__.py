"""Rows that are due: lease, do, record, retry; and an eye on what is overdue.

A table that carries work has `id`, `due_at` (null: nothing to do) and `leased_until`. A `Duty` says how one row is done.
"""

from denwaban.work.acts import Worker
from denwaban.work.model import Duty, Overdue
from denwaban.work.rows import due_columns, overdue
from denwaban.work.together import Together

__all__ = ["Duty", "Overdue", "Together", "Worker", "due_columns", "overdue"]
