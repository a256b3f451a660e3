"""OpenDocument texts, presentations and spreadsheets: each structure is read in its place, or said to be unread."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path

import pytest
from packages import headings, places

from rag.documents import sheets
from rag.documents.extract import Extract, Rejected, settled
from rag.documents.opendocument import read
from rag.errors import EncryptedDocument, UnreadableDocument

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"
NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style",
        "svg": "svg-compatible", "presentation": "presentation", "meta": "meta",
        "manifest": "manifest", "chart": "chart",
    }.items()
)  # fmt: skip
NAMES += ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'


def odf(kind: str, body: str, *, styles: str = "", parts: dict[str, str | bytes] | None = None) -> bytes:
    """A file whose body is of a kind; `styles` are automatic ones."""
    content = f"<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
    whole = f"{content}<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", whole)
        for name, part in (parts or {}).items():
            archive.writestr(name, part)
    return stream.getvalue()


def p(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def frame(inside: str, more: str = "") -> str:
    return f"<draw:frame {more}>{inside}</draw:frame>"


def table(*rows: list[str], name: str = "T") -> str:
    cells = ("".join(f"<table:table-cell>{cell}</table:table-cell>" for cell in row) for row in rows)
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    return f'<table:table table:name="{name}">{lines}</table:table>'


def note(kind: str, text: str) -> str:
    citation = "<text:note-citation>17</text:note-citation>"
    return f'<text:note text:note-class="{kind}">{citation}<text:note-body>{p(text)}</text:note-body></text:note>'


COMMENT = f"<office:annotation><dc:creator>Ada</dc:creator><dc:date>2025</dc:date>{p('Commented')}</office:annotation>"
OBJECT = '<draw:object xlink:href="./Object 1"/>'
CHART = (
    f"<office:document-content {NAMES}><office:body><office:chart><chart:chart>"
    f"<chart:title>{p('Charttitle')}</chart:title>{table([p(''), p('Series')], [p('Oslo'), p('7')])}"
    "</chart:chart></office:chart></office:body></office:document-content>"
)
BODY = "".join(
    [
        f"<text:tracked-changes><text:deletion>{p('Deleted')}</text:deletion></text:tracked-changes>",
        '<text:h text:outline-level="2"><text:number>1.</text:number>Titled</text:h>',
        p(f"Bo<text:span>dy</text:span>{note('footnote', 'Footnoted')} goes<text:s text:c='2'/>on{COMMENT}."),
        p(f"Again{note('endnote', 'Endnoted')}<text:line-break/>below<text:tab/>it."),
        f"<text:list><text:list-item>{p('Listed')}<text:list><text:list-item>{p('Sublisted')}</text:list-item></text:list>"
        "</text:list-item></text:list>",
        table([p("Upper"), p("Ri") + p("ght")], [p("Lower"), table([p("Nested")]) + p("Beside")]),
        f"<text:section>{p('Sectioned')}</text:section>",
        p("Holder" + frame(f"<draw:text-box>{p('Boxed')}</draw:text-box><svg:desc>Described</svg:desc>")),
        p(frame(f'{OBJECT}<draw:image xlink:href="r.png"/>')),
        p(frame('<draw:image xlink:href="a.png"/>')),
        p(frame('<draw:object-ole xlink:href="./Object 2"/>')),
        p(frame('<draw:object xlink:href="./Object 3"/>')),
        f"<draw:custom-shape>{p('Shaped')}</draw:custom-shape>",
        f"<text:table-of-content><text:table-of-content-source><text:index-title-template>Template"
        f"</text:index-title-template></text:table-of-content-source><text:index-body>{p('Indexed')}</text:index-body>"
        "</text:table-of-content>",
        p("word " * 30_000 + "Tail"),
    ]
)  # fmt: skip
STYLES = (
    f"<office:document-styles {NAMES}><office:master-styles><style:master-page>"
    f"<style:header>{p('Header')}</style:header><style:header-left>{p('Header')}</style:header-left>"
    f"<style:footer>{p('Footer')}</style:footer></style:master-page></office:master-styles></office:document-styles>"
)
META = (
    f"<office:document-meta {NAMES}><office:meta><dc:title>Of words</dc:title><meta:initial-creator>Ada"
    "</meta:initial-creator><dc:creator>Bo</dc:creator><meta:creation-date>2025-03-12T08:00:00</meta:creation-date>"
    "<dc:date>2025-04-01T08:00:00</dc:date></office:meta></office:document-meta>"
)


@cache
def text() -> Extract:
    parts: dict[str, str | bytes] = {
        "styles.xml": STYLES, "meta.xml": META, "Object 1/content.xml": CHART, "Object 2": b"%PDF- Embedded",
    }  # fmt: skip
    return settled(read(odf("text", BODY, parts=parts)))


@pytest.mark.parametrize(
    ("sentinel", "where"),
    [
        *((name, [""]) for name in (
            "Titled", "Body goes  on.", "Again\nbelow\tit.", "Listed", "Sublisted", "Upper", "Lower", "Nested",
            "Beside",
            "Sectioned", "Boxed", "Charttitle", "Series", "Oslo", "Shaped", "Indexed", "Tail",
        )),
        *((name, []) for name in ("Deleted", "17", "Described", "Template", "1.Titled")),
        ("Footnoted", ["footnotes"]), ("Endnoted", ["endnotes"]), ("Ada: Commented", ["comments"]),
        ("Header", ["header"]), ("Footer", ["footer"]), ("Embedded", ["member Object 2.pdf"]),
        ("pictures not read: 1", ["gap"]), ("embedded object not read: Object 3", ["gap"]),
    ],
)  # fmt: skip
def test_each_structure_of_a_text_is_read_in_its_place(sentinel: str, where: list[str]) -> None:
    assert places(text(), sentinel) == where


def test_the_tables_of_a_text_are_rows_and_its_properties_are_known() -> None:
    assert "Upper | Ri ght\nLower | Nested Beside\n\nSectioned" in text().text
    assert "Charttitle\n\n| Series\nOslo | 7" in text().text
    assert headings(text()) == ["Titled"]
    assert (text().title, text().author, text().date, text().updated) == ("Of words", "Ada", "2025-03-12", "2025-04-01")


def page(shapes: str, more: str = "") -> str:
    return f"<draw:page {more}>{shapes}</draw:page>"


def placed(text: str, x: float, y: float, kind: str = "") -> str:
    named = f'presentation:class="{kind}"' if kind else ""
    return frame(f"<draw:text-box>{p(text)}</draw:text-box>", f'svg:x="{x}cm" svg:y="{y}cm" {named}')


@cache
def show() -> Extract:
    hidden = (
        '<style:style style:name="h"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    )
    notes = f"<presentation:notes><draw:page-thumbnail/>{placed('Noted', 1, 1, 'notes')}</presentation:notes>"
    first = placed("Below", 1, 9) + placed("Right", 9, 5.1) + placed("Left", 1, 5) + placed("Titled", 2, 6, "title")
    grouped = f"<draw:g>{placed('Grouped', 1, 1)}</draw:g>" + frame(
        table([p("Upper"), p("Right")], [p("Lower"), p("x")])
    )
    body = (
        "<presentation:footer-decl>Footer</presentation:footer-decl>"
        + page(first + notes + COMMENT)
        + page(grouped, 'draw:style-name="h"')
    )
    shown = placed("Layout", 1, 1) + placed("Prompt", 1, 1, "outline")
    styles = f"<office:document-styles {NAMES}><style:master-page>{shown}</style:master-page></office:document-styles>"
    return settled(read(odf("presentation", body, styles=hidden, parts={"styles.xml": styles})))


@pytest.mark.parametrize(
    ("sentinel", "where"),
    [
        ("Titled\n\nLeft\n\nRight\n\nBelow", ["slide 1"]), ("Noted", ["slide 1, notes"]),
        ("Ada: Commented", ["slide 1, comments"]), ("Grouped", ["slide 2 (hidden)"]),
        ("Upper | Right\nLower | x", ["slide 2 (hidden)"]), ("Footer", ["header and footer"]),
        ("Layout", ["slide layouts"]), ("Prompt", []),
    ],
)  # fmt: skip
def test_each_structure_of_a_presentation_is_read_in_its_place(sentinel: str, where: list[str]) -> None:
    assert places(show(), sentinel) == where
    assert headings(show()) == ["Titled"]


def value(kind: str, given: str, shown: str) -> str:
    name = {"date": "date-value", "time": "time-value"}.get(kind, "value")
    return f'<table:table-cell office:value-type="{kind}" office:{name}="{given}">{p(shown)}</table:table-cell>'


def row(*cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def empty(count: int) -> str:
    return f'<table:table-cell table:number-columns-repeated="{count}"/>'


def c(inside: str) -> str:
    return f"<table:table-cell>{inside}</table:table-cell>"


@cache
def book() -> Extract:
    names = row(*(c(p(name)) for name in ("Country", "Share", "Since", "Cost")))
    values = row(
        c(p("Norway") + COMMENT), value("percentage", "0.254", "25 %"),
        value("date", "2025-03-12T00:00:00", "12.03.25"), value("currency", "1200", "1.200,00 €"),
    )  # fmt: skip
    more = row(
        value("float", "0.30000000000000004", "0,3"), value("float", "12.5", "12,5 kg"),
        value("time", "PT8H", "08:00"), value("boolean", "", "WAHR"),
    )  # fmt: skip
    far = row(empty(1024), repeated=1_048_000) + row(empty(1023), c(p("Far")))
    chart = f"<table:shapes>{frame(OBJECT)}</table:shapes>"
    boxed = row(c(frame(f"<draw:text-box>{p('Boxed')}</draw:text-box>")))
    costs = f"{chart}<table:table-header-rows>{names}</table:table-header-rows>{values}{more}{far}{boxed}"
    hidden = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    body = (
        f'<table:table table:name="Costs">{costs}</table:table>'
        f'<table:table table:name="Aside" table:style-name="h">{row(c(p("Hidden")))}</table:table>'
    )
    parts: dict[str, str | bytes] = {"styles.xml": STYLES, "Object 1/content.xml": CHART}
    return settled(sheets.read(odf("spreadsheet", body, styles=hidden, parts=parts)))


@pytest.mark.parametrize(
    ("sentinel", "where"),
    [
        ("Costs\nCountry | Share | Since | Cost\nNorway | 25.4% | 2025-03-12 | 1.200,00 €", ["sheet Costs"]),
        ("0.3 | 12,5 kg | 08:00 | WAHR\n\nFar", ["sheet Costs"]), ("Boxed", ["sheet Costs"]),
        ("Charttitle", ["sheet Costs"]), ("Series", []), ("A2, Ada: Commented", ["sheet Costs, comments"]),
        ("Hidden", ["sheet Aside (hidden)"]), ("Header", ["header"]), ("Footer", ["footer"]),
    ],
)  # fmt: skip
def test_each_structure_of_a_spreadsheet_is_read_in_its_place(sentinel: str, where: list[str]) -> None:
    assert places(book(), sentinel) == where
    assert headings(book()) == ["Costs\nCountry | Share | Since | Cost", "Aside"]


def test_a_cell_that_stands_for_millions_does_not_fill_the_text() -> None:
    many = f'<table:table-cell table:number-columns-repeated="16384">{p("x")}</table:table-cell>'
    found = read(odf("spreadsheet", f'<table:table table:name="S">{row(many, repeated=1_048_576)}</table:table>'))
    assert found.gaps == ("sheet S: rows not read: 1,048,454 like row 1",)
    assert len(found.text) < 10_000_000


def test_an_embedded_document_that_holds_itself_ends() -> None:
    inner = f"<office:body><office:text>{p('Inner' + frame(OBJECT))}</office:text></office:body>"
    parts: dict[str, str | bytes] = {"Object 1/content.xml": f"<office:document {NAMES}>{inner}</office:document>"}
    found = read(odf("text", p(frame(OBJECT)), parts=parts))
    assert (found.text, found.gaps) == ("Inner", ("embedded object not read: Object 1",))


def test_an_encrypted_file_and_a_damaged_one_are_told_apart() -> None:
    entry = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    manifest = f"<manifest:manifest {NAMES}>{entry}</manifest:manifest>"
    with pytest.raises(Rejected) as caught:
        read(odf("text", p("Secret"), parts={"META-INF/manifest.xml": manifest}))
    assert caught.value.kind is EncryptedDocument
    with pytest.raises(Rejected, match=r"content\.xml not read: its XML is damaged") as caught:
        read(odf("text", "<text:p>"))
    assert caught.value.kind is UnreadableDocument


def test_a_damaged_part_beside_the_text_is_a_gap() -> None:
    found = read(odf("text", p("Envoys met."), parts={"styles.xml": "<a>", "meta.xml": META}))
    assert (found.text, found.title) == ("Envoys met.", "Of words")
    assert found.gaps[0].startswith("styles.xml not read: its XML is damaged")
