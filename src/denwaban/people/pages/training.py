"""How far an operator is in training: a part of the operator's page."""

from typing import Any

import msgspec

from denwaban.access import user
from denwaban.people.acts.training import training_of
from denwaban.people.model import PeopleError, TrainingStage
from denwaban.people.queries import list_operators
from denwaban.store import Tx
from denwaban.web import _

ALONE = "alone"
"""In the form: not in training."""


class TrainingForm(msgspec.Struct):
    stage: str = ALONE
    senior_id: str = ""


def chosen(data: TrainingForm) -> TrainingStage | None:
    """The stage in the form; None: works alone. Raises `PeopleError`."""
    if data.stage == ALONE:
        return None
    try:
        return TrainingStage(data.stage)
    except ValueError as error:
        raise PeopleError("研修段階を選び直してください", "stage") from error


def stage_names() -> dict[str, str]:
    """The stages in words, in their order."""
    return {
        TrainingStage.OBSERVES: _("見学(電話は回しません)"),
        TrainingStage.BESIDE: _("同席(先輩がいる間だけ受けます)"),
        TrainingStage.LOOKED_AFTER: _("見守り(一人で受けます。様子を見ます)"),
        ALONE: _("独り立ち"),
    }


def short_names() -> dict[str, str]:
    """The stages of who is in training, in a word."""
    return {
        TrainingStage.OBSERVES: _("見学"),
        TrainingStage.BESIDE: _("同席"),
        TrainingStage.LOOKED_AFTER: _("見守り"),
    }


def shown_training(tx: Tx, operator_id: str) -> dict[str, Any]:
    """For the template: what holds, who set it, and who can be the senior."""
    found = training_of(tx, operator_id)
    holds = TrainingForm()
    if found is not None and found.stage is not None:
        holds = TrainingForm(found.stage.value, found.senior_id or "")
    others = [one for one in list_operators(tx) if one.id != operator_id]
    by = user(tx, found.set_by) if found is not None else None
    return {
        "training": found,
        "training_form": holds,
        "training_by": by.name if by is not None else "",
        "stages": stage_names(),
        "seniors": [("", _("決めない")), *((one.id, one.name) for one in others)],
    }
