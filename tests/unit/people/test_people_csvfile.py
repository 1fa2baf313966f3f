"""CSV as offices have it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.people.csvfile import UnreadableFile, decode, read_csv, tidy_number, write_csv

COLUMNS = {"name": ("会社名",), "kana": ("ふりがな",)}


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16"]
)
def test_every_encoding_of_an_office_is_read(encoding: str) -> None:
    data = "会社名,ふりがな\r\n山田設備,やまだせつび\r\n".encode(encoding)
    (line,) = read_csv(data, COLUMNS, ("name",))
    assert line.cells == {"name": "山田設備", "kana": "やまだせつび"}
    assert line.number == 2


def test_circled_and_special_letters_of_excel_are_read() -> None:
    assert decode("①髙﨑㈱".encode("cp932")) == "①髙﨑㈱"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("312345678.0", "0312345678"),
        ("3.12345678E+8", "0312345678"),
        ("9.012345678E+9", "09012345678"),
        ("3.12E+8", "3.12E+8"),
        ("03-1234-5678", "03-1234-5678"),
        ("0312345678", "0312345678"),
        ("'0312345678", "0312345678"),
    ],
)
def test_excels_numbers_are_what_was_meant(text: str, meant: str) -> None:
    assert tidy_number(text) == meant


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_spreadsheet_calculates_nothing_that_a_caller_said(sign: str) -> None:
    file = io.StringIO(write_csv([[f"{sign}1"]]).decode("utf-8-sig"), newline="")
    assert list(csv.reader(file)) == [[f"'{sign}1"]]


def test_headings_may_be_wide_and_unknown_columns_are_left_out() -> None:
    data = "番号, 会社名 ,メモ\n1,あ,い\n,,\n".encode()
    (line,) = read_csv(data, COLUMNS, ("name",))
    assert line.cells == {"name": "あ"}


@given(st.binary(max_size=300))
def test_any_file_is_read_or_refused_with_a_sentence(data: bytes) -> None:
    try:
        lines = read_csv(data, COLUMNS, ("name",))
    except UnreadableFile:
        return
    assert lines
