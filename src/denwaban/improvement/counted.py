"""The figures of a node on a day, as they are kept."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import RowMapping, bindparam, insert, select, update

from denwaban.improvement.figures import Use
from denwaban.improvement.rows import node_use
from denwaban.store import Tx, among_these

Key = tuple[str, date, str]
"""(version, day, node)."""


def use_of(row: RowMapping) -> Use:
    """From a row of `node_use`."""
    return Use(row["visits"], row["drops"], row["forks"], row["otherwise"], dict(row["times"]))


def count(tx: Tx, uses: Mapping[Key, Use]) -> None:
    """Adds these to what is kept."""
    versions, days, nodes = (set(names) for names in zip(*uses, strict=True))
    kept = {
        (row["version_id"], row["day"], row["node"]): use_of(row)
        for row in tx.all(
            # Every mixture of the three: some rows too many, of the same few scripts.
            select(node_use).where(
                among_these(node_use.c.version_id, versions),
                node_use.c.day.in_(days),
                node_use.c.node.in_(nodes),
            )
        )
    }
    new, more = [], []
    for key, use in uses.items():
        total = kept.get(key, Use())
        total.add(use)
        version_id, day, node = key
        values = {
            "visits": total.visits,
            "drops": total.drops,
            "forks": total.forks,
            "otherwise": total.otherwise,
            "times": total.times,
        }
        if key in kept:
            more.append({"v": version_id, "d": day, "n": node, **values})
        else:
            new.append({"version_id": version_id, "day": day, "node": node, **values})
    if new:
        tx.execute(insert(node_use), new)
    if more:
        tx.execute(_MORE, more)


_MORE = (
    update(node_use)
    .where(
        node_use.c.version_id == bindparam("v"),
        node_use.c.day == bindparam("d"),
        node_use.c.node == bindparam("n"),
    )
    .values(
        {
            name: bindparam(name, type_=node_use.c[name].type)
            for name in ("visits", "drops", "forks", "otherwise", "times")
        }
    )
)
