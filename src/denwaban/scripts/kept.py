"""Versions of scripts as they were read: every key of every seat asks for one, and they never change."""

import threading
from collections import OrderedDict
from collections.abc import Collection

import msgspec
from sqlalchemy import select

from denwaban.scripts.model import Script
from denwaban.scripts.rows import script_versions
from denwaban.store import Tx, among_these

ROOM = 500
"""So many versions are kept, a hundred kilobytes each at the most; the longest unused goes first."""

_kept: OrderedDict[str, Script] = OrderedDict()
# Several threads read.
_keeping = threading.Lock()


def scripts_of(tx: Tx, version_ids: Collection[str]) -> dict[str, Script]:
    """The scripts of these versions, by version; what is not kept is read in one query."""
    found: dict[str, Script] = {}
    with _keeping:
        for version_id in version_ids:
            if (script := _kept.get(version_id)) is not None:
                _kept.move_to_end(version_id)
                found[version_id] = script
    lacking = set(version_ids) - found.keys()
    if not lacking:
        return found
    documents = select(script_versions.c.id, script_versions.c.document)
    rows = tx.all(documents.where(among_these(script_versions.c.id, lacking)))
    read = {row["id"]: msgspec.convert(row["document"], Script) for row in rows}
    with _keeping:
        _kept.update(read)
        while len(_kept) > ROOM:
            _kept.popitem(last=False)
    return found | read
