"""The press: a program of its own. Reads words (length, JSON) from standard input, writes papers (good, length, PDF).

It imports nothing of denwaban, so that it starts quickly, and ends when its input does.
"""

import json
import os
import struct
import sys
from pathlib import Path
from typing import BinaryIO

import typst

HERE = Path(__file__).parent

MISSING = "〓"
"""What printers set in place of a character that they do not have."""


def main(words: BinaryIO, papers: BinaryIO) -> None:
    os.nice(10)
    template = (HERE / "paper.typ").read_bytes()
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[HERE / "fonts"]
    )
    known = characters((HERE / "fonts" / "BIZUDPGothic-Regular.ttf").read_bytes())
    while head := words.read(4):
        data = words.read(struct.unpack(">I", head)[0])
        try:
            answer = paper(template, fonts, printable(json.loads(data), known))
            good = True
        except (RuntimeError, ValueError) as error:
            # Without the words: they are a client's.
            good, answer = False, type(error).__name__.encode()
        papers.write(struct.pack(">?I", good, len(answer)) + answer)
        papers.flush()


def paper(template: bytes, fonts: typst.Fonts, words: object) -> bytes:
    made = typst.compile(template, font_paths=fonts, sys_inputs={"data": json.dumps(words)})
    assert isinstance(made, bytes)
    return made


def printable(words: object, known: frozenset[int]) -> object:
    """The same words with a mark for every character that the font lacks."""
    if isinstance(words, str):
        return "".join(letter if ord(letter) in known else MISSING for letter in words)
    if isinstance(words, list):
        return [printable(word, known) for word in words]
    if isinstance(words, dict):
        return {name: printable(word, known) for name, word in words.items()}
    return words


def characters(font: bytes) -> frozenset[int]:
    """The characters of a TrueType font, from format 12 (or 4) of its `cmap`."""
    (tables,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * n) for n in range(tables))
    begin = next(offset for tag, _sum, offset, _length in records if tag == b"cmap")
    (count,) = struct.unpack_from(">H", font, begin + 2)
    found: set[int] = set()
    for n in range(count):
        at = begin + struct.unpack_from(">HHI", font, begin + 4 + 8 * n)[2]
        (form,) = struct.unpack_from(">H", font, at)
        if form == 12:
            (groups,) = struct.unpack_from(">I", font, at + 12)
            for group in range(groups):
                first, last, _glyph = struct.unpack_from(">III", font, at + 16 + 12 * group)
                found.update(range(first, last + 1))
        elif form == 4:
            (twice,) = struct.unpack_from(">H", font, at + 6)
            lasts = struct.unpack_from(f">{twice // 2}H", font, at + 14)
            firsts = struct.unpack_from(f">{twice // 2}H", font, at + 16 + twice)
            for first, last in zip(firsts, lasts, strict=True):
                found.update(range(first, last + 1))
    return frozenset(found - {0xFFFF})


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
