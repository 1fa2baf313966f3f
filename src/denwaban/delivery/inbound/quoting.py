"""What somebody wrote themselves in an answer to a mail, without what their program quoted. No I/O."""

import re

LONGEST = 1800
"""Characters that are kept of an answer."""

_HEADS = (
    r"-{2,}\s*(?:Original Message|元のメッセージ|Forwarded message|転送メッセージ)\s*-{2,}.*",
    r"_{10,}",
    r"On .{4,200} wrote:",
    r".{0,200}(?:\d{4}年|\d{4}[/.-]\d{1,2}[/.-]).{0,200}(?:<[^<>\s@]+@[^<>\s@]+>|のメール|書きました).{0,10}[:：]?",
    r"(?:From|差出人|送信元)\s*[:：].+@.+",
)
"""A line after which everything is quoted."""

_QUOTED = re.compile(r"^(?:" + "|".join(_HEADS) + r")\s*$", re.IGNORECASE)

_TAKES = re.compile(
    r"(?:引き?受け(?:ます|ました|いたします|致します)|対応(?:します|いたします|致します)|了解(?:です|しました|いたしました)?"
    r"|承知(?:しました|いたしました|致しました)|ack|ok|taken)",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """The text without quoted lines, without what follows a line like 「2026年…のメール:」, and without a signature. At most
    `LONGEST` characters."""
    kept: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:5000]:
        bare = line.strip()[:500]
        if _QUOTED.match(bare) or line.rstrip("\n") == "-- ":
            break
        if not bare.startswith((">", "＞", "|")):
            kept.append(line.rstrip())
    found = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    return found if len(found) <= LONGEST else found[: LONGEST - 1].rstrip() + "…"


def takes(words: str) -> bool:
    """Whether somebody's own words say, and say nothing else in their first line, that they take it: 「引き受けます」. A
    sentence with anything beside it (「承知しましたが、外出中です」) does not."""
    first = next((line.strip() for line in words.split("\n") if line.strip()), "")
    return _TAKES.fullmatch(first.strip(" 　。．.!！、,")) is not None
