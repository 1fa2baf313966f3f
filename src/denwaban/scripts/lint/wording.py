"""How a script sounds: how long until the first question, evasions, assurances, forbidden phrases, empathy."""

import re
from collections.abc import Iterator

from denwaban.scripts.lint.case import Case
from denwaban.scripts.lint.finding import Finding
from denwaban.scripts.model import End, Fork, Node
from denwaban.scripts.phrases import bare, seconds

EVASIVE = re.compile(
    r"[わ分]かりかねます|[わ分]かりません|存じません|存じ上げません|知りません|たぶん|多分(?!野|に)|おそらく|恐らく"
    r"|だと思います|と思われます|そのうち(?!の)|できるだけ早く|なるべく早く|担当ではない"
)
ASSURANCE = re.compile(
    r"絶対に?(?:大丈夫|直|治|届|返金|間に合|安全|損)|必ず(?:直|治|届|返金|間に合|勝て|儲か)"
    r"|様子を見て大丈夫|様子を見れば大丈夫|心配いりません|心配ありません|ご心配には及びません|(?<!お)間違いなく"
    r"|100(?:パーセント)?(?:大丈夫|安全|確実|直り|治り)|無料で(?:直|修理|伺)|何も問題ありません"
)


def alone(case: Case) -> Iterator[Finding]:
    """What single nodes and the head say."""
    forbidden = [(bare(one.words), one) for one in case.head.forbidden]
    comfort: dict[str, list[str]] = {}
    for phrase in case.head.empathy:
        comfort.setdefault(phrase.feeling, []).append(bare(phrase.words))
    for node in case.script.nodes:
        said = case.said[node.id]
        if match := EVASIVE.search(said):
            yield case.at("evasive", node, "say", phrase=match[0])
        if match := ASSURANCE.search(said):
            yield case.at("assurance", node, "say", phrase=match[0])
        for words, one in forbidden:
            if words and words in said:
                yield case.at(
                    "forbidden-phrase", node, "say", phrase=one.words, instead=one.instead
                )
        if node.feeling and not any(words in said for words in comfort.get(node.feeling, ())):
            yield case.at("no-empathy", node, "say")
    own = [
        *(("forbidden", n, one.instead) for n, one in enumerate(case.head.forbidden)),
        *(("empathy", n, one.words) for n, one in enumerate(case.head.empathy)),
        *(("objections", n, one.answer) for n, one in enumerate(case.head.objections)),
        *(("topics", n, one.words) for n, one in enumerate(case.head.topics)),
    ]
    for part, n, text in own:
        said = bare(text)
        for words, one in forbidden:
            if words and words in said:
                yield case.on("forbidden-in-head", "head", part, n, phrase=one.words)
    today, review = case.around.today, case.head.review
    if today is not None and review is not None and review < today:
        yield case.on("review-overdue", "head", "review", day=review.isoformat())


def together(case: Case) -> Iterator[Finding]:
    """The time that a caller listens before being asked anything."""
    pace = case.around.characters_per_minute
    for entry in case.graph.entries:
        heard = opening(case, entry)
        took = sum(seconds(node.say, pace) for node in heard) + seconds(case.around.greeting, pace)
        if took > case.around.seconds_to_question:
            yield case.at(
                "late-question",
                heard[-1],
                seconds=round(took),
                most=case.around.seconds_to_question,
            )


def opening(case: Case, entry: str) -> list[Node]:
    """From where a call begins to the first question, both included. There is one way only: no question, no fork."""
    heard: list[Node] = []
    name = entry
    while case.graph.nodes[name] not in heard:
        node = case.graph.nodes[name]
        heard.append(node)
        if node.ask or isinstance(node, Fork | End):
            break
        name = case.graph.edges[name][0].to
    return heard
