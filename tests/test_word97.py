"""Word documents of Word 6 to 2003: made by a small writer of their streams, and real ones."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from compound import Compound
from packages import headings, places
from word import BODY, FIRST, HEADING, OWN, TITLE, Word, positions

from rag.documents import load
from rag.documents.extract import Extract, Rejected
from rag.documents.word import read
from rag.errors import EncryptedDocument, UnreadableDocument, UnsupportedFormat

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"
CELL = struct.pack("<HB", 0x2416, 1)
ROW_END = CELL + struct.pack("<HB", 0x2417, 1)
INNER = CELL + struct.pack("<HB", 0x244B, 1)
DELETED = struct.pack("<HB", 0x0800, 1)


def whole(extract: Extract) -> list[str]:
    return extract.text.split("\n\n")


def text_of(document: Word) -> list[str]:
    return whole(read(document.data()))


def test_text_is_read_from_narrow_and_wide_pieces_in_their_order_wherever_they_are_stored() -> None:
    document = Word("The café – at\xa0noon.\rЗима 東京 \U0001f33e grew.\rLast words.\r")
    document.pieces = [(0, False), (20, True), (26, True), (37, False)]
    assert text_of(document) == ["The café – at\xa0noon.", "Зима 東京 \U0001f33e grew.", "Last words."]


def test_headings_and_titles_are_told_by_their_style_or_the_one_it_is_based_on_or_their_level() -> None:
    document = Word("Harvest\rRye\rOats\rThey sowed.\rOutlined\rBody\r")
    document.paragraph("Harvest\r", TITLE).paragraph("Rye\r", HEADING).paragraph("Oats\r", OWN)
    document.paragraph("Outlined\r", BODY, struct.pack("<HB", 0x2640, 2))
    document.paragraph("Body\r", HEADING, struct.pack("<HB", 0x2640, 9))
    extract = read(document.data())
    assert headings(extract) == ["Harvest", "Rye", "Oats", "Outlined"]
    assert extract.text.endswith("They sowed.\n\nOutlined\n\nBody")


def test_a_row_of_a_table_is_a_line_and_a_table_within_a_cell_is_a_part_of_it() -> None:
    document = Word("Before\rName\x07Tons\x07\x07Rye\rwinter\x07\x074\x07\x07in 1\rin 2\r\rout\x07\x07After\r")
    for ending in ("Name\x07", "Tons\x07", "Rye\r", "winter\x07", "winter\x07\x07", "4\x07", "out\x07"):
        document.paragraph(ending, BODY, CELL)
    for ending in ("Tons\x07\x07", "4\x07\x07", "out\x07\x07"):
        document.paragraph(ending, BODY, ROW_END)
    for ending in ("in 1\r", "in 2\r", "in 2\r\r"):
        document.paragraph(ending, BODY, INNER)
    assert text_of(document) == ["Before", "Name | Tons\nRye winter |  | 4\nin 1 in 2 out", "After"]


def test_a_row_too_wide_for_its_page_is_told_by_what_is_stored_elsewhere() -> None:
    document = Word("a\x07\x07b\x07\x07After\r")
    for ending in ("a\x07", "a\x07\x07", "b\x07"):
        document.paragraph(ending, BODY, CELL)
    document.paragraph("b\x07\x07", BODY, struct.pack("<HI", 0x6646, 3))
    document.storages["Data"] = b"..." + struct.pack("<H", len(ROW_END)) + ROW_END
    assert text_of(document) == ["a |  | b", "After"]


def test_what_is_set_for_a_paragraph_is_found_behind_long_settings() -> None:
    document = Word("a\x07\x07b\x07\x07After\r")
    long = struct.pack("<HH", 0xD608, 9) + bytes(8) + struct.pack("<HB", 0xC60D, 2) + b"\0\0"
    for ending in ("a\x07", "a\x07\x07", "b\x07"):
        document.paragraph(ending, BODY, CELL)
    document.paragraph("b\x07\x07", BODY, long + ROW_END)
    assert text_of(document) == ["a |  | b", "After"]


def test_the_results_of_fields_are_read_and_their_instructions_are_not() -> None:
    extract = read(
        Word(
            'See \x13 HYPERLINK "http://hidden" \x01\x14the \x13 DATE \x14day\x15 link\x15.\r'
            "\x13 XE index \x15Indexed \x13 MACROBUTTON Go [Click here]\x15.\r"
            "\x13 EMBED Excel.Sheet \x14\x01\x15\x13 FORMDROPDOWN \x15\x13 FORMCHECKBOX \x15\x13 EQ \\f(1;2) \x15\r"
            "Stray \x14 marks \x15.\rOpen \x13 that never ends.\r\x13 INCOMPLETE\r"
        ).data()
    )
    assert whole(extract) == [
        "See the day link.",
        "Indexed [Click here].",
        "Stray  marks .",
        "Open  that never ends.",
        "INCOMPLETE",
    ]
    assert extract.gaps == ("choices in forms not read: 2", "formulas in fields not read: 1")


def test_what_was_deleted_with_its_deletion_tracked_is_left_out_and_symbols_are_read() -> None:
    document = Word("Kept gone1 text gone2 here (.\r").mark("gone1 ", DELETED)
    document.mark("(", struct.pack("<HHH", 0x6A09, 1, 0x2713))
    start = document.text.index("gone2 ")
    document.pieces = [(0, False), (start, False), (start + 6, False)]
    document.lists, document.changes = (bytes(3), DELETED), {1: 1 << 1 | 1}
    assert text_of(document) == ["Kept text here \u2713."]
    document.changes = {1: 0x41 << 1 | 1 << 8}
    assert text_of(document) == ["Kept text here \u2713."]


def test_signs_that_are_no_text_become_what_they_stand_for() -> None:
    document = Word("Line\x0bbreak non\x1ebreaking soft\x1fhyphen note\x02.\rColumn\x0ebreak\x0cNext page\r")
    assert text_of(document) == [
        "Line\nbreak non\u2011breaking softhyphen note.",
        "Column\nbreak",
        "Next page",
    ]


def test_notes_comments_headers_and_boxes_are_parts() -> None:
    head = "-\r\r\r\r\r\rEven head\rOdd head\rEven foot\rOdd foot\rFirst head\rFirst foot\rOther head\rOdd head\r"
    starts = [at for at in range(len(head)) if not at or head[at - 1] == "\r"]
    document = Word(
        "Anchor\x08 here.\rPicture \x08 and \x01.\r",
        footnotes="\x02 Footnote sentinel.\r\r",
        header=f"{head}\x08\r",
        comments="\x05 Comment sentinel.\r\x05 Two\rlines.\r\r",
        endnotes="\x02 Endnote sentinel.\r\r",
        boxes="Lost box.\rBox sentinel.\r\r",
        **{"header boxes": "Header box.\r\r"},
    )
    shape = {name: struct.pack("<I", number) for number, name in enumerate("abcd", start=1)}
    document.parts |= {
        4: positions(0, 1, 2, entries=tuple(bytes(20) + struct.pack("<H8x", by) for by in (1, 9))),
        5: positions(0, 20, 33, 34),
        11: positions(*starts, len(head) + 2),
        36: struct.pack("<H", 2) + "Bo".encode("utf-16-le") + struct.pack("<H", 4) + "Kell".encode("utf-16-le"),
        40: positions(6, 22, 40, entries=(shape["a"] + bytes(22), shape["b"] + bytes(22))),
        41: positions(len(head), len(head) + 2, entries=(shape["d"] + bytes(22),)),
        56: positions(0, 10, 24, 25, entries=tuple(bytes(14) + shape[one] + bytes(4) for one in "cab")),
        58: positions(0, 12, 13, entries=(bytes(14) + shape["d"] + bytes(4), bytes(22))),
    }
    extract = read(document.data())
    assert extract.text[: extract.parts[0][0]].split("\n\n")[:4] == [
        "Anchor here.",
        "Box sentinel.",
        "Picture  and .",
        "Lost box.",
    ]
    assert [name for _, name in extract.parts] == ["footnotes", "endnotes", "comments", "header", "footer"]
    for word, place in (
        ("Footnote", "footnotes"),
        ("Endnote", "endnotes"),
        ("Comment", "comments"),
        ("Odd head", "header"),
        ("Header box", "header"),
        ("Other head", "header"),
        ("First foot", "footer"),
    ):
        assert places(extract, word) == [place], word
    assert "Kell: Comment sentinel.\n\nTwo\nlines." in extract.text
    assert extract.gaps == ("pictures and drawings not read: 1",)


def test_stories_of_which_it_is_not_said_where_their_texts_begin_are_read_as_one() -> None:
    beside = {"header": "Head.\rMore.\r", "comments": "Note.\r", "boxes": "Box.\r", "macros": "Odd.\r"}
    assert text_of(Word("Text.\r", **beside)) == ["Text.", "Box.", "Note.", "Head.", "More.", "Odd."]
    longer = Word("Text.\rBeyond what is counted.\r")
    longer.stories["text"] = "Text.\r"
    assert text_of(longer) == ["Text.", "Beyond what is counted."]


def summary(**values: bytes) -> bytes:
    names = {"page": 1, "title": 2, "author": 4, "made": 12, "saved": 13}
    listed, held = b"", b""
    for name, value in values.items():
        listed += struct.pack("<II", names[name], 8 + 8 * len(values) + len(held))
        held += value
    return bytes(44) + struct.pack("<III", 48, 0, len(values)) + listed + held


def narrow(text: bytes) -> bytes:
    return struct.pack("<II", 30, len(text) + 1) + text + bytes(4 - len(text) % 4)


def day(ticks: int) -> bytes:
    return struct.pack("<IQ", 64, ticks)


def test_title_author_and_days_are_those_that_the_file_states() -> None:
    document = Word("They sowed.\r")
    document.storages["\x05SummaryInformation"] = summary(
        page=struct.pack("<IHxx", 2, 1251),
        title=narrow("Зима".encode("cp1251")),
        author=struct.pack("<II", 31, 5) + "Kell\0".encode("utf-16-le") + bytes(2),
        made=day(133_862_112_000_000_000),
        saved=day(133_879_392_000_000_000),
    )
    extract = read(document.data())
    assert (extract.title, extract.author) == ("Зима", "Kell")
    assert (extract.date, extract.updated) == ("2025-03-12", "2025-04-01")


@pytest.mark.parametrize(
    "stream",
    [
        b"\xfe\xff",
        bytes(44) + b"\xff\xff\xff\x7f",
        bytes(44) + struct.pack("<III", 48, 0, 0xFFFFFFFF),
        summary(title=b"\x1e", made=day(2**64 - 1), page=b"\2\0\0\0\xff\xff"),
    ],
)
def test_a_file_that_states_nonsense_of_itself_is_read(stream: bytes) -> None:
    document = Word("They sowed.\r")
    document.storages["\x05SummaryInformation"] = stream
    extract = read(document.data())
    assert (extract.text, extract.date, extract.author) == ("They sowed.", None, None)


def test_embedded_documents_and_files_are_members_or_gaps() -> None:
    document = Word("Outer.\r")
    native = struct.pack("<IH", 0, 2) + b"notes.txt\0C:\\notes.txt\0" + struct.pack("<HHI", 0, 3, 2) + b"x\0"
    inner = Word("Inner.\r")
    inner.storages["ObjectPool"] = {"_1": Word("Innermost.\r").tree()}
    locked = Word("Locked.\r")
    locked.flags |= 0x0100
    document.storages["ObjectPool"] = {
        "_1": inner.tree(),
        "_2": {"\x01Ole10Native": native + struct.pack("<I", 9) + b"Sentinel."},
        "_3": {"\x01Ole10Native": struct.pack("<IH", 0, 2) + b"a\0b\0" + struct.pack("<HHI", 0, 3, 2**31)},
        "_4": {"Workbook": b"x"},
        "_5": locked.tree(),
    }
    extract = read(document.data())
    assert [member.name for member in extract.members] == ["embedded 1.doc", "notes.txt"]
    assert extract.members[1].content == b"Sentinel."
    held = extract.members[0].content
    assert isinstance(held, Extract)
    assert held.text == "Inner."
    assert [member.content.text for member in held.members if isinstance(member.content, Extract)] == ["Innermost."]
    assert extract.gaps == (
        "embedded file not read: embedded 3.bin (damaged: error)",
        "embedded file not read: embedded 4.bin (.xls)",
        "embedded 5.doc: it is protected by a password",
    )


# Word 6 and Word 95


def old(
    text: bytes, *, language: int = 0x409, flags: int = 0, counts: tuple[int, ...] = (), table: bytes = b""
) -> bytes:
    main = bytearray(FIRST)
    struct.pack_into("<HHHH", main, 0, 0xA5DC, 104, 0, language)
    struct.pack_into("<H", main, 10, flags)
    struct.pack_into("<II", main, 0x18, FIRST, FIRST + len(text))
    struct.pack_into("<8I", main, 0x34, *(counts or (len(text),)), *[0] * (8 - max(1, len(counts))))
    struct.pack_into("<II", main, 0x160, FIRST + len(text), len(table))
    return Compound({"WordDocument": bytes(main) + text + table}).data()


def test_word_95_is_read_in_the_character_set_of_its_language() -> None:
    text = "Зима \x13 DATE \x14прошла\x15.\rимя\x07тонн\x07\x07Сноска.\r".encode("cp1251")
    extract = read(old(text, language=0x419, counts=(len(text) - 8, 8)))
    assert whole(extract) == ["Зима прошла.", "имя | тонн", "Сноска."]
    assert extract.parts[-1][1] == "footnotes"


def test_word_95_that_was_saved_fast_is_put_together_from_its_pieces() -> None:
    stored = b"second.\rFirst and "
    listed = positions(0, 10, 18, entries=(struct.pack("<HIH", 0, FIRST + 8, 0), struct.pack("<HIH", 0, FIRST, 0)))
    table = b"\1" + struct.pack("<H", 3) + b"...\2" + struct.pack("<I", len(listed)) + listed
    assert whole(read(old(stored, flags=0x0004, table=table))) == ["First and second."]


# What is rejected


def test_files_that_cannot_be_read_say_why_and_what_to_do() -> None:
    locked = Word("They sowed.\r")
    locked.flags |= 0x0100
    copy, docx = "Save a copy without the password.", "Save it as .docx."
    cases = [
        (locked.data(), EncryptedDocument, "it is protected by a password", copy),
        (old(b"They sowed.\r", flags=0x0100), EncryptedDocument, "it is protected by a password", copy),
        (
            old(b"x", language=0x411),
            UnreadableDocument,
            "it is of Word 6 or 95 and in a script of many characters",
            docx,
        ),
        (struct.pack("<HH", 0xA59B, 45) + bytes(90), UnreadableDocument, "it is of a Word before Word 6", docx),
        (b"They sowed rye and oats.", UnreadableDocument, "it is no Word document", docx),
        (Compound({"Workbook": b"x" * 10}).data(), UnreadableDocument, "it is no Word document", docx),
    ]
    for data, kind, reason, remedy in cases:
        with pytest.raises(Rejected) as caught:
            read(data)
        assert (caught.value.kind, caught.value.reason) == (kind, reason)
        assert caught.value.remedy == remedy


@pytest.mark.parametrize(
    ("field", "content", "why"),
    [
        (33, b"\3", "it does not say where its text is"),
        (33, b"\1\xff\xff", "it does not say where its text is"),
        (33, b"\2" + struct.pack("<I", 20) + positions(5, 2, entries=(bytes(8),)), "the pieces of its text overlap"),
        (
            33,
            b"\2" + struct.pack("<I", 20) + positions(0, 2**31, entries=(bytes(8),)),
            "the pieces of its text overlap",
        ),
    ],
)
def test_a_damaged_table_of_pieces_is_said_to_be(field: int, content: bytes, why: str) -> None:
    tree = Word("They sowed.\r").tree()
    struct.pack_into("<II", main := bytearray(tree["WordDocument"]), 154 + 8 * field, 0, len(content))
    with pytest.raises(Rejected, match=why):
        read(Compound({"WordDocument": bytes(main), "1Table": content}).data())


def test_a_file_that_is_cut_short_is_said_to_be() -> None:
    with pytest.raises(Rejected, match="it is cut short"):
        read(Compound({"WordDocument": b"\xec"}).data())


def test_a_table_that_lies_beyond_the_end_is_damage() -> None:
    tree = Word("They sowed.\r").tree()
    with pytest.raises(Rejected, match="a table of it is cut short"):
        read(Compound({**tree, "1Table": tree["1Table"][:-10]}).data())


def test_missing_text_and_damaged_settings_are_gaps() -> None:
    document = Word("They sowed rye.\rThey ground oats.\r").paragraph("rye.\r", HEADING)
    tree = document.tree()
    main = tree["WordDocument"]
    short = read(Compound({**tree, "WordDocument": main[: FIRST + 16]}).data())
    assert short.text == "They sowed rye."
    assert short.gaps == (
        "characters missing in the file: 18",
        "damaged pages of what is set for the text, by which its tables and headings are told: 2",
    )
    odd = Word("a\x81b\r")
    odd.text = "aüb\r"
    lost = read(odd.data().replace(b"a\xfcb\r", b"a\x81b\r"))
    assert lost.text == "a\ufffdb"
    assert lost.gaps == ("characters that its encoding lacks, shown as \ufffd: 1",)


@pytest.mark.parametrize("data", [b"{\\rtf1 They sowed.}", b"<html><body><p>They sowed.</p></body></html>"])
def test_what_programs_save_under_the_name_is_read_as_what_it_is(data: bytes) -> None:
    assert read(data).text == "They sowed."


def test_presentations_of_before_are_rejected_with_what_to_save_them_as(tmp_path: Path) -> None:
    path = tmp_path / "slides.ppt"
    path.write_bytes(b"x")
    with pytest.raises(UnsupportedFormat, match=r"\.ppt files are not supported\. Save it as \.pptx\."):
        load(path)


# Real ones


@pytest.mark.skipif(not FILES.is_dir(), reason="the shared data is not here")
def test_real_documents_are_read_with_what_is_embedded_in_them() -> None:
    found = {path.name: read(path.read_bytes()) for path in sorted(FILES.rglob("*.doc"))}
    fox = found["testWORD_1img.doc"]
    assert fox.text == "The quick brown fox jumps over the lazy dog"
    assert (fox.author, fox.date, fox.updated) == ("Nevin Nollop", "2005-05-26", "2005-09-20")
    assert fox.gaps == ("pictures and drawings not read: 1",)
    assert found["testWORD_closingSmartQInHyperLink.doc"].text == "TIKA-1512"
    members = found["testWPSAttachment.doc"].members
    assert [one.name for one in members] == [
        "TXT.txt",
        "PDF.pdf",
        "XML.xml",
        "embedded 4.doc",
        "embedded 5.docx",
        "embedded 7.xlsx",
        "embedded 9.pptx",
    ]
    inner = members[3].content
    assert isinstance(inner, Extract)
    assert inner.text == "doc_content"
