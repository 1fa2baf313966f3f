"""What is agreed with a client beside its hours: who may take its calls, and what is done the longer a caller waits. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from denwaban.texts import N_

HIGHEST_LEVEL = 5
"""Operators' levels go from 1 to 5; 0 asks for none."""

LONGEST_WAIT = 3600
MOST_STEPS = 8

SORRY = "お待たせしており、誠に申し訳ございません。ただいま電話が大変混み合っており、おつなぎできません。"
"""Spoken before who is sent away may leave a message, when the step has no words of its own."""


class StepKind(StrEnum):
    """What is done when a caller has waited so long."""

    WIDER = "wider"
    """Operators with a lower level may take the call; at level 0 everybody."""
    GROUP = "group"
    """The operators of a group may take it as well."""
    CALL_BACK = "call_back"
    """The caller may press a key, hang up and be called back."""
    MESSAGE = "message"
    """Words are spoken, and the caller may leave a message."""


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a ladder. What does not belong to its kind stays empty."""

    after: int
    """Seconds from the arrival on."""
    kind: StepKind
    level: int = 0
    group: str = ""
    words: str = ""


USUAL_LADDER = (Step(30, StepKind.WIDER),)


class ServiceLevel(Struct, frozen=True):
    """How a client's calls are put through. The defaults are those of a client for which nothing was agreed."""

    least_level: int = 0
    """The least that an operator must be able to do in the client's calls, or in its trade."""
    previous_seconds: int = 0
    """So long a caller waits for the operator who talked with them last, if that one is there; 0: not at all."""
    callers_first: bool = False
    """Callers whom the client has marked go before others."""
    says_place: bool = False
    """Callers are told how many are before them, and about how long it takes."""
    answer_seconds: int = 20
    """Calls are to be answered within so many seconds …"""
    answer_percent: int = 80
    """… in so many of a hundred."""
    ladder: tuple[Step, ...] = USUAL_LADDER


USUAL_LEVEL = ServiceLevel()


def ladder_of(document: Any) -> tuple[Step, ...]:
    """The ladder as it is stored (a list of steps). Raises `msgspec.ValidationError`."""
    return msgspec.convert(document, tuple[Step, ...])


def in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """By time; steps of the same time in the order given."""
    return tuple(sorted(steps, key=lambda step: step.after))


def step_fault(step: Step, groups: Sequence[str]) -> str:
    """What is wrong with a step, as a sentence; empty when it can be used. `groups` are the ids of those there are."""
    if not 1 <= step.after <= LONGEST_WAIT:
        return N_("秒数は1から3600までで入れてください")
    if not 0 <= step.level <= HIGHEST_LEVEL:
        return N_("段階は0から5までで選んでください")
    if step.kind is StepKind.GROUP and step.group not in groups:
        return N_("班を選んでください")
    if len(step.words) > 500:
        return N_("案内の言葉は500文字までにしてください")
    return ""


def level_faults(level: ServiceLevel) -> dict[str, str]:
    """What is wrong with the rest, by field."""
    wrong: dict[str, str] = {}
    if not 0 <= level.least_level <= HIGHEST_LEVEL:
        wrong["least_level"] = N_("段階は0から5までで選んでください")
    if not 0 <= level.previous_seconds <= 600:
        wrong["previous_seconds"] = N_("秒数は0から600までで入れてください")
    if not 1 <= level.answer_seconds <= 600:
        wrong["answer_seconds"] = N_("秒数は1から600までで入れてください")
    if not 1 <= level.answer_percent <= 100:
        wrong["answer_percent"] = N_("割合は1から100までで入れてください")
    if len(level.ladder) > MOST_STEPS:
        wrong["ladder"] = N_("段取りは8つまでにしてください")
    return wrong
