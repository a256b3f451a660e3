"""PDFs are read as people read them: in order, whole sentences, tables by rows, each line with its place."""

from __future__ import annotations

import itertools
import re
import shutil
from bisect import bisect_right
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdfs import A4, Sheet, at, below, line, pdf, stream

from rag.config import Config
from rag.documents import ocr
from rag.documents import pdf as reader
from rag.documents.extract import Extract, Rejected
from rag.documents.flow import flow
from rag.documents.hyphens import Hyphens
from rag.documents.layout import blocks
from rag.documents.pdf import read
from rag.documents.pdf_page import Page, Word
from rag.documents.sandbox import Sandbox
from rag.sentences import sentences
from rag.types import Citation, Document

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"
needs_files = pytest.mark.skipif(not FILES.is_dir(), reason="the shared data is not here")
needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")

LEFT = [
    "The envoys met in Riyadh on Tuesday",
    "and agreed that the truce would hold",
    "until the end of the month, when both",
    "sides would meet again in the capital",
    "to settle the question of the border",
    "that had divided them for thirty years",
]
RIGHT = [
    "and of the two towns on the river. The",
    "mediators spoke of a good day and of",
    "the first step on a long way, although",
    "no date was named for the signing of",
    "the treaty itself. Nobody could say",
    "whether the guns would stay silent.",
]
WHOLE = " ".join(LEFT + RIGHT)


def read_sheet(*drawn: str, entries: str = A4) -> Extract:
    return read(pdf([Sheet("\n".join(drawn), entries)]))


def headings(extract: Extract) -> list[str]:
    return [extract.text[start:end] for start, end in extract.headings]


def cited(extract: Extract, quote: str) -> Citation:
    document = Document(text=extract.text, path="/a.pdf", title="", sha256="", pages=extract.pages, boxes=extract.boxes)
    start = extract.text.index(quote)
    return Citation(number=1, document=document, span=document.span(start, start + len(quote)))


# Reading order


def test_two_columns_are_read_one_after_the_other_below_the_heading_across_them() -> None:
    rows = zip(below(72, 700, LEFT), below(320, 700, RIGHT), strict=True)
    extract = read_sheet(at(150, 740, "Talks in Riyadh end with a truce", size=20), *itertools.chain(*rows))
    assert extract.text == f"Talks in Riyadh end with a truce\n\n{WHOLE}"
    assert headings(extract) == ["Talks in Riyadh end with a truce"]
    assert extract.title == "Talks in Riyadh end with a truce"


def test_three_columns_are_read_one_after_the_other_though_the_file_draws_them_backwards() -> None:
    third = [
        "A fourth round of talks was expected",
        "in the autumn, officials said, but the",
        "place was not yet known.",
    ]
    columns = (below(40, 700, LEFT, size=9), below(215, 698, RIGHT, size=9), below(390, 700, third, size=9))
    extract = read_sheet(*itertools.chain(*reversed(columns)))
    assert extract.text == f"{WHOLE} {' '.join(third)}".replace("silent. A", "silent.\n\nA")


def test_a_sidebar_is_read_apart_from_the_text_beside_it() -> None:
    side = [
        "What was agreed",
        "a truce of four weeks",
        "and talks about two",
        "towns on the river",
        "with observers from",
        "five states",
    ]
    extract = read_sheet(*below(72, 700, LEFT + RIGHT), *below(330, 694, side, size=8, leading=10))
    assert WHOLE in extract.text
    assert "towns on the river with observers from five states" in extract.text


def test_rows_of_short_lines_side_by_side_are_not_taken_for_columns() -> None:
    extract = read_sheet(
        *below(72, 700, ["Anna Smith", "Envoy", "Riyadh"]), *below(320, 700, ["Omar Haddad", "Envoy", "Doha"])
    )
    assert extract.text.split("\n") == ["Anna Smith | Omar Haddad", "Envoy | Envoy", "Riyadh | Doha"]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(turn: int) -> None:
    drawn = "\n".join([*below(72, 700, LEFT), *below(320, 700, RIGHT)])
    # The text is turned against the page, as scanners and landscape tables do: what is shown stands upright.
    matrix = {0: "1 0 0 1 0 0", 90: "0 1 -1 0 842 0", 180: "-1 0 0 -1 595 842", 270: "0 -1 1 0 0 595"}[turn]
    box = "/MediaBox [0 0 842 595]" if turn % 180 else A4
    extract = read(pdf([Sheet(f"{matrix} cm {drawn}", f"{box} /Rotate {turn}")]))
    assert extract.text == WHOLE
    assert [round(side) for side in extract.boxes[0][2:4]] == [72, 842 - 700 - 7]


def test_boxes_count_from_the_corner_of_the_visible_part_and_what_lies_beyond_it_is_listed() -> None:
    entries = "/MediaBox [0 0 700 900] /CropBox [50 60 645 802]"
    extract = read_sheet(at(122, 760, "Inside the page"), at(5, 30, "Cut off"), entries=entries)
    assert extract.text == "Inside the page"
    (box,) = extract.boxes
    assert (round(box.left), round(box.bottom)) == (73, 44)
    assert extract.gaps == ("words beyond the edges of pages not read: 2",)


def test_text_turned_on_the_page_comes_after_the_rest() -> None:
    stamp = "BT /F1 14 Tf 0 1 -1 0 30 300 Tm (Draft of 12 March) Tj ET"
    assert read_sheet(stamp, *below(72, 700, LEFT)).text == f"{' '.join(LEFT)}\n\nDraft of 12 March"


# Sentences


def test_a_sentence_is_whole_across_lines_columns_and_pages_and_cited_with_all_its_lines() -> None:
    first = [*below(72, 700, LEFT), *below(320, 700, RIGHT[:3])]
    later = ["no date was named for the signing of", "the treaty itself. Nobody could say", "whether it would hold."]
    extract = read(pdf([Sheet("\n".join(first)), Sheet("\n".join(below(72, 700, later)))]))
    told = [extract.text[start:end] for start, end in sentences(extract.text, extract.headings)]
    assert told[0] == f"{' '.join(LEFT)} and of the two towns on the river."
    assert told[1] == f"The {' '.join(RIGHT[1:3])} {later[0]} the treaty itself."
    assert extract.text[extract.pages[1] :].startswith("no date was named")
    citation = cited(extract, told[1])
    assert citation.page == 1
    assert [extract.text[box.start : box.end] for box in citation.boxes] == [*RIGHT[:3], *later[:2]]


def test_what_runs_over_the_pages_does_not_interrupt_a_sentence_and_is_kept_once() -> None:
    parts = [" ".join(LEFT[:2]), " ".join(LEFT[2:4]), " ".join(LEFT[4:]) + "."]
    sheets = [
        Sheet("\n".join([at(72, 800, "The Courier"), at(72, 700, part), at(280, 40, f"Page {number}")]))
        for number, part in enumerate(parts, start=7)
    ]
    extract = read(pdf(sheets))
    assert extract.text == f"The Courier\n\nPage 7\n\n{' '.join(parts)}"
    assert extract.gaps == (
        "running header left out after page 1: “The Courier”",
        "running footer left out after page 1: “Page 7”",
    )


def test_lines_that_repeat_with_other_numbers_are_no_running_headers() -> None:
    sheets = [Sheet("\n".join([at(72, 800, f"Votes: {votes}"), at(72, 700, "A report.")])) for votes in (41, 97, 12)]
    assert re.findall(r"Votes: \d+", read(pdf(sheets)).text) == ["Votes: 41", "Votes: 97", "Votes: 12"]


def test_a_note_at_the_foot_of_a_page_stands_before_the_paragraph_that_goes_on() -> None:
    note = at(72, 60, "1 The river is the Wenna.", size=7)
    sheets = [Sheet("\n".join([*below(72, 700, LEFT), note])), Sheet("\n".join(below(72, 700, RIGHT)))]
    assert read(pdf(sheets)).text == f"1 The river is the Wenna.\n\n{WHOLE}"


def test_a_caption_at_the_top_of_the_next_column_does_not_interrupt_a_sentence() -> None:
    caption = at(320, 700, "Figure 1: The river and its two towns.")
    extract = read_sheet(*below(72, 700, LEFT), caption, *below(320, 676, RIGHT))
    assert extract.text == f"Figure 1: The river and its two towns.\n\n{WHOLE}"


def test_paragraphs_are_parted_where_a_gap_an_indent_or_a_short_line_parts_them() -> None:
    ending = [*LEFT[:5], "that had divided them."]
    lines = [*below(72, 700, ending), at(82, 628, "Officials of both towns were there"), at(72, 616, "and said so.")]
    extract = read_sheet(*lines, at(72, 580, "A new part."))
    assert extract.text == f"{' '.join(ending)}\nOfficials of both towns were there and said so.\n\nA new part."


def test_items_of_a_list_are_lines_of_their_own() -> None:
    items = ["1. The truce holds for a month and", "may be made longer.", "2. Talks go on."]
    assert (
        read_sheet(*below(72, 700, items)).text
        == "1. The truce holds for a month and may be made longer.\n2. Talks go on."
    )


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (["the govern-", "ment said"], True),
        (["a long-term plan. A long-", "term view"], False),
        (["the Anglo-", "Saxon age"], False),
        (["a term of years, the long-", "term plan"], False),
        (["a state-of-the-", "art plant"], False),
        (["the newly-", "formed state, formed today"], False),
        (["the soft\u00ad", "ware"], True),
        (["an e-mail, an e-mail, email by e-", "mail"], False),
    ],
)
def test_a_hyphen_at_a_line_end_breaks_a_word_or_belongs_to_it(lines: list[str], whole: bool) -> None:
    assert Hyphens([lines]).breaks(*lines) is whole


def test_a_document_that_breaks_no_words_keeps_the_hyphens_at_its_line_ends() -> None:
    ends = [("a quick-", "witted man"), ("a blue-", "eyed girl"), ("a grey-", "green sea")]
    assert not any(Hyphens(ends).breaks(*lines) for lines in ends)
    assert Hyphens([*ends, ("the envoy and the en-", "voy")]).breaks("a grey-", "green sea")


# Tables

ROWS = [["Town", "Votes", "Turnout"], ["Ashford", "12,410", "71%"], ["Corby", "9,806", "64%"], ["Elgin", "802", "58%"]]
TABLE = "Town | Votes | Turnout\nAshford | 12,410 | 71%\nCorby | 9,806 | 64%\nElgin | 802 | 58%"


def cells(x: float, y: float, *, width: float = 80) -> list[str]:
    return [at(x + width * i, y - 16 * j, cell) for j, row in enumerate(ROWS) for i, cell in enumerate(row)]


def test_rows_of_a_table_without_lines_are_read_as_rows_and_the_text_around_it_as_text() -> None:
    ending = [*LEFT[:5], "that had divided them."]
    extract = read_sheet(*below(72, 700, ending), *cells(72, 600), *below(72, 520, [*LEFT[:3], "no date was named."]))
    assert extract.text == f"{' '.join(ending)}\n\n{TABLE}\n\n{' '.join(LEFT[:3])} no date was named."


def test_a_table_in_the_middle_of_a_sentence_stands_before_it() -> None:
    extract = read_sheet(*below(72, 700, LEFT), *cells(72, 600), *below(72, 520, RIGHT))
    assert extract.text == f"{TABLE}\n\n{WHOLE}"


def test_cells_between_ruling_lines_are_whole_though_their_lines_are_not_level() -> None:
    rules = [line(70, y, 400, y) for y in (712, 680, 640)] + [line(x, 712, x, 640) for x in (70, 150, 400)]
    left = [at(75, 692, "Item 4"), at(75, 664, "Item 5")]
    right = [
        *below(155, 700, ["A truce for four weeks that both", "sides keep."]),
        *below(155, 668, ["Talks in", "the autumn."]),
    ]
    assert read_sheet(*rules, *right, *left).text == (
        "Item 4 | A truce for four weeks that both sides keep.\nItem 5 | Talks in the autumn."
    )


def test_a_text_in_a_frame_is_no_table() -> None:
    frame = [line(60, y, 320, y) for y in (720, 620)] + [line(x, 720, x, 620) for x in (60, 320)]
    assert read_sheet(*frame, *below(72, 700, LEFT)).text == " ".join(LEFT)


def test_lines_stretched_to_the_width_of_their_column_are_no_table() -> None:
    rows = (
        [(72, "so"), (132, "it"), (192, "was"), (262, "said.")],
        [(72, "by"), (134, "all"), (198, "of"), (260, "them.")],
    )
    words = [at(x, 700 - 12 * number, word) for number, row in enumerate(rows) for x, word in row]
    assert read_sheet(*words).text.replace("\n", " ") == "so it was said. by all of them."


# Characters


def test_what_is_drawn_twice_to_look_bold_is_read_once() -> None:
    twice = [at(72 + shift, 700, "Truce holds") for shift in (0, 0.4)]
    letters = "BT /F1 10 Tf " + " ".join(
        f"1 0 0 1 {72 + 7 * i + shift} 650 Tm ({c}) Tj" for i, c in enumerate("BOOKS") for shift in (0, 0.5)
    )
    assert read_sheet(*twice, f"{letters} ET").text == "Truce holds\n\nBOOKS"


def test_ligatures_are_spelled_out_so_that_search_finds_the_word() -> None:
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /StandardEncoding >>"
    assert read(pdf([Sheet(at(72, 700, "cease\xaere on the \xafoor"))], font=font)).text == "ceasefire on the floor"


def test_invisible_text_such_as_that_over_a_scan_is_read() -> None:
    assert read_sheet(f"3 Tr {at(72, 700, 'Recognised before.')}").text == "Recognised before."


def test_characters_beyond_the_first_plane_are_whole() -> None:
    cmap = "begincmap 1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <61> <D83DDE00> endbfchar endcmap"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 5 0 R >>"
    extract = read(pdf([Sheet(at(72, 700, "a b"))], objects=[stream(cmap.encode())], font=font))
    assert extract.text == "\U0001f600 b"


NAMELESS = (
    "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 10 10] /FontMatrix [0.1 0 0 0.1 0 0]"
    " /CharProcs << /g1 5 0 R /g2 5 0 R >> /Encoding << /Differences [65 /g1 /g2] >>"
    " /FirstChar 65 /LastChar 66 /Widths [6 6] >>"
)


def test_a_page_in_fonts_that_do_not_say_their_characters_is_no_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr, "program", lambda: None)
    nonsense = Sheet(at(72, 700, "ABBA BAAB AB"))
    with pytest.raises(Rejected, match="a page whose fonts do not say what their characters stand for, not read"):
        read(pdf([nonsense], font=NAMELESS, objects=[stream(b"6 0 d0 0 0 5 5 re f")]))


def test_hebrew_drawn_from_left_to_right_is_read_from_right_to_left() -> None:
    codes = "\n".join(f"<{code:02X}> <{0x05D0 + code - 0x61:04X}>" for code in range(0x61, 0x7B))
    cmap = f"begincmap 1 begincodespacerange <00> <FF> endcodespacerange 26 beginbfchar\n{codes}\nendbfchar endcmap"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 5 0 R >>"
    drawn = "\n".join([at(72, 700, "cba"), at(95, 700, "fed")])
    extract = read(pdf([Sheet(drawn)], objects=[stream(cmap.encode())], font=font))
    assert extract.text == "\u05d3\u05d4\u05d5 \u05d0\u05d1\u05d2"


# Beside the text


FORM = (
    "/AcroForm << /Fields [5 0 R 6 0 R 7 0 R 8 0 R] /DR << /Font << /F1 3 0 R >> >> >>",
    [
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (f1) /TU (Your name) /V (Anna Smith) /Rect [72 600 272 620] >>",
        "<< /Type /Annot /Subtype /Widget /FT /Btn /T (Resident) /V /Yes /AS /Yes /Rect [72 560 82 570]"
        " /AP << /N << /Yes << >> /Off << >> >> >> >>",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (empty) /Rect [72 500 272 520] >>",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /F 2 /T (secret) /V (hidden) /Rect [72 400 272 420] >>",
    ],
)


def test_what_is_filled_into_a_form_is_read_with_the_name_of_its_field() -> None:
    catalog, fields = FORM
    sheet = Sheet(at(72, 700, "Application"), f"{A4} /Annots [5 0 R 6 0 R 7 0 R 8 0 R]")
    extract = read(pdf([sheet], objects=fields, catalog=catalog))
    assert extract.text == "Application\n\nYour name: Anna Smith\n\nResident: checked"
    assert extract.gaps == ("hidden form fields and comments not read",)
    assert cited(extract, "Anna Smith").boxes[0][2:] == (72, 222, 272, 242)


def test_comments_are_read_with_their_author_and_attached_files_are_documents_within() -> None:
    objects = [
        "<< /Type /Annot /Subtype /Text /T (Omar) /Contents (Check the date.) /Rect [300 700 320 720] >>",
        "<< /Type /Annot /Subtype /FreeText /Contents (Seen by the editor.) /Rect [300 600 420 620] >>",
        "<< /Type /Filespec /F (notes.txt) /UF (notes.txt) /EF << /F 8 0 R >> >>",
        stream(b"The talks go on.", "/Type /EmbeddedFile"),
    ]
    sheet = Sheet(at(72, 700, "A report."), f"{A4} /Annots [5 0 R 6 0 R]")
    catalog = "/Names << /EmbeddedFiles << /Names [(notes.txt) 7 0 R] >> >>"
    extract = read(pdf([sheet], objects=objects, catalog=catalog))
    assert extract.text == "A report.\n\nComment by Omar: Check the date.\n\nSeen by the editor."
    assert extract.members == (("notes.txt", b"The talks go on."),)


def test_a_form_in_xfa_is_listed_as_a_gap() -> None:
    catalog = "/AcroForm << /Fields [] /XFA 5 0 R >>"
    extract = read(pdf([Sheet(at(72, 700, "Please wait."))], objects=[stream(b"<xdp/>")], catalog=catalog))
    assert extract.gaps == ("its XFA form is not read",)


def test_the_metadata_packet_speaks_where_the_info_dictionary_is_silent() -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"><rdf:Description>'
        "<dc:title><rdf:Alt><rdf:li>Talks in Riyadh</rdf:li></rdf:Alt></dc:title>"
        "<dc:creator><rdf:Seq><rdf:li>Anna Smith</rdf:li><rdf:li>Omar Haddad</rdf:li></rdf:Seq></dc:creator>"
        "<xmp:CreateDate>2025-03-12</xmp:CreateDate></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    objects = [stream(packet.encode(), "/Type /Metadata /Subtype /XML")]
    data = pdf([Sheet(at(72, 700, "Text."))], objects=objects, catalog="/Metadata 5 0 R", info="/ModDate (D:20250401)")
    extract = read(data)
    assert (extract.title, extract.author) == ("Talks in Riyadh", "Anna Smith, Omar Haddad")
    assert (extract.date, extract.updated) == ("2025-03-12", "2025-04-01")


# Scans, damage and size


def scanned(*drawn: str) -> bytes:
    """A PDF that shows an image of what is drawn, and holds no text."""
    page = pypdfium2.PdfDocument(pdf([Sheet("\n".join(drawn))]))[0]
    bitmap = page.render(scale=2.5, grayscale=True)
    rows = [bytes(bitmap.buffer)[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height)]
    size = f"/Width {bitmap.width} /Height {bitmap.height}"
    image = stream(b"".join(rows), f"/Type /XObject /Subtype /Image {size} /ColorSpace /DeviceGray /BitsPerComponent 8")
    return pdf([Sheet("595 0 0 842 0 0 cm /I Do", resources="/XObject << /I 5 0 R >>")], objects=[image])


SCANNED = ["The envoys met in Riyadh on Tuesday", "and agreed that the truce would hold."]
SCAN = below(72, 700, SCANNED, size=16, leading=20)


@needs_tesseract
def test_a_scanned_page_is_read_by_text_recognition_within_the_limits_of_the_sandbox(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(scanned(*SCAN))
    with Sandbox(Config().documents) as sandbox:
        (document,) = sandbox.load(tmp_path / "scan.pdf").documents
    assert document.text == " ".join(SCANNED)
    assert document.gaps == ("page 1: read by text recognition, may hold errors",)
    drawn = read(pdf([Sheet("\n".join(SCAN))]))
    assert [box[:2] for box in document.boxes] == [box[:2] for box in drawn.boxes]
    pairs = zip(itertools.chain(*document.boxes), itertools.chain(*drawn.boxes), strict=True)
    assert all(abs(seen - exact) < 1 for seen, exact in pairs)


def test_a_scanned_page_is_listed_where_tesseract_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "program", lambda: None)
    with pytest.raises(Rejected) as caught:
        read(scanned(*SCAN))
    assert caught.value.reason == (
        "its pages hold no text (page 1: an image, not read: text recognition needs Tesseract, which is not installed)"
    )
    assert caught.value.remedy.startswith("Install Tesseract")


def test_pages_beyond_the_time_allowed_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(0, 1)
    monkeypatch.setattr(reader, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    monkeypatch.setattr(reader, "_seconds", lambda: 2.5)
    extract = read(pdf([Sheet(at(72, 700, f"Report number {number}.")) for number in range(5)]))
    assert extract.text == "Report number 0.\n\nReport number 1."
    assert extract.gaps == ("pages 3–5: not read in the time allowed (documents.seconds in rag.toml)",)


def test_pages_that_a_file_claims_and_does_not_hold_are_listed_in_one_line() -> None:
    data = pdf([Sheet(at(72, 700, f"Report {number}.")) for number in range(3)])
    extract = read(data.replace(b"/Count 3", b"/Count 900"))
    assert extract.text == "Report 0.\n\nReport 1.\n\nReport 2."
    assert extract.gaps == ("pages 4–900: damaged",)


@needs_files
def test_a_file_that_the_empty_password_opens_is_read() -> None:
    data = (FILES / "tika" / "testPDF_no_extract_no_accessibility_owner_empty.pdf").read_bytes()
    assert read(data).text == "Hello World"


# Properties


places = st.tuples(
    st.integers(0, 110),
    st.integers(0, 80),
    st.sampled_from([6.0, 8.0, 10.0, 10.0, 18.0]),
    st.sampled_from([0, 0, 0, 1, 3]),
)
RULES = [(0.0, y, 500.0, y) for y in (200.0, 300.0, 400.0)] + [(x, 200.0, x, 400.0) for x in (250.0, 500.0)]


@settings(max_examples=150, deadline=None)
@given(st.lists(places, min_size=1, max_size=60))
def test_wherever_words_stand_each_is_read_once_and_has_its_box(found: list[tuple[int, int, float, int]]) -> None:
    words = []
    for number, (column, row, size, turn) in enumerate(found):
        left, base, width = 5.0 * column, 9.0 * row + 20, 1.6 * size
        ink = (left, base - size, left + width, base)
        words.append(Word(f"w{number:02}", left, left + width, base, size, turn, False, ink))
    page = Page(width=595, height=842, words=words, rulings=RULES)
    written = flow([blocks(page), [], blocks(page)])
    assert sorted(re.findall(r"w\d\d", written.text)) == sorted(2 * [word.text for word in words])
    assert_boxes_hold_the_text(written.text, written.boxes)


def assert_boxes_hold_the_text(text: str, boxes: tuple[tuple[float, ...], ...]) -> None:
    """Every character but white space and the bars between cells is in exactly one box, and boxes are in order."""
    covered = [0] * len(text)
    for start, end, *_ in boxes:
        for offset in range(int(start), int(end)):
            covered[offset] += 1
    assert not any(count > 1 for count in covered)
    loose = "".join(c for c, count in zip(text, covered, strict=True) if not count)
    assert not loose.replace("|", "").strip()
    assert [box[0] for box in boxes] == sorted(box[0] for box in boxes)


def real_pdfs() -> list[Path]:
    return sorted(FILES.rglob("*.pdf"))


@needs_files
def test_a_box_shows_its_line_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "program", lambda: None)
    checked = differ = 0
    for path in real_pdfs():
        data = path.read_bytes()
        try:
            extract = read(data)
        except Rejected:
            continue
        assert_boxes_hold_the_text(extract.text, extract.boxes)
        pages = [(page, page.get_textpage()) for page in pypdfium2.PdfDocument(data)]
        for box in extract.boxes:
            page, textpage = pages[bisect_right(extract.pages, box.start) - 1]
            width, height = page.get_size()
            assert 0 <= box.left <= box.right <= width + 0.01
            assert 0 <= box.top <= box.bottom <= height + 0.01
            shown = squeezed(textpage.get_text_bounded(*own(page, box[2:]), errors="replace"))
            if shown and path.name != "testOverlappingText.pdf":  # nothing: what stands there is a comment or a field
                checked += 1
                differ += shown != squeezed(extract.text[box.start : box.end])
    assert checked > 500
    assert differ == 0


def own(page: pypdfium2.PdfPage, place: tuple[float, ...]) -> tuple[float, float, float, float]:
    """A box of the page as shown, a little smaller, in the page's own coordinates."""
    left, bottom, right, top = page.get_bbox()
    x1, y1, x2, y2 = (side + inset for side, inset in zip(place, (0.02, 0.02, -0.02, -0.02), strict=True))
    return {
        0: (left + x1, top - y2, left + x2, top - y1),
        90: (left + y1, bottom + x1, left + y2, bottom + x2),
        180: (right - x2, bottom + y1, right - x1, bottom + y2),
        270: (right - y2, top - x2, right - y1, top - x1),
    }[page.get_rotation()]


def squeezed(text: str) -> str:
    return re.sub("[\\s\x02\ufffd\ufffe\u00ad-]", "", text)


@needs_files
def test_real_pages_are_read_in_order() -> None:
    report = read((FILES / "unstructured" / "pdf-bad-color-space.pdf").read_bytes()).text
    told = [
        "At Google, we’re working",
        "a goal to operate our data centers",
        "Charting our path",
        "In our third decade",
    ]
    assert [report.index(part) for part in told] == sorted(report.index(part) for part in told)
    paper = read((FILES / "unstructured" / "layout-parser-paper-with-empty-pages.pdf").read_bytes())
    assert "characters that stand for no text, shown as \ufffd: 3" in paper.gaps
    assert paper.title == "LayoutParser: A Unified Toolkit for Deep Learning Based Document Image Analysis"
    stock = read((FILES / "markitdown" / "SPARSE-2024-INV-1234_borderless_table.pdf").read_bytes()).text
    assert "\nSKU-9201 | Hardware | $32.50 | $25,285.00 | 2024-10-22 | Verified\n" in stock
    assert "Cross-location verification protocols should be reviewed to prevent" in stock
