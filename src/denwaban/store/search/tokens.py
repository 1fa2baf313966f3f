"""The tokens of a search index, and questions to it, as each database (`dialect`) is told them. Pure."""

from collections.abc import Callable, Sequence

from denwaban.store.words import fold, grams

# Private-use characters: `fold` leaves none of them in a text, so no text can look like a mark.
_HEAD, _LETTER, _CLIENT = "\ue001", "\ue002", "\ue003"

BETWEEN = "\n"
"""Between the heads of a text; no folded text has one."""


def heads_of(title: str, also: str) -> str:
    """Title and the words of `also`, folded, `BETWEEN` them; the title is the first, also when it is empty."""
    return BETWEEN.join([fold(title), *(key for key in map(fold, also.split()) if key)])


def tokens_of(
    client_id: str | None, heads: str, rest: str, hide: Callable[[str], str] | None = None
) -> list[str]:
    """Whose it is; each two neighbouring characters, those of the heads once more as such, and each single character of the
    heads. Every token once. `hide`: each replaced by what stands for it, and each three neighbours besides, for then no
    database can look into the text itself."""
    apart = heads.split(BETWEEN)
    near = _pairs if hide is None else _pairs_and_threes
    pairs = [pair for head in apart for pair in near(head)]
    found = [client_token(client_id)] if client_id else []
    found += [_HEAD + pair for pair in pairs]
    found += [_LETTER + letter for head in apart for letter in head]
    every = dict.fromkeys([*found, *pairs, *near(rest)])
    return list(every) if hide is None else [hide(token) for token in every]


def _pairs(folded: str) -> list[str]:
    return grams(folded) if len(folded) > 1 else []


def _pairs_and_threes(folded: str) -> list[str]:
    return _pairs(folded) + [folded[n : n + 3] for n in range(len(folded) - 2)]


def client_token(client_id: str) -> str:
    """The token by which one client's texts are told from the others'. Raises `ValueError` for what is no id."""
    if not client_id.isalnum():
        raise ValueError("not an id")
    return _CLIENT + client_id


def asked_for(words: Sequence[str]) -> list[str]:
    """The words that must be there: single characters only when there is nothing else."""
    return [word for word in words if len(word) > 1] or list(words)


def question(
    dialect: str,
    words: Sequence[str],
    client_id: str | None,
    *,
    title_only: bool,
    hide: Callable[[str], str] | None = None,
) -> str:
    """What every text that holds the words has, as the database is asked for it. A word of more than two characters need not
    be in all that have it: only its characters are, two by two, or three by three where the tokens are hidden."""
    mark = _HEAD if title_only else ""
    tokens = [client_token(client_id)] if client_id else []
    for word in asked_for(words):
        if len(word) == 1:
            tokens.append(_LETTER + word)
        elif hide is not None and len(word) > 2:
            tokens += [mark + word[n : n + 3] for n in range(len(word) - 2)]
        else:
            # Each character once is enough; the last two when one is left over.
            tokens += [mark + word[n : n + 2] for n in range(0, len(word) - 1, 2)]
            tokens += [mark + word[-2:]] if len(word) % 2 else []
    asked = dict.fromkeys(tokens if hide is None else map(hide, tokens))
    # They hold letters, digits and our marks only: nothing has to be escaped.
    if dialect == "postgresql":
        return " & ".join(f"'{token}'" for token in asked)
    return " AND ".join(f'"{token}"' for token in asked)


def stream(dialect: str, tokens: Sequence[str]) -> str:
    """The tokens as they are kept."""
    return " ".join([f"'{token}'" for token in tokens] if dialect == "postgresql" else tokens)
