"""Rich Text: each structure is read in its place, in the characters that were meant, and no file takes long."""

from __future__ import annotations

import struct
import time
from functools import cache
from pathlib import Path

import pytest
from compound import Compound
from packages import headings, places

from rag.documents.extract import Extract, Rejected, settled
from rag.documents.rtf import read

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"


def rtf(body: str | bytes, head: str = r"\ansi\ansicpg1252") -> Extract:
    data = body if isinstance(body, bytes) else body.encode("latin-1")
    return settled(read(rf"{{\rtf1{head} ".encode() + data + b"}"))


def ole1(name: bytes, content: bytes) -> str:
    """An object as it stands in the text: names of its class, topic and item, then what it is."""
    kind = struct.pack("<I", len(name) + 1) + name + b"\0"
    return (struct.pack("<II", 0x501, 2) + kind + bytes(8) + struct.pack("<I", len(content)) + content).hex()


BODY = (
    r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 Mincho;}}{\colortbl;\red0;}"
    r"{\stylesheet{\s1 heading 1;}{\s2\sbasedon1 Quote;}{\*\cs3 strong;}}"
    r"{\info{\title Of words}{\author Ada}{\creatim\yr2025\mo3\dy12\hr8}{\revtim\yr2025\mo4\dy1}{\company Unseen}}"
    r"{\*\generator Made by hand;}{\header\pard Header\par}{\headerf\pard Header\par}{\footer Footer\par}"
    r"\pard\s1 Titled\par\pard\plain Bo{\b dy} goes on.{\footnote\pard Footnoted}\par "
    r"Again.{\footnote\ftnalt\pard Endnoted}\line below\tab it.\par"
    r"{\atnid AB}{\atnauthor Ada}\chatn{\*\annotation\pard Commented\par}"
    r"\trowd\cellx1\cellx2\pard\intbl Upper\cell Ri\par ght\cell\row\trowd\pard\intbl Lower\cell"
    r"\pard\intbl\itap2 Nested\nestcell{\*\nesttableprops\trowd\nestrow}{\nonesttables\par}Beside\cell\row\pard"
    r"{\deleted Deleted}{\revised Inserted}\par"
    r"{\field{\*\fldinst HYPERLINK x}{\fldrslt Linked}}\par"
    r"{\shp{\*\shpinst{\sp{\sn pib}{\sv Property}}{\shptxt\pard Boxed\par}}{\shprslt Fallback}}Holder\par"
    r"{\listtext 1.\tab}Listed\par{\*\unknown Unknown}"
    r"{\*\shppict{\pict\pngblip 89504e47}}{\nonshppict{\pict\wmetafile8 0102}}"
)


@cache
def text() -> Extract:
    container = Compound({"Package": b"PK\3\4 Embedded xl/workbook.xml"}).data()
    embedded = r"{\object\objemb{\*\objclass Excel}{\*\objdata " + ole1(b"Excel", container) + r"}{\result Shown}}"
    return rtf(BODY + embedded + "word " * 30_000 + "Tail")


@pytest.mark.parametrize(
    ("sentinel", "where"),
    [
        *((name, [""]) for name in (
            "Titled", "Body goes on.", "Again.\nbelow\tit.", "Upper | Ri ght\nLower | Nested Beside", "Inserted",
            "Linked", "Holder\n\nBoxed", "1.\tListed", "Shown", "Tail",
        )),
        *((name, []) for name in (
            "Deleted", "Property", "Fallback", "Unknown", "Unseen", "Arial", "heading", "hand", "HYPERLINK", "8950",
        )),
        ("Footnoted", ["footnotes"]), ("Endnoted", ["endnotes"]), ("Ada: Commented", ["comments"]),
        ("Header", ["header"]), ("Footer", ["footer"]), ("Embedded", ["member object.xlsx"]),
        ("pictures not read: 1", ["gap"]),
    ],
)  # fmt: skip
def test_each_structure_of_a_rich_text_is_read_in_its_place(sentinel: str, where: list[str]) -> None:
    assert places(text(), sentinel) == where


def test_the_properties_and_headings_of_a_rich_text_are_known() -> None:
    assert headings(text()) == ["Titled"]
    assert (text().title, text().author, text().date, text().updated) == ("Of words", "Ada", "2025-03-12", "2025-04-01")


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (r"caf\'e9 \u233? \u8364\'80 {\uc2\u12354\'82\'a0}x \uc0\u233 y", "café é € あx éy"),
        (r"{\fonttbl{\f1\fcharset204 A;}}\f1 \'cc\'e8\'f0\plain\f0 \'e9", "Мирé"),
        (rb"{\fonttbl{\f1\fcharset128 A;}}\f1 \'83A \'83\'43\par \'82" + b"\xa0", "ア イ\n\nあ"),
        (r"\u-10179?\u-8704?", "\U0001f600"),
        (r"\u-10179?alone", "\ufffdalone"),
        (r"{\fonttbl{\f1\fcharset128 A;}}\f1 half \'83\par", "half \ufffd"),
        (r"\ldblquote a\rdblquote\emdash b\~c\_d\-e\{\}\\ \bullet", "“a”—b\u00a0c\u2011de{}\\ •"),
        ("one\r\n two\\\nthree", "one two\n\nthree"),
        (r"{\upr{ansi ?}{\*\ud{unicode \u233?}}}", "unicode é"),
        (rb"{\*\blob\bin7 {\b }}}}x", "x"),
        (r"a\cell b\cell c", "a | b\n\nc"),
        (r"{\fonttbl{\f1\cpg1250 A;}}\f1\'b3", "ł"),
    ],
)  # fmt: skip
def test_characters_are_those_that_were_meant(body: str | bytes, written: str) -> None:
    assert rtf(body).text == written


@pytest.mark.parametrize(
    ("head", "written"), [(r"\mac", "é"), (r"\pc", "Ä"), (r"\ansicpg1251", "Ћ"), (r"\ansi\ansicpg99999", "Ž")]
)
def test_the_code_page_of_a_file_counts_where_its_fonts_name_none(head: str, written: str) -> None:
    assert rtf(r"\'8e", head).text == written


def test_japanese_of_a_real_file_is_read_without_loss() -> None:
    path = FILES / "tika" / "testRTFJapanese.rtf"
    if not path.exists():
        pytest.skip("the real files are not here")
    found = settled(read(path.read_bytes()))
    assert found.text.startswith("ゾルゲと尾崎、淡々と最期")
    assert (found.title, found.author, found.date, found.gaps) == (
        "ゾルゲと尾崎、淡々と最期", "VMazel", "2004-10-28", (),
    )  # fmt: skip
    assert "\ufffd" not in found.text


def test_a_file_that_breaks_off_is_read_up_to_there_and_what_is_none_is_rejected() -> None:
    found = settled(read(rb"{\rtf1 Envoys met.{\footnote In Riyadh"))
    assert (found.text, found.gaps) == ("Envoys met.\n\nIn Riyadh", ("it ends before it is complete",))
    assert rtf(r"one}two").text == "one"
    with pytest.raises(Rejected, match="it is no Rich Text"):
        read(b"Envoys met.")


@pytest.mark.parametrize(
    "piece", [b"{\\b x}", b'{\\field{\\*\\fldinst HYPERLINK "x"}', b"\\'e9", b"\\u233?", b"\\cell\\row", b"{\\pict 00}"]
)
def test_the_time_grows_no_faster_than_the_file(piece: bytes) -> None:
    def seconds(count: int) -> float:
        data = b"{\\rtf1 " + piece * count + b"}"
        start = time.process_time()
        read(data)
        return time.process_time() - start

    seconds(100)
    once = min(seconds(2_000) for _ in range(3))
    assert min(seconds(8_000) for _ in range(3)) < 10 * once + 0.05


def test_groups_nested_beyond_any_use_are_refused_at_once() -> None:
    with pytest.raises(Rejected, match="nested too deep"):
        read(b"{\\rtf1 " + b"{" * 1_000_000)
