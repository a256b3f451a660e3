"""Delimited text: whatever delimits it, each record is a row."""

from __future__ import annotations

from pathlib import Path

import pytest
from packages import headings

from rag.documents import delimited
from rag.documents.extract import settled

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("a,b\n1,2\n3,4\n", "a | b\n1 | 2\n3 | 4"),
        ("a;b\n1,5;2,5\n3,5;4,5\n", "a | b\n1,5 | 2,5\n3,5 | 4,5"),
        ("1,5;2,5\n3,5;4,5\n", "1,5 | 2,5\n3,5 | 4,5"),
        ("a\tb\nx, y\tz\nu, v\tw\n", "a | b\nx, y | z\nu, v | w"),
        ("a|b\n1|2\n", "a | b\n1 | 2"),
        ('name,said\nAda,"one\ntwo, three"\nBo,"a ""b"" c"\n', 'name | said\nAda | one two, three\nBo | a "b" c'),
        ("a,b,c\n1,2\n3,4,5,6\n7,8,9\n", "a | b | c\n1 | 2\n3 | 4 | 5 | 6\n7 | 8 | 9"),
        ("\ufeffName,Age\r\nAda,36\r\n", "Name | Age\nAda | 36"),
        ("sep=;\na,1;b\nc,2;d\n", "a,1 | b\nc,2 | d"),
        ("One word\nper line\n", "One word\nper line"),
        ('size\tname\n5" \tpipe\n"6 \tbolt\n7\tnut\n', 'size | name\n5" | pipe\n"6 | bolt\n7 | nut'),
        ("a,b,c\n1,,3\n,,\n4,,6\n", "a | b | c\n1 |  | 3\n\n4 | 6"),
        ("Number,Square\n,\n1,1\n2,4\n", "Number | Square\n1 | 1\n2 | 4"),
    ],
)
def test_delimited_text_is_read_whatever_delimits_it(source: str, rows: str) -> None:
    assert settled(delimited.read(source.encode())).text == rows


def test_the_first_record_is_the_heading_where_it_names_columns() -> None:
    assert headings(delimited.read(b"Team,Place\nBlues,1\nReds,2\n")) == ["Team | Place"]
    assert headings(delimited.read(b"Blues,1\nReds,2\n")) == []


def test_a_field_longer_than_the_limit_of_the_library_is_read_to_its_end() -> None:
    assert settled(delimited.read(b"a,b\n1," + b"word " * 40_000 + b"Tail\n")).text.endswith(" Tail")


def test_delimited_text_in_an_old_encoding_says_that_it_was_guessed() -> None:
    path = FILES / "markitdown" / "test_mskanji.csv"
    if not path.exists():
        pytest.skip("the real files are not here")
    found = delimited.read(path.read_bytes())
    assert found.text.splitlines()[1] == "佐藤太郎 | 30 | 東京"
    assert found.gaps == ("its encoding was guessed: cp932, confidence 0.99",)
