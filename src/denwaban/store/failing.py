"""What is wrong when the database fails, and whether that is its own doing or the statement's."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InternalError, OperationalError

FULL = "no room on the disk"
READ_ONLY = "read-only"

_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""Primary codes of what is not the fault of a statement; a table that is not there has another."""


class StoreError(Exception):
    """The database could not be reached or would not commit; nothing of the verb was kept."""

    def __init__(self, told: str, why: str = "") -> None:
        super().__init__(f"{told}: {why}" if why else told)
        self.why = why
        """`FULL` or `READ_ONLY`: it lasts until somebody does something about it. Empty for everything else."""


def store_error(error: Exception) -> StoreError:
    """The same, as the store tells it; without what the driver says, in which values may be."""
    return StoreError(type(error).__name__, why(error))


def why(error: Exception) -> str:
    """What is wrong with the database: `FULL`, `READ_ONLY`, or empty."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code, state = _primary(cause), getattr(cause, "sqlstate", None)
    if code == sqlite3.SQLITE_FULL or state == "53100":
        return FULL
    if code == sqlite3.SQLITE_READONLY or state == "25006":
        return READ_ONLY
    return ""


def is_its_own(error: BaseException) -> bool:
    """Whether the database failed in the middle of a verb, whose statements are none the worse for it."""
    if not isinstance(error, OperationalError | InternalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _primary(error.orig) in _SQLITE
    return isinstance(error, OperationalError) or bool(why(error))


def _primary(cause: BaseException | None) -> int | None:
    code = getattr(cause, "sqlite_errorcode", None)
    return code & 0xFF if code is not None else None
