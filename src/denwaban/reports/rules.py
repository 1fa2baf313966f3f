"""Who gets a report: the client's rules in their order, the first that fits decides [A8, A12, A15]. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from denwaban.lines import EVERY_DAY, Mode, PlanWindow, window_at
from denwaban.oncall import BY_CLOCK, Deadlines
from denwaban.reports.chances import MINUTES, chances
from denwaban.reports.model import URGENCY_WORDS, Urgency
from denwaban.reports.sentence import Sentence, sentence
from denwaban.store.words import fold
from denwaban.texts import N_

MOST_RULES = 50
MOST_WORDS = 40

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
Words = Annotated[tuple[Word, ...], msgspec.Meta(max_length=MOST_WORDS)]
UrgencyName = Literal["normal", "soon", "emergency"]
CallerKind = Literal["any", "known", "unknown", "regular"]

RISING = tuple(Urgency)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When all that it asks for is true, the report goes where it says. What it leaves open fits everything."""

    name: Annotated[str, msgspec.Meta(max_length=50)]
    topics: Words = ()
    """One of these is a branch that was chosen, or an answer, in the script."""
    words: Words = ()
    """One of these stands in what the caller said."""
    urgencies: Annotated[tuple[UrgencyName, ...], msgspec.Meta(max_length=3)] = ()
    days: Annotated[int, msgspec.Meta(ge=1, le=255)] = EVERY_DAY
    """When the call came: bits Mon 1 … Sun 64, public holiday 128."""
    opens: Annotated[int, msgspec.Meta(ge=0, le=1439)] = 0
    closes: Annotated[int, msgspec.Meta(ge=1, le=2879)] = 1440
    """Minutes of the day in Japan; beyond 1440 it reaches into the next day."""
    caller: CallerKind = "any"
    """known: has called before; regular: a customer under contract (常連); unknown: neither."""
    staff_id: str = ""
    """Who is in charge; empty: whoever takes the client's reports at the time."""
    everyone: bool = False
    """All of the roster are told at once; still one of them is in charge."""
    minutes: Annotated[int, msgspec.Meta(ge=1, le=10_080)] | None = None
    """From the call, by when somebody should have dealt with it."""
    urgency: Literal["", "soon", "emergency"] = ""
    """The report is at least so urgent."""


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A client's rules, and the words of opportunity (None: the usual ones)."""

    rules: Annotated[tuple[Rule, ...], msgspec.Meta(max_length=MOST_RULES)] = ()
    chances: Annotated[tuple[Word, ...], msgspec.Meta(max_length=100)] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What rules are asked about."""

    texts: tuple[str, ...]
    """What the caller said."""
    topics: tuple[str, ...]
    """Branches and answers chosen in the script."""
    urgency: str
    at: datetime
    """When the call came."""
    known: bool = False
    regular: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that was looked at."""

    rule: Rule
    fits: tuple[Sentence, ...]
    """What of it is true."""
    misses: tuple[Sentence, ...]
    """What is not; empty: it fits."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of a case."""

    rule: Rule | None
    """The first that fits; None: the usual person in charge."""
    tried: tuple[Tried, ...]
    """In order, down to the one that fits."""
    chances: tuple[str, ...]
    urgency: str
    """Of the case, or raised."""

    @property
    def why(self) -> tuple[str, ...]:
        """What was true of the rule that fits, in Japanese."""
        return tuple(str(each) for each in self.tried[-1].fits) if self.rule else ()


def decide(rules: Rules, case: Case, roster: Sequence[str]) -> Decision:
    """Asks the rules in their order; the same case always gives the same answer. A rule whose person is not on the
    `roster` (ids) does not fit: a report never goes to somebody who has left."""
    tried: list[Tried] = []
    fitting: Rule | None = None
    for rule in rules.rules:
        tried.append(_try(rule, case, roster))
        if not tried[-1].misses:
            fitting = rule
            break
    urgency = case.urgency
    if fitting is not None and fitting.urgency:
        urgency = higher(urgency, fitting.urgency)
    return Decision(fitting, tuple(tried), chances(case.texts, rules.chances), urgency)


def higher(one: str, other: str) -> str:
    """The more urgent of the two; what is no urgency stays what it is."""
    try:
        return max(Urgency(one), Urgency(other), key=RISING.index).value
    except ValueError:
        return one


def due(
    decision: Decision,
    begun: datetime,
    script_minutes: int | None = None,
    deadlines: Deadlines = BY_CLOCK,
) -> datetime | None:
    """By when somebody should have dealt with it: the shortest of the rule's deadline, that of the nodes walked [B10] and
    the three hours of an opportunity [D1], from when the caller rang, counted as the client counts."""
    minutes = [
        script_minutes,
        decision.rule.minutes if decision.rule else None,
        MINUTES if decision.chances else None,
    ]
    known = [each for each in minutes if each is not None]
    return deadlines.after(begun, min(known)) if known else None


def _try(rule: Rule, case: Case, roster: Sequence[str]) -> Tried:
    fits: list[Sentence] = []
    misses: list[Sentence] = []

    def look(asked: bool, true: bool, yes: Sentence, no: Sentence) -> None:
        if asked:
            (fits if true else misses).append(yes if true else no)

    topic = _first(rule.topics, case.topics, whole=True)
    look(
        bool(rule.topics),
        bool(topic),
        sentence(N_("用件が「%(topic)s」です"), topic=topic),
        sentence(N_("用件が「%(topics)s」ではありません"), topics="・".join(rule.topics)),
    )
    word = _first(rule.words, case.texts, whole=False)
    look(
        bool(rule.words),
        bool(word),
        sentence(N_("「%(word)s」という言葉があります"), word=word),
        sentence(N_("「%(words)s」という言葉がありません"), words="・".join(rule.words)),
    )
    named = URGENCY_WORDS.get(Urgency(case.urgency), "") if case.urgency in set(Urgency) else ""
    look(
        bool(rule.urgencies),
        case.urgency in rule.urgencies,
        sentence(N_("緊急性が「%(urgency)s」です"), urgency=named),
        sentence(
            N_("緊急性が「%(urgencies)s」ではありません"),
            urgencies="・".join(URGENCY_WORDS[Urgency(each)] for each in rule.urgencies),
        ),
    )
    window = PlanWindow("", rule.days, rule.opens, rule.closes, Mode.FULL)
    look(
        (rule.days, rule.opens, rule.closes) != (EVERY_DAY, 0, 1440),
        window_at([window], case.at) is not None,
        sentence(N_("曜日と時刻が合います")),
        sentence(N_("曜日か時刻が合いません")),
    )
    look(
        rule.caller != "any",
        _is(rule.caller, case),
        sentence(_CALLERS[rule.caller][0]),
        sentence(_CALLERS[rule.caller][1]),
    )
    if rule.staff_id and rule.staff_id not in roster:
        misses.append(sentence(N_("担当に決めた方が名簿にいません")))
    if not fits and not misses:
        fits.append(sentence(N_("すべての報告に当てはまります")))
    return Tried(rule, tuple(fits), tuple(misses))


_CALLERS = {
    "any": ("", ""),
    "known": (N_("前にもお電話をいただいた方です"), N_("前にお電話をいただいた方ではありません")),
    "unknown": (N_("初めての方です"), N_("初めての方ではありません")),
    "regular": (N_("ご契約のお客様(常連)です"), N_("ご契約のお客様(常連)ではありません")),
}


def _is(kind: CallerKind, case: Case) -> bool:
    match kind:
        case "known":
            return case.known or case.regular
        case "unknown":
            return not (case.known or case.regular)
        case "regular":
            return case.regular
        case _any:
            return True


def _first(wanted: Sequence[str], texts: Sequence[str], *, whole: bool) -> str:
    """The first of the words that is, or is part of, one of the texts."""
    letters = [fold(text) for text in texts]
    for word in wanted:
        bare = fold(word)
        if bare and any(bare == text if whole else bare in text for text in letters):
            return word
    return ""


def plain_rules(rules: Rules) -> dict[str, Any]:
    """The rules as a JSON column has them."""
    found: dict[str, Any] = msgspec.to_builtins(rules)
    return found


def read_rules(data: Mapping[str, Any] | None) -> Rules:
    """The reverse of `plain_rules`; no rules for nothing."""
    return msgspec.convert(data, Rules) if data else Rules()


def tidy_rules(rules: Rules) -> Rules:
    """Blanks around texts gone, doubles among words once; a rule for every urgency is one for none."""
    return Rules(
        tuple(
            msgspec.structs.replace(
                rule,
                name=" ".join(rule.name.split()),
                topics=_each(rule.topics),
                words=_each(rule.words),
                urgencies=tuple(each for each in RISING if each in rule.urgencies),
            )
            for rule in rules.rules
        ),
        None if rules.chances is None else _each(rules.chances),
    )


def _each(words: Sequence[str]) -> tuple[str, ...]:
    tidied = (" ".join(word.split()) for word in words)
    return tuple(dict.fromkeys(word for word in tidied if word))


def faults_of_rules(rules: Rules, roster: Sequence[str]) -> dict[int, Sentence]:
    """What is wrong with tidy rules, by place."""
    found: dict[int, Sentence] = {}
    for place, rule in enumerate(rules.rules):
        if not rule.name:
            found[place] = sentence(N_("決まりの名前を入れてください。"))
        elif not rule.opens < rule.closes <= rule.opens + 1440:
            found[place] = sentence(N_("終了は開始より後で、24時間以内にしてください。"))
        elif rule.staff_id and rule.staff_id not in roster:
            found[place] = sentence(N_("担当の方が名簿にいません。選び直してください。"))
        elif any(not fold(word) for word in (*rule.topics, *rule.words)):
            found[place] = sentence(N_("言葉は、文字か数字で入れてください。"))
    return found
