"""What lint says about a script, and what it has to know about the world that the script stands in. Pure data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `message`, `why` and `mend` are Japanese sentences; `tell` gives them in the reader's language.

    An error keeps the script from being published; a warning needs a reason."""

    rule: str
    """Kebab-case; stable, so that a reason given for a warning finds it again in the next draft."""
    level: Level
    line: int | None
    """1-based in the author's text; None when the script did not come from a text."""
    node: str | None
    """The id of the node that it is about; None when it is about the whole script."""
    message: str
    why: str
    mend: str
    msgid: str = ""
    """The sentence of `message` before the names were put in."""
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The same for the same complaint in another version of the script."""
        return f"{self.rule}:{self.node or ''}"

    def tell(self, translate: Callable[..., str]) -> tuple[str, str, str]:
        """(message, why, mend) in the reader's language; `translate` is gettext's `_`."""
        return (
            translate(self.msgid, **self.values),
            translate(self.why),
            translate(self.mend),
        )


@dataclass(frozen=True, slots=True)
class Around:
    """What a script stands among. `Around()` knows nothing of a client and finds what the script alone shows."""

    present: frozenset[str] = frozenset()
    """Names of the client's staff, 「石川 直樹」."""
    left: frozenset[str] = frozenset()
    """Names of staff who have left."""
    purpose: str = ""
    """What the script is for, when the script does not say; see `head.ScriptPurpose`."""
    may_promise: bool = True
    """Whether anything may be promised to callers at all."""
    promisers: frozenset[str] | None = None
    """Names of those who may promise; None: everybody of the client."""
    shortest_promise: int = 5
    """Minutes."""
    longest_promise: int = 20_160
    """Minutes."""
    holiday_cover: bool = True
    """Whether the client's plan says what happens on public holidays."""
    restricted: frozenset[str] = frozenset()
    """Topics that nobody hears of before the identity check, besides those that the script marks itself."""
    greeting: str = ""
    """The client's first words, said before the first node."""
    today: date | None = None
    """In Japan; None: review dates are not looked at."""
    characters_per_minute: int = 300
    """How fast Japanese is read aloud."""
    seconds_to_question: int = 90
    """The longest a caller listens before the first question."""
    depth: int = 5
    """Decisions on one way through the script."""
    branches: int = 7
    """Branches of one decision, 「それ以外」 not counted."""
