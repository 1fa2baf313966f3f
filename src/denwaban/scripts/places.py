"""On which line of a TOML text everything stands. For texts that `tomllib` has read: what is no TOML gives nonsense."""

import re

Place = tuple[str | int, ...]
"""Where in a document: `("nodes", 3, "ask", 0, "label")`."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}'  # text of several lines
    r'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''  # text of one line
    r"|\#[^\n]*|\n|[\[\]{},=.]|[^\s\[\]{},=.\"'#]+",
    re.DOTALL,
)
_BARE_END = (",", "]", "}", "\n")

_PLAIN = re.compile(
    r"[ \t]*([A-Za-z0-9_-]+)[ \t]*=[ \t]*"
    r'(?:"(?!"")(?:\\.|[^"\\\n])*"|[A-Za-z0-9_.:+-]+)[ \t]*(?:\#[^\n]*)?\n'
)
"""A line with one key and one short value: most lines are like that, and need no closer look."""


def places(text: str) -> dict[Place, int]:
    """The 1-based line of every table, key and element of an array."""
    return _Scan(text).found


class _Scan:
    """One walk over the text."""

    def __init__(self, text: str) -> None:
        self.found: dict[Place, int] = {}
        self._counts: dict[Place, int] = {}
        self._text = text
        self._at = 0
        self._now, self._line = "", 1
        self._next_line = 1
        self._document()

    def _next(self) -> None:
        """To the next token; comments and blanks are none."""
        while match := _TOKEN.search(self._text, self._at):
            self._at = match.end()
            self._now, self._line = match[0], self._next_line
            self._next_line += self._now.count("\n")
            if self._now[0] != "#":
                return
        self._now, self._at = "", len(self._text)

    def _document(self) -> None:
        table: Place = ()
        while self._at < len(self._text):
            while plain := _PLAIN.match(self._text, self._at):
                self.found.setdefault((*table, plain[1]), self._next_line)
                self._at = plain.end()
                self._next_line += 1
            self._next()
            if self._now == "[":
                table = self._header()
            elif self._now not in ("", "\n"):
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
