"""On which line of a TOML text everything stands. For texts that `tomllib` has read: what is no TOML gives nonsense."""

import re
from collections.abc import Iterator

Place = tuple[str | int, ...]
"""Where in a document: `("nodes", 3, "ask", 0, "label")`."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}'  # text of several lines
    r'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''  # text of one line
    r"|\#[^\n]*|\n|[\[\]{},=.]|[^\s\[\]{},=.\"'#]+",
    re.DOTALL,
)
_BARE_END = (",", "]", "}", "\n")


def places(text: str) -> dict[Place, int]:
    """The 1-based line of every table, key and element of an array."""
    return _Scan(text).found


class _Scan:
    """One walk over the tokens."""

    def __init__(self, text: str) -> None:
        self.found: dict[Place, int] = {}
        self._counts: dict[Place, int] = {}
        self._rest = _tokens(text)
        self._now, self._line = "", 1
        self._next()
        self._document()

    def _next(self) -> None:
        self._now, self._line = next(self._rest, ("", self._line))

    def _document(self) -> None:
        table: Place = ()
        while self._now:
            if self._now == "\n":
                self._next()
            elif self._now == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Place:
        """`[a.b]` or `[[a.b]]`; keys that name an array of tables mean its last table."""
        line, several = self._line, False
        self._next()
        if self._now == "[":
            several = True
            self._next()
        keys = self._keys("]")
        while self._now not in ("\n", ""):
            self._next()
        place: Place = ()
        for key in keys[:-1]:
            place = self._last((*place, key))
        place = (*place, *keys[-1:])
        if several:
            self._counts[place] = self._counts.get(place, 0) + 1
        self.found.setdefault(place, line)
        place = self._last(place)
        self.found.setdefault(place, line)
        return place

    def _last(self, place: Place) -> Place:
        count = self._counts.get(place)
        return (*place, count - 1) if count else place

    def _pair(self, table: Place) -> None:
        line = self._line
        place: Place = (*table, *self._keys("="))
        self._next()
        self.found.setdefault(place, line)
        self._value(place)

    def _keys(self, end: str) -> list[str]:
        keys = []
        while self._now and self._now != end:
            if self._now != ".":
                keys.append(self._now.strip("\"'"))
            self._next()
        return keys

    def _value(self, place: Place) -> None:
        opening = self._now
        if opening not in ("[", "{"):
            while self._now and self._now not in _BARE_END:
                self._next()
            return
        self._next()
        count = 0
        while self._now and self._now not in ("]", "}"):
            if self._now in (",", "\n"):
                self._next()
            elif opening == "{":
                self._pair(place)
            else:
                self.found[*place, count] = self._line
                self._value((*place, count))
                count += 1
        self._next()


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Tokens with the line that they begin on; comments and blanks are left out."""
    line = 1
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token[0] != "#":
            yield token, line
        if "\n" in token:
            line += token.count("\n")
