"""What holds for a whole script, whatever the way through it: tone, forbidden phrases, mandatory items, promises.

Everything has a default: a script without a head is as good as it was.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Of a node or a field."""

NodeName = Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
"""Of a node or an item, or empty."""

Words = Annotated[str, msgspec.Meta(max_length=400)]
"""What is said or shown at once; longer does not fit one screen without a scroll."""

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]

Phrase = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]

Minutes = Annotated[int, msgspec.Meta(ge=5, le=20_160)]
"""Five minutes to two weeks."""

ScriptPurpose = Literal[
    "", "reception", "support", "booking", "emergency", "sales", "orphan", "reminder", "survey"
]
"""`sales`: we offer something, so the caller is told who calls and why before anything else. `orphan`: calls for
members of staff who have left."""

Emotion = Literal["", "angry", "worried", "troubled", "hurried", "sad", "pleased"]

Bound = Literal["explain", "take", "decide"]
"""How far an operator goes with a topic: explains it (説明), only takes it down (受止), or decides it (判断)."""


class _Part(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A part of the head."""


class Forbidden(_Part, frozen=True, kw_only=True):
    """A phrase that is never said, and what is said instead."""

    words: Phrase
    instead: Words


class Empathy(_Part, frozen=True, kw_only=True):
    """What to say to a caller in that mood before anything else."""

    feeling: Emotion
    words: Phrase


class Objection(_Part, frozen=True, kw_only=True):
    """What a caller may hold against an offer, and the answer. Locked ones are not offered after a refusal."""

    when: Phrase
    answer: Words
    locked: bool = True


class Topic(_Part, frozen=True, kw_only=True):
    """How far an operator goes with a topic; `restricted`: nobody hears of it before the identity check."""

    name: Label
    bound: Bound = "explain"
    restricted: bool = False
    words: Words = ""
    """What is said where the operator's part ends."""


class PromiseRule(_Part, frozen=True, kw_only=True):
    """Who keeps which promise, and the time that may be named for it."""

    what: Label
    """As the promise nodes call it."""
    by: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """The name of a member of staff or a department; empty: whoever takes the report."""
    shortest: Minutes = 5
    longest: Minutes = 20_160


class Head(_Part, frozen=True, kw_only=True):
    """What holds for the whole script."""

    about: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    """What the script is for and why it is as it is, for those who change it."""
    purpose: ScriptPurpose = ""
    tone: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """How the client wants to sound, in words for the operator."""
    regular: NodeName = ""
    """The node where calls of regular callers begin; empty: where all calls begin."""
    free: bool = False
    """Experienced operators may go to any node; what is mandatory stays so."""
    review: date | None = None
    """When the script is to be looked at again."""
    mandatory: tuple[Name, ...] = ()
    """What every call has to bring: ids of fields, or purposes (`what_for`) and items that several fields may have."""
    must_say: tuple[Phrase, ...] = ()
    """What every call has to hear; a node that says it, fulfils it."""
    identity: Annotated[int, msgspec.Meta(ge=1, le=5)] = 2
    """How many identity fields must have been asked where a branch says that the caller is who he says."""
    promises: tuple[PromiseRule, ...] = ()
    """Empty: what the client's own rules allow. Otherwise only these are promised."""
    topics: tuple[Topic, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    empathy: tuple[Empathy, ...] = ()
    objections: tuple[Objection, ...] = ()
