"""What the press really prints, read back from the PDF."""

import io
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.summary_story import calls_of, days

from denwaban.calls import Outcome
from denwaban.clock import JST
from denwaban.summaries import Press
from denwaban.summaries.figures import Rang, Read, document
from denwaban.summaries.model import month_of
from denwaban.summaries.paper import PressFailed, paper

MADE = datetime(2026, 11, 24, 8, 30, tzinfo=JST)


async def printed(press: Press, read: Read, edition: int = 1, reason: str = "") -> PdfReader:
    made, lines = document(read, MADE, edition, reason)
    return PdfReader(io.BytesIO(await press.pdf(paper(made, lines, mail=False))))


def words(reader: PdfReader) -> list[str]:
    """Of each page, without blanks."""
    return ["".join(page.extract_text().split()) for page in reader.pages]


async def test_a_small_day_fits_a_page_and_its_fonts_are_in_it() -> None:
    read = Read(
        "髙﨑設備 𠮷田店",
        days("2026-11-23", "2026-11-23"),
        calls_of(days("2026-11-23", "2026-11-23"), 4),
    )
    reader = await printed(Press(), read)
    [text] = words(reader)
    # A character that the font lacks is marked, not left out.
    for each in ("電話番", "日報", "2026年11月23日(月)", "髙﨑設備〓田店様", "75.0%", "1/1"):
        assert each in text, each
    [page] = reader.pages
    assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (595, 842)
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()
        assert "BIZUDPGothic" in inner["/BaseFont"]
        assert "/FontFile2" in inner["/FontDescriptor"].get_object()
    assert reader.metadata is not None
    assert "日報" in (reader.metadata.title or "")


async def test_a_long_list_breaks_over_pages_under_the_same_heads() -> None:
    month = month_of(date(2026, 10, 1))
    begin = datetime(2026, 10, 1, tzinfo=JST)
    calls = [
        Rang(
            begin + timedelta(hours=n),
            f"+8190{n:08}",
            "+81355550101",
            Outcome.ABANDONED,
            None,
            begin,
            1000,
        )
        for n in range(300)
    ]
    press = Press()
    first, *rest, last = words(await printed(press, Read("山田設備", month, calls), 2, "数え直し"))
    assert "訂正版(第2版)" in first
    assert "直したところ:数え直し" in first
    together = "".join([first, *rest, last])
    for n in range(300):
        assert f"090-{n // 10000:04}-{n % 10000:04}" in together
    for number, page in enumerate(rest, 2):
        assert f"{number}/{len(rest) + 2}" in page
        assert "月報山田設備様" in page
        assert "日時電話番号お待ちどうなったか" in page
    # Nothing of one paper is in the next.
    assert "090-" not in "".join(words(await printed(press, Read("別の会社", month))))


async def test_a_press_that_hangs_dies_or_refuses_is_told_apart_from_a_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, lines = document(Read("山田設備", days("2026-11-23", "2026-11-23")), MADE)
    good = paper(made, lines, mail=False)
    monkeypatch.setattr("denwaban.summaries.paper.LONGEST", 0.5)
    for script in ("import time; time.sleep(60)", "raise SystemExit(1)"):
        file = tmp_path / "press.py"
        file.write_text(script)
        with pytest.raises(PressFailed):
            await Press(file).pdf(good)
    monkeypatch.undo()
    press = Press()
    with pytest.raises(PressFailed, match="Error"):
        await press.pdf({"title": "日報"})
    assert (await press.pdf(good)).startswith(b"%PDF")
