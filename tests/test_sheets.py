"""Workbooks: each sheet a part, each row a line under the names of its columns, and what stands beside the cells."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
from typing import Any

import pytest
from packages import changed, headings, package, places

from rag.documents import sheets
from rag.documents.extract import Extract, settled
from rag.documents.numbers import number, shown

S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(build: Callable[[Any], None]) -> bytes:
    from xlsxwriter import Workbook

    stream = io.BytesIO()
    book = Workbook(stream, {"in_memory": True})
    build(book)
    book.close()
    return stream.getvalue()


def text(build: Callable[[Any, Any], None]) -> str:
    """What is read of one sheet named S."""

    def whole(book: Any) -> None:
        build(book, book.add_worksheet("S"))

    return settled(sheets.read(xlsx(whole))).text


def costs(book: Any) -> None:
    percent, day = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": "dd/mm/yyyy"})
    first, hidden, drawn = book.add_worksheet("Costs"), book.add_worksheet("Aside"), book.add_worksheet("Drawn")
    first.write_row(0, 1, ["Country", "Share", "Since"])
    first.write_row(1, 1, ["Norway"])
    first.write_number(1, 2, 0.254, percent)
    first.write_datetime(1, 3, datetime(2025, 3, 12), day)
    first.merge_range(2, 1, 2, 3, "Merged")
    first.write_formula(3, 1, "=1+1", None, 2)
    first.write_rich_string(4, 1, "Ri", book.add_format({"bold": True}), "ch")
    first.write_comment(1, 1, "Commented", {"author": "Ada"})
    first.set_header('&L&"Arial,Bold"&12Headed&CPage &P of &N&RR&&D')
    first.set_footer("Footed")
    first.set_row(4, None, None, {"hidden": True})
    hidden.hide()
    hidden.write(0, 0, "Hidden")
    drawn.insert_textbox(0, 0, "Boxed")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Costs!$C$2:$C$2"})
    chart.set_title({"name": "Charttitle"})
    drawn.insert_chart(5, 0, chart)
    drawn.insert_image(20, 0, "a.png", {"image_data": io.BytesIO(PNG)})
    book.set_properties({"title": "Costs of 2025", "author": "Ada", "created": datetime(2025, 3, 12)})


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf000000020001e221bc330000000049454e44ae426082"
)


@cache
def workbook() -> Extract:
    return settled(sheets.read(xlsx(costs)))


@pytest.mark.parametrize(
    ("sentinel", "where"),
    [
        ("Country | Share | Since\nNorway | 25.4% | 2025-03-12\nMerged\n2\nRich", ["sheet Costs"]),
        ("B2, Ada: Commented", ["sheet Costs, comments"]),
        ("Headed\nPage of\nR&D", ["sheet Costs, header and footer"]), ("Footed", ["sheet Costs, header and footer"]),
        ("Hidden", ["sheet Aside (hidden)"]), ("Boxed", ["sheet Drawn"]), ("Charttitle", ["sheet Drawn"]),
        ("pictures not read: 1", ["gap"]),
    ],
)  # fmt: skip
def test_each_structure_of_a_workbook_is_read_in_its_place(sentinel: str, where: list[str]) -> None:
    assert places(workbook(), sentinel) == where


def test_the_names_of_columns_are_the_heading_of_their_sheet() -> None:
    assert headings(workbook()) == ["Costs\nCountry | Share | Since", "Aside"]
    assert (workbook().author, workbook().date, workbook().gaps) == ("Ada", "2025-03-12", ("pictures not read: 1",))


def test_a_passage_of_a_long_table_carries_the_names_of_its_columns() -> None:
    from conftest import StandInEncoder

    from rag.passages import PassageParser
    from rag.types import Document

    def build(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["Country", "Guests"])
        for row in range(1, 200):
            sheet.write_row(row, 0, [f"Land {row}", row])

    found = settled(sheets.read(xlsx(lambda book: build(book, book.add_worksheet("Visits")))))
    document = Document(
        text=found.text, path="v.xlsx", title="v", sha256="", parts=found.parts, headings=found.headings
    )
    passages = PassageParser(StandInEncoder()).parse(document)
    assert len(passages) > 3
    assert {node.metadata["section"] for node in passages[1:]} == {"Visits Country | Guests"}
    assert "".join(node.text for node in passages).replace("\n", "") == found.text.replace("\n", "")


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["Country", "Guests"], ["Norway", 3]], 1),
        ([["", 2023, 2024], ["Norway", 3, 4]], 0),
        ([["Country", 2023, 2024], ["Norway", 3, 4]], 1),
        ([["Guests of the year"], ["Country", "Guests", "Days"], ["Norway", 3, 4], ["Chad", 5, 6]], 2),
        ([["", "Guests", ""], ["Country", "Men", "Women"], ["Norway", 3, 4], ["Chad", 5, 6]], 2),
        ([[1, 2], [3, 4]], 0),
        ([["Norway", 3], ["Chad", 4]], 0),
        ([["One"], ["column"], ["of"], ["words"]], 0),
        ([["Country", "A sentence that goes on for longer than any name of a column ever would do."], ["a", 1]], 0),
        ([["Country", "Guests"]], 0),
    ],
)
def test_rows_that_name_columns_are_told_from_others(rows: list[list[Any]], names: int) -> None:
    def build(book: Any) -> None:
        sheet = book.add_worksheet("S")
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)

    heading, *_ = headings(sheets.read(xlsx(build)))
    assert heading.count("\n") == names


def test_tables_that_empty_rows_part_have_headings_of_their_own_and_empty_columns_are_left_out() -> None:
    def build(book: Any, sheet: Any) -> None:
        sheet.write_row(2, 3, ["Name", "Age"])
        sheet.write_row(3, 3, ["Ada", 36])
        sheet.write_row(9, 7, ["Town", "", "Size"])
        sheet.write_row(10, 7, ["Oslo", "", 7])
        sheet.write_row(11, 7, ["", "", 8])

    assert text(build) == "S\nName | Age\nAda | 36\n\nTown | Size\nOslo | 7\n| 8"


def test_cells_at_the_far_end_of_a_sheet_take_no_more_memory_than_others() -> None:
    def build(book: Any, sheet: Any) -> None:
        sheet.write(0, 0, "Near")
        sheet.write(0, 16_383, "Wide")
        sheet.write(1_048_575, 16_383, "Far")

    data = xlsx(lambda book: build(book, book.add_worksheet("S")))
    tracemalloc.start()
    found = settled(sheets.read(data))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.text == "S\nNear | Wide\n\nFar"
    assert most < 20_000_000


def test_a_diagonal_of_cells_does_not_fill_the_text_with_empty_ones() -> None:
    def build(book: Any, sheet: Any) -> None:
        for place in range(1000):
            sheet.write(place, place, "x")
            sheet.write(place, 999, "y")

    lines = text(build).splitlines()
    assert lines[1] == "x |  |  |  |  |  |  |  |  | y"
    assert max(map(len, lines)) < 60


@pytest.mark.parametrize(
    ("value", "code", "written"),
    [
        (3.0, "General", "3"), (0.1 + 0.2, "", "0.3"), (-0.0, "", "0"), (1e21, "", "1e+21"), (1e-7, "", "0.0000001"),
        (123456789.125, "#,##0.00", "123456789.125"), (0.254, "0%", "25.4%"), (1200, "[$€-407] #,##0", "€ 1200"),
        (1200, '"$"#,##0.00;("$"#,##0.00)', "$1200"), (-5, '_-* #,##0 "kg"_-', "-5 kg"), (2.5, "# ?/?", "2.5"),
        (1234567, '0.0,,"M"', "1.234567M"), (45000, "m/d/yy", "2023-03-15"), (0.5, "h:mm AM/PM", "12:00"),
        (45000, "mmmm yyyy", "2023-03-15"), (45000, '[$-411]ggge"年"m"月"d"日"', "2023-03-15"),
        (45000.5, "d.m.yy h:mm", "2023-03-15 12:00"),
        (0.50001, "hh:mm:ss", "12:00:01"), (1.25, "[h]:mm", "30:00"), (1, "yyyy-mm-dd", "1900-01-01"),
        (61, "yyyy-mm-dd", "1900-03-01"), (-1, "yyyy-mm-dd", "-1"), (3e9, "yyyy", "3000000000"), (5, "@", "5"),
        (5, '"yes"', "5"), (7, "0.00E+00", "7"), (float("inf"), "0", "inf"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_a_person_would(value: float, code: str, written: str) -> None:
    assert shown(value, code) == written


def test_days_of_a_workbook_that_counts_from_1904_are_its_own() -> None:
    def build(book: Any, sheet: Any) -> None:
        sheet.write_datetime(0, 0, date(2025, 3, 12), book.add_format({"num_format": 14}))
        sheet.write_datetime(1, 0, time(8, 30), book.add_format({"num_format": 20}))

    def of_1904(book: Any) -> None:
        book.date_1904 = True
        build(book, book.add_worksheet("S"))

    assert text(build) == "S\n2025-03-12\n08:30"
    assert settled(sheets.read(xlsx(of_1904))).text == "S\n2025-03-12\n08:30"


def test_cells_of_every_type_are_read() -> None:
    cells = "".join(
        f'<c{kind}>{content}</c>'
        for kind, content in [
            (' t="str"', "<v>text_x000D__x000A_of</v>"), (' t="b"', "<v>1</v>"), (' t="e"', "<v>#N/A</v>"),
            (' t="d"', "<v>2025-03-12T00:00:00</v>"), (' t="inlineStr"', "<is><t>in</t><rPh><t>no</t></rPh></is>"),
            (' t="s"', "<v>0</v>"), (' t="s" r="G1"', "<v>99</v>"), ("", "<v>007</v>"), ("", "<v>n.a.</v>"),
            (' s="9"', "<v>1.50</v>"),
        ]
    )  # fmt: skip
    book = (
        f'<workbook xmlns="{S}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    )
    data = package(
        {
            "xl/workbook.xml": book + '<sheet name="S" r:id="r1"/><sheet name="Lost" r:id="r2"/></sheets></workbook>',
            "xl/sheet1.xml": f'<worksheet xmlns="{S}"><sheetData><row>{cells}</row></sheetData></worksheet>',
            "xl/strings.xml": f'<sst xmlns="{S}"><si><r><t>sha</t></r><r><t>red</t></r></si></sst>',
        },
        {
            "": [("officeDocument", "xl/workbook.xml")],
            "xl/workbook.xml": [
                ("worksheet", "sheet1.xml"),
                ("worksheet", "sheet2.xml"),
                ("sharedStrings", "strings.xml"),
            ],
        },
    )
    found = sheets.read(data)
    assert found.text == "S\ntext of | TRUE | #N/A | 2025-03-12 | in | shared | 7 | n.a. | 1.5"
    assert found.gaps == (
        "sheet S: cells whose value was not saved: 1, such as G1",
        "missing or damaged: xl/sheet2.xml",
    )


def test_a_formula_whose_value_was_never_saved_is_a_gap() -> None:
    data = xlsx(lambda book: book.add_worksheet("S").write_formula(4, 2, "=A1", None, 77))
    data = changed(data, "xl/worksheets/sheet1.xml", "<v>77</v>", "")
    assert sheets.read(data).gaps == ("sheet S: cells whose value was not saved: 1, such as C5",)


def test_a_sheet_whose_xml_breaks_off_is_read_up_to_there_and_entities_are_not_read_at_all() -> None:
    def build(book: Any) -> None:
        book.add_worksheet("S").write_column(0, 0, ["Read", "Lost"])

    broken = sheets.read(changed(xlsx(build), "xl/worksheets/sheet1.xml", '<row r="2"', "<"))
    assert (broken.text, broken.gaps[0][:46]) == ("S\nRead", "xl/worksheets/sheet1.xml not read to its end: ")
    hidden = '<!DOCTYPE w [<!ENTITY e "x">]><worksheet'
    found = sheets.read(changed(xlsx(build), "xl/worksheets/sheet1.xml", "<worksheet", hidden))
    assert found.gaps == ("xl/worksheets/sheet1.xml not read: its XML declares types, behind which text can hide",)
    assert found.text == ""


def test_answers_to_a_comment_take_the_place_of_the_copy_for_old_programs() -> None:
    threaded = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
    names = f'xmlns="{S}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    old = (
        f"<comments {names}><authors><author>Bo</author></authors><commentList>"
        '<comment ref="A1" authorId="0"><text><t>[Threaded comment] Said</t></text></comment>'
        '<comment ref="B2" authorId="0"><text><r><t>Bo:</t></r><r><t> Old</t></r></text></comment>'
        "</commentList></comments>"
    )
    new = (
        f'<t xmlns="{threaded}"><threadedComment ref="A1" personId="p"><text>Said</text></threadedComment>'
        '<threadedComment ref="A1" personId="q"><text>Answered</text></threadedComment></t>'
    )
    data = package(
        {
            "xl/workbook.xml": f'<workbook {names}><sheets><sheet name="S" r:id="r1"/></sheets></workbook>',
            "xl/sheet1.xml": f"<worksheet {names}/>",
            "xl/old.xml": old,
            "xl/new.xml": new,
            "xl/persons.xml": f'<personList xmlns="{threaded}"><person id="p" displayName="Ada"/></personList>',
        },
        {
            "": [("officeDocument", "xl/workbook.xml")],
            "xl/workbook.xml": [("worksheet", "sheet1.xml"), ("person", "persons.xml")],
            "xl/sheet1.xml": [("comments", "old.xml"), ("threadedComment", "new.xml")],
        },
    )
    found = settled(sheets.read(data))
    assert found.text == "A1, Ada: Said\n\nA1: Answered\n\nB2, Bo: Old"
    assert found.parts == ((0, "sheet S, comments"),)


def test_every_number_of_a_workbook_survives_being_written() -> None:
    for value in (1.5, -2.25, 1e15, 123456789012345.0, 0.000123, 2.5e-300, 1.7e308):
        assert float(number(value)) == pytest.approx(value, rel=1e-14)
