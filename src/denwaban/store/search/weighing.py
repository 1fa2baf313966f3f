"""How well a text answers the words of a question. Pure."""

from collections.abc import Sequence

from denwaban.store.search.tokens import BETWEEN, asked_for, heads_of
from denwaban.store.words import fold


def weigh(
    words: Sequence[str], title: str, body: str | None, also: str = ""
) -> tuple[int, ...] | None:
    """How well a text answers the (folded) words; None when one of them, not counting single characters beside longer
    words, is not in it. What is in the title counts before what is in `also`, and that before the body.
    Body None: what is not in the title is in the body, as the index has found."""
    return Asked(words).weigh(heads_of(title, also), body)


class Asked:
    """The (folded) words of one question."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.must = asked_for(words)
        self.whole = "".join(words)
        self.letters = all(len(word) == 1 for word in self.must)

    def weigh(self, heads: str, body: str | None) -> tuple[int, ...] | None:
        """`weigh` for heads that are folded already (`heads_of`)."""
        heading, _between, others = heads.partition(BETWEEN)
        rest = ""
        place = 0
        for word in self.must:
            if word in heading:
                continue
            if word in others:  # not across two of them: they are apart
                place = max(place, 1)
                continue
            if body is not None:
                rest = rest or fold(body)
                if word not in rest:
                    return None
            place = 2
        first = heading.find(self.must[0])
        missing = 0
        for word in self.words:
            if word not in heading:
                missing += 1
        near = 2
        if heading.startswith(self.whole):
            near = 0 if heading == self.whole else 1
        return (place, missing, near, first if first >= 0 else len(heading), len(heading))
