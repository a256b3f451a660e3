"""Word documents and presentations: each structure is read, under the name of its place, or said to be unread."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packages import RELATIONSHIPS, changed, headings, package, places

from rag.documents.extract import Extract, Rejected, settled
from rag.documents.office import read_docx
from rag.documents.slides import read as read_pptx
from rag.errors import EncryptedDocument, UnreadableDocument

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
DGM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
WPS = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
NAMES = f'xmlns:w="{W}" xmlns:r="{RELATIONSHIPS}" xmlns:a="{A}" xmlns:c="{C}" xmlns:dgm="{DGM}" xmlns:mc="{MC}"'


def p(text: str, style: str = "", inside: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:t>{text}</w:t></w:r>{inside}</w:p>"


def table(*rows: list[str]) -> str:
    cells = ("".join(f"<w:tc>{cell}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def either(new: str, old: str) -> str:
    ways = f'<mc:Choice Requires="wps">{new}</mc:Choice><mc:Fallback>{old}</mc:Fallback>'
    return f"<w:r><mc:AlternateContent>{ways}</mc:AlternateContent></w:r>"


def drawn(what: str) -> str:
    return f"<w:r><w:drawing><a:graphic><a:graphicData>{what}</a:graphicData></a:graphic></w:drawing></w:r>"


def a(text: str) -> str:
    return f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"


def cache_of(kind: str, values: list[str], code: str = "") -> str:
    points = "".join(f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values))
    form = f"<c:formatCode>{code}</c:formatCode>" if code else ""
    return f"<c:{kind}Ref><c:{kind}Cache>{form}{points}</c:{kind}Cache></c:{kind}Ref>"


CHART = (
    f"<c:chartSpace {NAMES}><c:chart><c:title><c:tx><c:rich>{a('Charttitle')}</c:rich></c:tx></c:title><c:plotArea>"
    f"<c:barChart><c:ser><c:tx>{cache_of('str', ['Series'])}</c:tx><c:cat>{cache_of('str', ['Oslo', '007'])}</c:cat>"
    f"<c:val>{cache_of('num', ['0.1', '0.30000000000000004'], '0%')}</c:val></c:ser></c:barChart>"
    f"<c:valAx><c:title><c:tx><c:rich>{a('Axistitle')}</c:rich></c:tx></c:title></c:valAx></c:plotArea></c:chart>"
    "</c:chartSpace>"
)
DIAGRAM = (
    f'<dgm:dataModel {NAMES}><dgm:ptLst><dgm:pt><dgm:t>{a("Smartart")}</dgm:t></dgm:pt><dgm:pt><dgm:prSet phldr="1"/>'
    f"<dgm:t>{a('[Text]')}</dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>"
)
BOX = "<w:txbxContent>{}</w:txbxContent>"
BODY = "".join(
    [
        p("Titled", "T"),
        p("Body"),
        "<w:p><w:r><w:t>Kept </w:t></w:r><w:ins><w:r><w:t>Inserted</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>Deleted</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>Moved</w:t></w:r></w:moveFrom>"
        "<w:hyperlink><w:r><w:t>Linked</w:t></w:r></w:hyperlink><w:r><w:instrText>Instructed</w:instrText></w:r></w:p>",
        f"<w:sdt><w:sdtContent>{p('Controlled')}</w:sdtContent></w:sdt>",
        table([p("Upper"), p("Right")], [p("Lower"), table([p("Nested")]) + p("Beside")]),
        p("Holder", inside=either(BOX.format(p("Boxed")), BOX.format(p("Boxed")))),
        p("Old", inside=either("<w:ink/>", BOX.format(p("Fallen")))),
        p("Charted", inside=drawn('<c:chart r:id="r6"/>')),
        p("Smart", inside=drawn('<dgm:relIds r:dm="r7"/>')),
        '<w:altChunk r:id="r8"/><w:altChunk r:id="r9"/>',
        p("word " * 30_000 + "Tail"),
    ]
)  # fmt: skip


@cache
def word() -> Extract:
    note = '<w:{0}s {1}><w:{0} w:id="1">{2}</w:{0}></w:{0}s>'
    parts: dict[str, str | bytes] = {
        "word/document.xml": f"<w:document {NAMES}><w:body>{BODY}</w:body></w:document>",
        "word/styles.xml": f'<w:styles {NAMES}><w:style w:styleId="T"><w:name w:val="heading 2"/></w:style></w:styles>',
        "word/footnotes.xml": note.format("footnote", NAMES, p("Footnoted")),
        "word/endnotes.xml": note.format("endnote", NAMES, p("Endnoted")),
        "word/comments.xml": f'<w:comments {NAMES}><w:comment w:author="Ada">{p("Commented")}</w:comment></w:comments>',
        "word/header1.xml": f"<w:hdr {NAMES}>{p('Header')}</w:hdr>",
        "word/header2.xml": f"<w:hdr {NAMES}>{p('Header')}</w:hdr>",
        "word/footer1.xml": f"<w:ftr {NAMES}>{p('Footer')}</w:ftr>",
        "word/charts/chart1.xml": CHART,
        "word/diagrams/data1.xml": DIAGRAM,
        "word/page.html": "<html><body><p>Hypertext</p></body></html>",
        "word/chunk.rtf": rb"{\rtf1 Chunk}",
        "word/embeddings/book.xlsx": b"PK\3\4 Embedded",
        "word/media/a.png": b"",
        "docProps/core.xml": '<cp:p xmlns:cp="c" xmlns:dc="d" xmlns:t="t"><dc:title>Of words</dc:title><dc:creator>Ada'
        "</dc:creator><t:created>2025-03-12T08:00:00Z</t:created><t:modified>2025-04-01T08:00:00Z</t:modified></cp:p>",
    }
    links = [("styles", "styles.xml"), ("footnotes", "footnotes.xml"), ("endnotes", "endnotes.xml"),
             ("comments", "comments.xml"), ("header", "header1.xml"), ("chart", "charts/chart1.xml"),
             ("diagramData", "diagrams/data1.xml"), ("aFChunk", "page.html"), ("aFChunk", "chunk.rtf"),
             ("footer", "footer1.xml"), ("header", "header2.xml"), ("package", "embeddings/book.xlsx"),
             ("image", "media/a.png"), ("header", "lost.xml")]  # fmt: skip
    tops = [("officeDocument", "word/document.xml"), ("core-properties", "docProps/core.xml")]
    return settled(read_docx(package(parts, {"": tops, "word/document.xml": links})))


@pytest.mark.parametrize(
    ("sentinel", "where"),
    [
        *((name, [""]) for name in (
            "Titled", "Body", "Inserted", "Linked", "Controlled", "Upper", "Lower", "Nested", "Beside", "Boxed",
            "Fallen", "Charttitle", "Series", "Oslo", "Axistitle", "Smartart", "Hypertext", "Tail",
        )),
        *((name, []) for name in ("Deleted", "Moved", "Instructed", "[Text]")),
        ("Footnoted", ["footnotes"]), ("Endnoted", ["endnotes"]), ("Ada: Commented", ["comments"]),
        ("Header", ["header"]), ("Footer", ["footer"]),
        ("Embedded", ["member book.xlsx"]), ("Chunk", ["member chunk.rtf"]),
        ("pictures not read: 1", ["gap"]), ("missing or damaged: word/lost.xml", ["gap"]),
    ],
)  # fmt: skip
def test_each_structure_of_a_word_document_is_read_in_its_place(sentinel: str, where: list[str]) -> None:
    assert places(word(), sentinel) == where


def test_the_tables_and_charts_of_a_word_document_are_rows() -> None:
    assert "Upper | Right\nLower | Nested Beside\n\nHolder\n\nBoxed\n\nOld\n\nFallen" in word().text
    assert "Charttitle\n\nAxistitle\n\n| Series\nOslo | 10%\n007 | 30%\n\nSmart\n\nSmartart" in word().text
    assert (word().title, word().author, word().date, word().updated) == ("Of words", "Ada", "2025-03-12", "2025-04-01")
    assert headings(word()) == ["Titled"]


def docx(build: Callable[[Any], None]) -> bytes:
    import docx as library

    document = library.Document()
    build(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_a_document_that_a_library_wrote_reads_as_it_was_written() -> None:
    def build(document: Any) -> None:
        document.add_heading("Talks open", 1)
        met = document.add_paragraph("Envoys met.")
        document.add_comment(met.runs, "In Riyadh?", author="Anna")
        table = document.add_table(2, 2)
        for cell, text in zip(table._cells, ("Country", "Envoy", "Norway", "Kari\nNordmann"), strict=True):
            cell.text = text
        document.sections[0].header.paragraphs[0].text = "Confidential"
        document.core_properties.created = datetime(2025, 3, 12)

    found = settled(read_docx(docx(build)))
    table = "Country | Envoy\nNorway | Kari Nordmann"
    assert found.text == f"Talks open\n\nEnvoys met.\n\n{table}\n\nAnna: In Riyadh?\n\nConfidential"
    assert [name for _, name in found.parts] == ["comments", "header"]
    assert (headings(found), found.date, found.gaps) == (["Talks open"], "2025-03-12", ())


def test_a_document_in_the_strict_form_of_the_standard_is_read() -> None:
    data = docx(lambda document: document.add_heading("Talks open", 1))
    strict = changed(data, "word/document.xml", W, "http://purl.oclc.org/ooxml/wordprocessingml/main")
    assert headings(read_docx(strict)) == ["Talks open"]


def test_a_damaged_part_is_a_gap_and_a_damaged_body_rejects_the_document() -> None:
    data = docx(lambda document: document.add_paragraph("Envoys met."))
    found = read_docx(changed(data, "word/styles.xml", "<w:styles", "<w:style"))
    assert found.text == "Envoys met."
    assert found.gaps[0].startswith("word/styles.xml not read: its XML is damaged")
    with pytest.raises(Rejected, match=r"word/document\.xml not read: its XML is damaged") as caught:
        read_docx(changed(data, "word/document.xml", "<w:body>", "<w:boy>"))
    assert caught.value.kind is UnreadableDocument


def test_entities_reject_a_document_for_text_can_hide_behind_them() -> None:
    data = docx(lambda document: document.add_paragraph("Envoys met."))
    hidden = changed(data, "word/document.xml", "<w:document", '<!DOCTYPE w [<!ENTITY e "secretly">]><w:document')
    with pytest.raises(Rejected, match="declares entities"):
        read_docx(hidden)


def test_a_document_that_names_itself_as_its_notes_ends() -> None:
    own = f"<w:document {NAMES}><w:body>{p('Envoys met.')}</w:body></w:document>"
    links = {"": [("officeDocument", "word/document.xml")], "word/document.xml": [("footnotes", "document.xml")]}
    assert read_docx(package({"word/document.xml": own}, links)).text == "Envoys met.\n\nEnvoys met."


# Presentations


def pptx(build: Callable[[Any], None]) -> bytes:
    from pptx import Presentation

    show = Presentation()
    build(show)
    stream = io.BytesIO()
    show.save(stream)
    return stream.getvalue()


def box(shapes: Any, text: str, left: float, top: float) -> Any:
    from pptx.util import Inches

    shape = shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(0.5))
    shape.text_frame.text = text
    return shape


def talks(show: Any) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    def embedded(document: Any) -> None:
        document.add_paragraph("Embedded")

    first, second, third = (show.slides.add_slide(show.slide_layouts[number]) for number in (0, 1, 6))
    first.shapes.title.text, first.placeholders[1].text = "Titled", "Subtitled"
    second.shapes.title.text, second.placeholders[1].text = "Second", "Bulleted\nSubbulleted"
    second.notes_slide.notes_text_frame.text = "Noted"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
    for cell, text in zip(table.iter_cells(), ("Upper", "Right", "Lower", "Last"), strict=True):
        cell.text = text
    data = CategoryChartData(number_format="0.0%")
    data.categories = ["Oslo", "Paris"]
    data.add_series("Series", (0.25, 0.1 + 0.2))
    chart = second.shapes.add_chart(XL_CHART_TYPE.PIE, Inches(1), Inches(6), Inches(3), Inches(2), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Charttitle"
    group = third.shapes.add_group_shape()
    box(group.shapes, "Grouped", 1, 3)
    box(third.shapes, "Right", 5, 1)
    box(third.shapes, "Below", 0, 2)
    box(third.shapes, "Left", 1, 1.1)
    third.shapes.add_ole_object(io.BytesIO(docx(embedded)), "Word.Document", Inches(5), Inches(5))
    third.element.set("show", "0")
    for owner, text in ((show.slide_layouts[6], "Layout"), (show.slide_masters[0], "Master"),
                        (show.slide_layouts[5], "Unused")):  # fmt: skip
        owner.shapes._spTree.append(box(third.shapes, text, 0, 0)._element)


@cache
def shown() -> Extract:
    return settled(read_pptx(pptx(talks)))


@pytest.mark.parametrize(
    ("sentinel", "where"),
    [
        ("Titled", ["slide 1"]), ("Subtitled", ["slide 1"]), ("Second", ["slide 2"]), ("Bulleted", ["slide 2"]),
        ("Subbulleted", ["slide 2"]), ("Upper | Right\nLower | Last", ["slide 2"]), ("Charttitle", ["slide 2"]),
        ("| Series\nOslo | 25%\nParis | 30%", ["slide 2"]), ("Noted", ["slide 2, notes"]),
        ("Grouped", ["slide 3 (hidden)"]), ("Left\n\nRight\n\nBelow\n\nGrouped", ["slide 3 (hidden)"]),
        ("Layout", ["slide layouts"]), ("Master", ["slide layouts"]), ("Unused", []), ("Click to", []),
        ("pictures not read: 1", ["gap"]),
    ],
)  # fmt: skip
def test_each_structure_of_a_presentation_is_read_in_its_place(sentinel: str, where: list[str]) -> None:
    assert places(shown(), sentinel) == where


def test_titles_of_slides_are_headings_and_the_first_one_names_the_presentation() -> None:
    assert headings(shown()) == ["Titled", "Second"]
    assert shown().title == "Titled"
    assert (shown().author, shown().date) == (None, None)  # the library's template names others
    (member,) = shown().members
    assert isinstance(member.content, bytes)
    assert (Path(member.name).suffix, read_docx(member.content).text) == (".docx", "Embedded")


P = "http://schemas.openxmlformats.org/presentationml/2006/main"
MODERN = "http://schemas.microsoft.com/office/powerpoint/2018/8/main"


def test_comments_smartart_and_footers_that_a_slide_shows_are_read_and_a_lost_slide_is_a_gap() -> None:
    names = f'{NAMES} xmlns:p="{P}" xmlns:m="{MODERN}"'
    shape = '<p:sp><p:nvSpPr><p:nvPr><p:ph type="{}"/></p:nvPr></p:nvSpPr><p:txBody>{}</p:txBody></p:sp>'
    smart = '<p:graphicFrame><a:graphic><dgm:relIds r:dm="r1"/></a:graphic></p:graphicFrame>'
    number = '<a:p><a:fld type="slidenum"><a:t>7</a:t></a:fld></a:p>'
    tree = shape.format("ftr", a("Footer")) + shape.format("sldNum", a("8")) + shape.format("body", number) + smart
    shapes = f'<mc:AlternateContent><mc:Choice Requires="x">{tree}</mc:Choice></mc:AlternateContent>'
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f'<p:presentation {names}><p:sldIdLst><p:sldId r:id="r1"/><p:sldId r:id="r2"/>'
        "</p:sldIdLst></p:presentation>",
        "ppt/slides/slide1.xml": f"<p:sld {names}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>",
        "ppt/diagrams/data1.xml": DIAGRAM,
        "ppt/comments/old.xml": f'<p:cmLst {names}><p:cm authorId="0"><p:text>Asked</p:text></p:cm></p:cmLst>',
        "ppt/comments/new.xml": f'<m:cmLst {names}><m:cm authorId="{{9}}"><m:replyLst><m:reply authorId="0"><m:txBody>'
        f"{a('Answered')}</m:txBody></m:reply></m:replyLst><m:txBody>{a('Said')}</m:txBody></m:cm></m:cmLst>",
        "ppt/authors.xml": f'<p:cmAuthorLst {names}><p:cmAuthor id="0" name="Ada"/></p:cmAuthorLst>',
    }
    links = {
        "": [("officeDocument", "ppt/presentation.xml")],
        "ppt/presentation.xml": [("slide", "slides/slide1.xml"), ("slide", "slides/slide2.xml"),
                                 ("commentAuthors", "authors.xml")],
        "ppt/slides/slide1.xml": [("diagramData", "../diagrams/data1.xml"), ("comments", "../comments/old.xml"),
                                  ("comments", "../comments/new.xml"), ("video", "../media/film.mp4")],
    }  # fmt: skip
    found = settled(read_pptx(package(parts, links)))
    assert found.text == "Footer\n\nSmartart\n\nAda: Asked\n\nSaid\n\nAda: Answered"
    assert [name for _, name in found.parts] == ["slide 1", "slide 1, comments"]
    assert found.gaps == ("missing or damaged: ppt/slides/slide2.xml", "audio and video not read: 1")


# Both


@pytest.mark.parametrize("read", [read_docx, read_pptx])
def test_what_is_no_such_file_is_rejected(read: Callable[[bytes], Extract]) -> None:
    with pytest.raises(Rejected, match="damaged or not of the kind"):
        read(b"no archive")
    with pytest.raises(Rejected, match="it is damaged or no"):
        read(package({"a.xml": "<a/>"}, {"": [("other", "a.xml")]}))
    with pytest.raises(Rejected) as caught:
        read(bytes.fromhex("D0CF11E0A1B11AE1") + "EncryptedPackage".encode("utf-16-le"))
    assert caught.value.kind is EncryptedDocument


def test_a_file_that_was_embedded_as_an_object_is_taken_out_of_its_container() -> None:
    path = FILES / "tika" / "EmbeddedPDF.docx"
    if not path.exists():
        pytest.skip("the real files are not here")
    (member,) = read_docx(path.read_bytes()).members
    assert isinstance(member.content, bytes)
    assert (member.name, member.content[:8]) == ("oleObject1.pdf", b"%PDF-1.5")
