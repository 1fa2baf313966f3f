"""Going through a script: on, back, straight to a scene."""

from dataclasses import replace

import msgspec
from sqlalchemy import bindparam, update

from denwaban.disclosure import lacks_check
from denwaban.scripts import walk
from denwaban.scripts.disclosure import NotVerified, closed, proves, restricted
from denwaban.scripts.model import Inform
from denwaban.scripts.rows import runs
from denwaban.scripts.run_queries import Which, run_as_read
from denwaban.scripts.settings import settings_of
from denwaban.scripts.view import RunFinished, RunView
from denwaban.store import Tx

_STEP = update(runs).where(runs.c.id == bindparam("it"))


def go(tx: Tx, which: Which, choice: str, at: str | None = None) -> RunView:
    """Goes on by `choice` (`next` or a digit). `at` names the node the operator saw: when the run has meanwhile left it
    (a key pressed twice, another tab), nothing happens. Raises `NoSuchRun`, `RunFinished`, `NoSuchWay`, and `NotVerified` where
    the client demands that the server has compared the caller's answers and it has not found them right."""
    view = run_as_read(tx, which)
    if view.finished:
        raise RunFinished(view.id)
    if at is not None and at != view.node.id:
        return view
    path = walk.forward(view.script, view.path, choice, tx.now)
    _look_for_check(tx, view, path, choice)
    return _move(tx, view, path)


def back(tx: Tx, which: Which, at: str | None = None) -> RunView:
    """One node back; at the first it stays. `at` as in `go`. Raises `NoSuchRun`, `RunFinished`."""
    view = run_as_read(tx, which)
    if view.finished:
        raise RunFinished(view.id)
    if at is not None and at != view.node.id:
        return view
    return _move(tx, view, walk.backward(view.path))


def jump(tx: Tx, which: Which, target: str, at: str | None = None) -> RunView:
    """Straight to a node, where the script's head allows it; whether the operator may, the caller has to know. `at` as in
    `go`. Raises `NoSuchRun`, `RunFinished`, `NoSuchWay`, `NotVerified`."""
    view = run_as_read(tx, which)
    if view.finished:
        raise RunFinished(view.id)
    if target == view.node.id or (at is not None and at != view.node.id):
        return view
    if target in closed_in(tx, view):
        raise NotVerified(target)
    path = walk.jump(view.script, view.path, target, tx.now)
    _look_for_check(tx, view, path, walk.JUMPED)
    return _move(tx, view, path)


def _look_for_check(tx: Tx, view: RunView, path: walk.Path, choice: str) -> None:
    """A branch that says the caller has proved who they are, and what is told behind it, wait for the server's own check."""
    target = path[-1].node
    node = view.script.node(target)
    gated = proves(view.node, choice) or node.restricted
    if not gated and isinstance(node, Inform):
        # Only these may be of a topic that the client restricts; the others are not asked about at every key.
        gated = target in restricted(view.script, settings_of(tx, view.client_id).terms.restricted)
    if gated and lacks_check(tx, view.call_id, view.client_id):
        raise NotVerified(target)


def closed_in(tx: Tx, view: RunView) -> frozenset[str]:
    """The nodes to which this call may not jump before the caller has proved who he is."""
    return closed(view.script, view.path, settings_of(tx, view.client_id).terms.restricted)


def _move(tx: Tx, view: RunView, path: walk.Path) -> RunView:
    way = msgspec.to_builtins(path)
    tx.execute(_STEP, {"it": view.id, "node": path[-1].node, "path": way})
    return replace(view, path=path)
