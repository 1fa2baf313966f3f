"""The token streams of a search index, and questions to it, as each database (`dialect`) is
told them; see `search`. Pure."""

from collections.abc import Sequence
from itertools import count

from denwaban.store.words import fold, grams

# Private-use characters: `fold` leaves none of them in a text, so no text can look like a mark.
_TITLE, _LETTER, _CLIENT, _GAP = "\ue001", "\ue002", "\ue003", "\ue004"


def tokens_of(client_id: str | None, title: str, body: str, also: str) -> list[str]:
    """Whose it is; title and `also` as grams and as single characters; the body as grams. Gaps keep a word from reaching
    from one into the next."""
    heads = [folded for folded in map(fold, (title, *also.split())) if folded]
    found = [_client(client_id)] if client_id else []
    for head in heads:
        found += [_GAP, *(_TITLE + gram for gram in grams(head))]
    found += [_GAP, *grams(fold(body)), _GAP]
    return found + [_LETTER + letter for letter in dict.fromkeys("".join(heads))]


def _client(client_id: str) -> str:
    if not client_id.isalnum():
        raise ValueError("not an id")
    return _CLIENT + client_id


def asked_for(words: Sequence[str]) -> list[str]:
    """The words that must be there: single characters only when there is nothing else."""
    return [word for word in words if len(word) > 1] or list(words)


def question(dialect: str, words: Sequence[str], client_id: str | None, *, title_only: bool) -> str:
    """The words as the database is asked for them."""
    both, either = (" & ", " | ") if dialect == "postgresql" else (" AND ", " OR ")
    parts = [_phrase(dialect, [_client(client_id)])] if client_id else []
    for word in asked_for(words):
        if len(word) == 1:
            parts.append(_phrase(dialect, [_LETTER + word]))
            continue
        ways = [_phrase(dialect, [_TITLE + gram for gram in grams(word)])]
        if not title_only:
            ways.append(_phrase(dialect, grams(word)))
        parts.append(f"({either.join(ways)})")
    return both.join(parts)


def _phrase(dialect: str, tokens: list[str]) -> str:
    """Tokens one after another. They hold letters, digits and our marks only: nothing has to be escaped."""
    if dialect == "postgresql":
        return "(" + " <-> ".join(f"'{token}'" for token in tokens) + ")"
    return f'"{" ".join(tokens)}"'


def stream(dialect: str, tokens: list[str]) -> str:
    """The tokens as they are kept."""
    return _WRITTEN[dialect](tokens)


def _lexemes(tokens: list[str]) -> str:
    """The text form of a tsvector: each lexeme with its places, as the `simple` configuration would have left it."""
    places: dict[str, list[int]] = {}
    for place, token in zip(count(1), tokens, strict=False):
        places.setdefault(token, []).append(min(place, 16_383))
    places.pop(_GAP, None)
    return " ".join(f"'{token}':{','.join(map(str, at))}" for token, at in places.items())


_WRITTEN = {"postgresql": _lexemes, "sqlite": " ".join}
