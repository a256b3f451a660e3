"""What the benchmark of reading files measures, by hand; what it holds a file to say, on files made for it."""

from __future__ import annotations

import io
import json
import shutil
import struct
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from eval import extraction, extractors, reference_office
from eval.extraction import lost, score, words
from eval.extractors import Extraction, Extractor
from eval.reference import NoReference, page, reference, tools

REAL = Path(__file__).parents[2] / "shared" / "data" / "files"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def test_words_are_runs_of_letters_and_digits_whatever_marks_stand_between_them() -> None:
    assert words("**It's** my\\_file, 1,200 m²") == ["it", "s", "my", "file", "1", "200", "m2"]
    assert words("STRASSE Straße ﬁne") == ["strasse", "strasse", "fine"]


def test_each_han_character_and_kana_is_a_word() -> None:
    assert words("東京 Tokyo30歳 ひと") == ["東", "京", "tokyo30", "歳", "ひ", "と"]


def test_a_word_broken_at_the_end_of_a_line_is_one_word_and_a_list_is_not_joined() -> None:
    assert words("trans-\n  former co\u00adoperate\nitem\n- other 3-\n4") == [
        "transformer", "cooperate", "item", "other", "3", "4",
    ]  # fmt: skip


def test_a_score_counts_words_and_pairs_as_often_as_they_stand_there() -> None:
    found = score("a b b x y".split(), "a b a b c".split())
    assert found.recall == pytest.approx(3 / 5)  # a, b, b
    assert found.f1 == pytest.approx(2 * 3 / (5 + 5))
    assert found.order == pytest.approx(1 / 4)  # of a-b, b-a, a-b, b-c one a-b
    assert found.extra == pytest.approx(2 / 5)  # x, y
    assert lost("a b b x y".split(), "a b a b c".split()) == {"a": 1, "c": 1}


def test_the_same_words_in_another_order_keep_recall_and_lose_order() -> None:
    found = score("c b a".split(), "a b c".split())
    assert found == (1.0, 1.0, 0.0, 0.0)


def test_nothing_given_has_no_extra_words_and_one_word_has_no_order() -> None:
    assert score([], ["a", "b"]) == (0.0, 0.0, 0.0, None)
    assert score(["a"], ["a"]) == (1.0, 1.0, None, 0.0)


def test_docx_gives_body_notes_headers_and_charts_without_deletions_codes_and_fallbacks(tmp_path: Path) -> None:
    body = f"""<w:document {W} xmlns:mc="mc" {A}><w:body>
      <w:p><w:r><w:t>Hel</w:t></w:r><w:r><w:t>lo</w:t><w:tab/><w:t>there</w:t></w:r></w:p>
      <w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>
        <w:r><w:instrText>PAGE</w:instrText></w:r></w:p>
      <mc:AlternateContent><mc:Choice><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Choice>
        <mc:Fallback><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>
    </w:body></w:document>"""
    parts = {
        "word/document.xml": body,
        "word/header1.xml": f"<w:hdr {W}><w:p><w:r><w:t>head</w:t></w:r></w:p></w:hdr>",
        "word/footnotes.xml": f"<w:footnotes {W}><w:p><w:r><w:t>note</w:t></w:r></w:p></w:footnotes>",
        "word/charts/chart1.xml": '<c xmlns="c"><formatCode>General</formatCode><pt><v>7</v></pt></c>',
        "word/styles.xml": f"<w:styles {W}><w:p><w:r><w:t>style</w:t></w:r></w:p></w:styles>",
        "word/chunk.html": "<p>inserted</p>",
    }
    assert words(reference(_zip(tmp_path / "a.docx", parts)).text) == [
        "hello", "there", "box", "note", "head", "7", "inserted",
    ]  # fmt: skip


def test_pptx_gives_slides_in_their_order_and_notes_but_no_slide_numbers_and_layouts(tmp_path: Path) -> None:
    def slide(text: str) -> str:
        return f'<s {A}><a:p><a:r><a:t>{text}</a:t></a:r><a:fld type="slidenum"><a:t>9</a:t></a:fld></a:p></s>'

    parts = {f"ppt/slides/slide{number}.xml": slide(f"slide{number}") for number in (10, 2, 1)}
    parts |= {"ppt/notesSlides/notesSlide1.xml": slide("spoken"), "ppt/slideLayouts/slideLayout1.xml": slide("Click")}
    found = reference(_zip(tmp_path / "a.pptx", parts))
    assert words(found.text) == ["slide1", "slide2", "slide10", "spoken"]
    assert found.pages == 3


def test_xlsx_gives_stored_values_without_dates_percentages_errors_and_readings_of_characters(tmp_path: Path) -> None:
    sheet = f"""<worksheet {S}><sheetData>
      <row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="inlineStr"><is><t>in</t><t>line</t></is></c></row>
      <row><c><v>7.0999999999999996</v></c><c><v>3.0</v></c><c s="1"><v>41640</v></c><c s="2"><v>41640</v></c></row>
      <row><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c t="str"><v>joined</v></c><c s="3"><v>5</v></c></row>
      <row><c s="4"><v>0.6</v></c><c s="5"><v>0.7</v></c></row>
    </sheetData></worksheet>"""
    parts = {
        "xl/sharedStrings.xml": f"<sst {S}><si><t>plain</t></si><si><r><t>東</t></r><rPh><t>ひ</t></rPh></si></sst>",
        "xl/styles.xml": f"""<styleSheet {S}><numFmts><numFmt numFmtId="164" formatCode="d.m.yy"/>
            <numFmt numFmtId="166" formatCode="0.0%"/>
            <numFmt numFmtId="165" formatCode="[Red]0&quot;days&quot;"/></numFmts><cellXfs><xf numFmtId="0"/>
            <xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="9"/>
            <xf numFmtId="166"/></cellXfs></styleSheet>""",
        "xl/worksheets/sheet1.xml": sheet,
        "xl/comments1.xml": f"<comments {S}><comment><t>remark</t></comment></comments>",
        "xl/drawings/drawing1.xml": f"<d {A}><a:p><a:t>shape</a:t></a:p></d>",
    }
    assert words(reference(_zip(tmp_path / "a.xlsx", parts)).text) == [
        "plain", "東", "inline", "7", "1", "3", "true", "joined", "5", "remark", "shape",
    ]  # fmt: skip


def test_odt_gives_paragraphs_notes_and_page_headers_without_what_was_deleted(tmp_path: Path) -> None:
    names = 'xmlns:o="office" xmlns:t="text"'
    content = f"""<o:document {names}><o:body><o:text><t:tracked-changes><t:p>deleted</t:p></t:tracked-changes>
      <t:p>a<t:s/>b <t:note><t:note-citation>1</t:note-citation><t:note-body><t:p>note</t:p></t:note-body></t:note>
      c</t:p>
      <t:h>Title</t:h></o:text></o:body></o:document>"""
    styles = f"<o:styles {names}><o:header><t:p>head</t:p></o:header><o:other><t:p>sample</t:p></o:other></o:styles>"
    found = reference(_zip(tmp_path / "a.odt", {"content.xml": content, "styles.xml": styles}))
    assert words(found.text) == ["a", "b", "1", "note", "c", "title", "head"]


def test_epub_gives_the_pages_of_the_spine_in_its_order_and_apart_those_without_contents(tmp_path: Path) -> None:
    parts = {
        "META-INF/container.xml": '<c><rootfile full-path="O/p.opf"/></c>',
        "O/p.opf": """<p><item id="1" href="two.xhtml"/><item id="2" href="on%20e.xhtml"/><item id="3" href="no.xhtml"/>
            <item id="4" href="nav.xhtml" properties="nav"/><itemref idref="4"/><itemref idref="2"/>
            <itemref idref="1"/></p>""",
        "O/two.xhtml": "<?xml version='1.0' encoding='utf-8'?><html><head><title>t</title></head>two</html>",
        "O/on e.xhtml": "<html><body><p>one</p></body></html>",
        "O/no.xhtml": "<html><body>unlisted</body></html>",
        "O/nav.xhtml": "<html><body><ol><li>chapter</li></ol></body></html>",
    }
    found = reference(_zip(tmp_path / "a.epub", parts))
    assert words(found.text) == ["chapter", "one", "two"]
    assert words(found.main or "") == ["one", "two"]


def test_a_page_shows_all_but_scripts_and_hidden_things_and_its_main_text_is_that_of_the_article() -> None:
    found = page("""<html><head><title>t</title><style>x</style></head><body><header>site</header><nav>home</nav>
        <article><header>headline</header><p>te<b>xt</b></p><aside>more</aside></article><script>var</script>
        <p style="display: none">hidden</p><footer>imprint</footer></body></html>""")
    assert words(found.text) == ["site", "home", "headline", "text", "more", "imprint"]
    assert words(found.main or "") == ["headline", "text"]


def test_the_main_text_of_a_page_without_an_article_is_its_body_without_what_stands_beside() -> None:
    found = page("<header>site</header><div role='navigation'>home</div><table><tr><td>a</td><td>b</td></tr></table>")
    assert words(found.text) == ["site", "home", "a", "b"]
    assert words(found.main or "") == ["a", "b"]


def test_html_is_read_in_the_encoding_that_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes("<meta charset='iso-8859-1'><body>Café</body>".encode("latin-1"))
    assert words(reference(path).text) == ["café"]


MAIL = """From: Ann <ann@x.org>
To: Bob <bob@x.org>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=B

--B
Content-Type: multipart/alternative; boundary=C

--C
Content-Type: text/plain

Hello
--C
Content-Type: text/html

<p>Hello <b>you</b></p>
--C--
--B
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+d2ViPC9wPg==
--B
Content-Type: image/png
Content-Transfer-Encoding: base64

aGlkZGVu
--B
Content-Type: message/rfc822

Subject: inner

body
--B--
"""
MAIL_WORDS = "ann ann x org bob bob x org grüsse hello web inner body".split()


def test_a_mail_is_who_wrote_to_whom_about_what_and_its_parts_that_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_text(MAIL, encoding="utf-8")
    assert words(reference(path).text) == MAIL_WORDS


def test_a_mailbox_is_its_mails(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_text(
        f"From x Mon Jan 1 00:00:00 2024\n{MAIL}\nFrom y Mon Jan 1 00:00:00 2024\nSubject: second\n\nlast\n"
    )
    assert words(reference(path).text) == [*MAIL_WORDS, "second", "last"]


def test_msg_gives_who_wrote_the_body_and_attachments_that_are_mails_or_texts() -> None:
    def wide(text: str) -> bytes:
        return text.encode("utf-16-le")

    streams = {
        "__substg1.0_0C1A001F": wide("Ann"),
        "__substg1.0_0C1F001F": wide("/O=EXCHANGE"),
        "__substg1.0_0E04001E": b"Bob",
        "__substg1.0_0037001F": wide("subject"),
        "__substg1.0_1000001F": wide("body\0"),
        "__attach_version1.0_#00000000/__substg1.0_3707001F": wide("a.txt"),
        "__attach_version1.0_#00000000/__substg1.0_37010102": b"attached",
        "__attach_version1.0_#00000001/__substg1.0_3707001F": wide("a.png"),
        "__attach_version1.0_#00000001/__substg1.0_37010102": b"picture",
        "__attach_version1.0_#00000002/__substg1.0_3701000D/__substg1.0_1000001F": wide("inner"),
    }
    assert words(reference_office.msg(streams)) == ["ann", "bob", "subject", "body", "attached", "inner"]


def test_rtf_is_stripped_of_its_codes_and_each_stretch_read_in_the_encoding_of_its_font() -> None:
    source = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fprq2\fcharset204 Arial;}}
{\*\generator x;}{\info{\title t}}{\header head\par}\f0 caf\'e9 {\f1 \'cc\'e8\'f0}\par
{\field{\*\fldinst HYPERLINK "u"}{\fldrslt link}} \u26085?\uc2\u26412 ab\cell z\~y\-\{\par}"""
    assert words(reference_office.rtf(source)) == ["head", "café", "мир", "link", "日", "本", "z", "y"]


def test_ppt_gives_the_texts_of_slides_and_not_those_of_masters() -> None:
    def record(kind: int, content: bytes, version: int = 0) -> bytes:
        return struct.pack("<HHI", version, kind, len(content)) + content

    slide = record(0x03EE, record(0x0FA0, "Grüße".encode("utf-16-le")), 0xF)
    master = record(0x03F8, record(0x0FA8, b"Click"), 0xF)
    texts = record(0x0FF0, record(0x0FA8, b"title\rline"), 0x0F)
    assert words(reference_office.ppt(slide + master + texts)) == ["grüsse", "title", "line"]


def test_xls_gives_its_cells(tmp_path: Path) -> None:
    pytest.importorskip("xlrd")

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    label = record(0x0004, struct.pack("<HH3sB", 0, 0, b"\0\0\0", 4) + b"cell")
    value = record(0x0003, struct.pack("<HH3sd", 0, 1, b"\0\0\0", 2.5))
    path = tmp_path / "a.xls"
    path.write_bytes(record(0x0009, struct.pack("<HH", 2, 0x10)) + label + value + record(0x000A, b""))
    assert words(reference(path).text) == ["cell", "2", "5"]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler's pdftotext is not installed")
def test_pdf_gives_what_pdftotext_prints_and_the_number_of_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(_pdf("Hello there", "second page"))
    found = reference(path)
    assert words(found.text) == ["hello", "there", "second", "page"]
    assert found.pages == 2


def test_doc_gives_what_catdoc_prints_without_the_addresses_of_links(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = 'See HYPERLINK "http://a.example/b” the link and HYPERLINK "c" another.'
    monkeypatch.setattr("eval.reference._printed", lambda *words: printed)
    assert words(reference(Path("a.doc")).text) == ["see", "the", "link", "and", "another"]


def test_a_tool_that_is_not_there_is_said_not_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = tools()
    assert (found["pdftotext"], found["catdoc"]) == ("not installed", "not installed")
    assert found["lxml"][0].isdigit()


def test_texts_are_themselves_and_a_notebook_its_cells_and_outputs(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeffa,b".encode("utf-16-le"))
    (tmp_path / "a.xml").write_text("<?xml version='1.0'?><a x='no'><b>one</b>two</a>")
    cells = [
        {"source": ["# Head"], "cell_type": "markdown"},
        {"source": "1+1", "outputs": [{"data": {"text/plain": ["2"], "image/png": "x"}}, {"text": "printed"}]},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    assert words(reference(tmp_path / "a.csv").text) == ["a", "b"]
    assert words(reference(tmp_path / "a.xml").text) == ["one", "two"]
    assert words(reference(tmp_path / "a.ipynb").text) == ["head", "1", "1", "2", "printed"]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.docx", b"\xd0\xcf\x11\xe0 rest", "it is encrypted"),
        ("a.xlsx", b"nothing", "BadZipFile"),
        ("a.txt", b"\xff", "UnicodeDecodeError"),
        ("a.bin", b"x", "no route to the text of .bin"),
    ],
)
def test_a_file_whose_text_cannot_be_had_has_no_reference(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(NoReference, match=why):
        reference(tmp_path / name)


class StandIn:
    """Gives a text for each name of a file; a name that it does not know is a failure."""

    def __init__(self, name: str, texts: Mapping[str, str], seconds: tuple[float, ...] = (3.0, 1.0, 2.0)) -> None:
        self.name = name
        self._texts, self._seconds = texts, seconds

    def read(self, path: Path, *, rounds: int) -> Extraction:
        if path.name not in self._texts:
            return Extraction(error="no")
        return Extraction(self._texts[path.name], self._seconds[:rounds])


@pytest.fixture
def records(tmp_path: Path) -> list[dict[str, object]]:
    for name, text in (("a.txt", "one two"), ("b.txt", "one two three four"), ("c.txt", "..."), ("d.csv", "x")):
        (tmp_path / name).write_text(text)
    systems = [
        StandIn("footnote", {"a.txt": "one two", "b.txt": "four", "c.txt": "?"}),
        StandIn("other", {"a.txt": "one other", "b.txt": "one two three four", "d.csv": "x"}, (0.5,)),
    ]
    return extraction.measure(extraction.listed(tmp_path, []), tmp_path, systems, rounds=3)  # type: ignore[arg-type]


def test_means_count_a_failure_as_nothing_read_and_leave_out_files_without_a_word(
    records: list[dict[str, object]],
) -> None:
    found = extraction.summary(records)
    own, other = found[".txt"]["systems"]["footnote"], found[".txt"]["systems"]["other"]
    assert found[".txt"]["files"] == 2
    assert own["recall"] == pytest.approx((1 + 1 / 4) / 2)
    assert own["recall_of_all_words"] == pytest.approx(3 / 6)
    assert own["f1"] == pytest.approx((1 + 2 * 1 / (1 + 4)) / 2)
    assert own["order"] == pytest.approx(1 / 2)
    assert other["recall"] == pytest.approx((1 / 2 + 1) / 2)
    assert other["extra"] == pytest.approx((1 / 2 + 0) / 2)
    assert (own["median_seconds"], own["pages_per_second"]) == (2.0, 0.5)
    assert found[".csv"]["systems"]["footnote"]["recall"] == 0
    assert found[".csv"]["systems"]["footnote"]["failed"] == 1
    assert found[".csv"]["systems"]["other"]["pages_per_second"] is None


def test_the_table_marks_where_footnote_is_behind_and_counts_failures(records: list[dict[str, object]]) -> None:
    lines = extraction.table(extraction.summary(records)).splitlines()
    assert lines[2].split() == [".csv", "1", "0.000", "(1)", "1.000", "behind"]
    assert lines[3].split() == [".txt", "2", "0.625", "0.750", "behind"]


def test_the_table_of_the_readme_has_recall_f1_and_speed_of_each_system(records: list[dict[str, object]]) -> None:
    assert extraction.markdown(extraction.summary(records)).splitlines() == [
        "| | files | footnote | other |",
        "|---|---:|---|---|",
        "| .csv | 1 | 0.000 (1) · 0.000 · – | 1.000 · 1.000 · – |",
        "| .txt | 2 | 0.625 · 0.700 · 0.5 | 0.750 · 0.750 · 2.0 |",
    ]


def test_what_footnote_misses_is_listed_with_what_others_have(records: list[dict[str, object]]) -> None:
    assert extraction.misses(records).splitlines() == [
        "d.csv: footnote 0.000, other 1.000",
        "    no",
        "b.txt: footnote 0.250, other 1.000",
        "    misses one two three",
    ]


def test_only_the_formats_asked_for_are_read(tmp_path: Path) -> None:
    for name in ("a.txt", "B.PDF", "c.csv"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in extraction.listed(tmp_path, ["pdf", ".csv"])] == ["B.PDF", "c.csv"]


def test_a_system_in_a_process_of_its_own_gives_text_seconds_and_the_reason_of_a_failure(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some text.")
    (tmp_path / "a.unknown").write_text("Some text.")
    system = Extractor("footnote")
    try:
        good, bad = (system.read(tmp_path / name, rounds=2) for name in ("a.txt", "a.unknown"))
    finally:
        system.close()
    assert (good.text, len(good.seconds), good.error) == ("Some text.", 2, None)
    assert bad.text == ""
    assert (bad.error or "").startswith("UnsupportedFormat: .unknown files are not supported")


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; sys.stdin.readline()", "its process died"),
        ("import time; time.sleep(60)", "no answer within 0 seconds"),
    ],
)
def test_a_crash_and_a_hang_are_failures_of_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, told: str
) -> None:
    system = Extractor("footnote", timeout=20 if "stdin" in program else 0.2)
    monkeypatch.setattr(system, "_command", [sys.executable, "-c", program])
    try:
        assert system.read(tmp_path / "a.txt", rounds=1).error == told
        assert system.read(tmp_path / "b.txt", rounds=1).error == told
    finally:
        system.close()


def test_a_system_that_is_not_installed_says_so() -> None:
    system = Extractor("footnote", python=sys.executable)
    system._command = [sys.executable, "-S", "-m", "eval.extractors", "markitdown"]  # -S: without site-packages
    try:
        with pytest.raises(RuntimeError, match=r"footnote: No module named 'markitdown'"):
            system.versions()
    finally:
        system.close()


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_what_real_texts_say_is_read_whole() -> None:
    names = ["docling/ipa20200022300.md", "tika/testTXT_win-1252.txt", "docling/example_04.html"]
    system = Extractor("footnote")
    try:
        records = extraction.measure([REAL / name for name in names], REAL, [system], rounds=1)
    finally:
        system.close()
    recalls = [record["systems"]["footnote"]["scores"][""]["recall"] for record in records]
    assert recalls == [1.0, 1.0, 1.0]


def test_every_measured_system_names_the_packages_that_read() -> None:
    assert set(extractors.PACKAGES) == set(extractors.SYSTEMS)


def _zip(path: Path, parts: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def _pdf(*pages: str) -> bytes:
    """A page for each text, in Helvetica."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, text in enumerate(pages):
        stream = f"BT /F 12 Tf 72 700 Td ({text}) Tj ET"
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {5 + 2 * number} 0 R"
                       "/Resources<</Font<</F 3 0 R>>>>>>")  # fmt: skip
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, one in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj{one}endobj\n".encode())
    table = out.tell()
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    out.write(f"xref\n0 {size}\n0000000000 65535 f \n{rows}trailer<</Size {size}/Root 1 0 R>>\n".encode())
    out.write(f"startxref\n{table}\n%%EOF".encode())
    return out.getvalue()
