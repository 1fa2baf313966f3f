"""A summary on paper: its words for the template `paper.typ`, and the press that sets them."""

import asyncio
import struct
import sys
from pathlib import Path
from typing import Any

import msgspec

from denwaban.clock import JST
from denwaban.lines import show_number
from denwaban.summaries.model import CallLine, Document, Kind, Tally
from denwaban.summaries.words import (
    HIDDEN,
    OUTCOMES,
    TITLES,
    edition_words,
    percent_words,
    period_words,
    seconds_words,
    short_day,
)

_SCRIPT = Path(__file__).with_name("press.py")

LONGEST = 120.0
"""Seconds that one paper may take, the start of the press included."""

MOST = 200
"""Papers that one press sets before a new one takes over: memory that a long table took goes back."""

LARGE = 100_000
"""Bytes of words after which it is replaced at once."""


class PressFailed(Exception):
    """The paper was not made: the press died, hung, or refused the words."""


class Press:
    """Sets papers, one at a time, in a process of its own with a low priority, so that no call waits for it. The process
    ends when nobody waits for a paper, and with this one."""

    def __init__(self, script: Path = _SCRIPT) -> None:
        self._script = script
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: asyncio.subprocess.Process | None = None
        self._made = 0

    async def pdf(self, words: dict[str, Any]) -> bytes:
        """The paper as PDF. Raises `PressFailed`."""
        data = msgspec.json.encode(words)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._set(data)
        finally:
            self._waiting -= 1

    async def _set(self, data: bytes) -> bytes:
        kept = False
        try:
            async with asyncio.timeout(LONGEST):
                process = await self._running()
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(struct.pack(">I", len(data)) + data)
                await process.stdin.drain()
                good, length = struct.unpack(">?I", await process.stdout.readexactly(5))
                answer = await process.stdout.readexactly(length)
            self._made += 1
            kept = self._waiting > 1 and self._made < MOST and len(data) < LARGE
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            raise PressFailed(type(error).__name__) from error
        finally:
            # Also when this is cancelled: an answer that nobody read would be taken for the next paper.
            if not kept:
                await self._end()
        if not good:
            raise PressFailed(answer.decode(errors="replace"))
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            self._made = 0
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                str(self._script),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()


def paper(document: Document, calls: list[CallLine], *, mail: bool) -> dict[str, Any]:
    """The words of `paper.typ`. `mail`: what the client's form keeps 秘密 is left out."""
    hidden = set(document.secret) if mail else set()
    at = document.made_at.astimezone(JST)
    missed = [line for line in calls if line.missed]
    return {
        "title": TITLES[document.kind],
        "client": f"{document.client} 様",
        "period": period_words(document.period),
        "edition": edition_words(document),
        "reason": document.reason,
        "made": f"{at:%Y/%m/%d %H:%M}",
        "tiles": [list(tile) for tile in tiles(document)],
        "hours": [list(_tally(tally)) for tally in document.hours],
        "days": [
            [short_day(day), *(str(count) for count in _tally(tally))]
            for day, tally in zip(document.period.days, document.days, strict=True)
        ]
        if len(document.days) > 1
        else [],
        "by_month": document.kind is Kind.MONTHLY,
        "topics": [
            [
                topic.label,
                str(topic.count),
                "" if "what_for" in hidden else "／".join(topic.examples),
            ]
            for topic in document.topics
        ],
        "other_topics": str(document.other_topics),
        "topics_hidden": "what_for" in hidden,
        "reported": str(document.reported),
        "missed_by": [
            [OUTCOMES[name], str(count)]
            for name, count in sorted(document.missed_by.items(), key=lambda item: -item[1])
        ],
        "missed": [
            [
                f"{line.at.astimezone(JST):%m/%d}({'月火水木金土日'[line.at.astimezone(JST).weekday()]}) "
                f"{line.at.astimezone(JST):%H:%M}",
                HIDDEN if "number" in hidden and line.number else show_number(line.number),
                seconds_words(line.waited),
                OUTCOMES[line.outcome],
            ]
            for line in missed
        ],
        "practice": document.practice,
        "open": document.open,
    }


def _tally(tally: Tally) -> tuple[int, int, int]:
    return tally.received, tally.answered, tally.missed


def tiles(document: Document) -> list[tuple[str, str, str]]:
    """(name, figure, what it is made of) of the figures that stand on top."""
    times = f"報告 {document.reported} 件"
    return [
        ("着信", f"{document.received}件", f"練習 {document.practice} 件を除く"),
        (
            "応答",
            f"{document.answered}件",
            f"平均の待ち {seconds_words(document.wait)}・応対 {seconds_words(document.handling)}",
        ),
        (
            "応答率",
            percent_words(document.answer_rate),
            f"応答 {document.answered} ÷ 着信 {document.received}",
        ),
        ("つながらなかった", f"{document.missed}件", "番号と時刻は下の一覧に"),
        ("報告まで(半数)", seconds_words(document.report_p50), times),
        ("報告まで(95%)", seconds_words(document.report_p95), times),
        (
            "約束を守れた",
            percent_words(document.kept_rate),
            f"期限内 {document.promises_kept} ÷ 期限が来た {document.promises_due}",
        ),
        (
            "急ぎと商機",
            f"{document.emergencies}件・{document.opportunities}件",
            "緊急の報告・商談につながる報告",
        ),
    ]
