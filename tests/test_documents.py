"""Files become documents: exact text, offsets that hold, and a reason for every file that does not."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from rag import documents
from rag.config import DocumentSettings
from rag.documents import SUFFIXES, find
from rag.documents.dates import date_in_line, iso_date, pdf_date
from rag.documents.extract import Extract, clean_title, settled
from rag.documents.sandbox import Sandbox
from rag.errors import DocumentError, EmptyDocument, EncryptedDocument, UnreadableDocument, UnsupportedFormat
from rag.types import Document

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"

Write = Callable[[str, "bytes | str"], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return written


def load(path: Path) -> Document:
    """The one document of a file."""
    (document,) = documents.load(path).documents
    return document


def headings(document: Document) -> list[str]:
    return [document.text[start:end] for start, end in document.headings]


# Plain text


NEWS = """Talks open in Riyadh

Example News, 12 March 2025
By Anna Smith and Omar Haddad

Envoys met on Tuesday. No date was named.
"""


def test_a_news_text_gives_title_date_and_author_and_keeps_every_line(write: Write) -> None:
    path = write("news.txt", NEWS)
    document = load(path)
    assert document.text == NEWS
    assert (document.title, document.date, document.author) == (
        "Talks open in Riyadh",
        "2025-03-12",
        "Anna Smith and Omar Haddad",
    )
    assert headings(document) == ["Talks open in Riyadh"]
    assert document.path == str(path.resolve())
    assert document.sha256 == hashlib.sha256(NEWS.encode()).hexdigest()
    assert document.pages == ()


def test_a_text_that_begins_with_a_sentence_is_named_after_its_file(write: Write) -> None:
    document = load(write("report_7.txt", "The envoys met on Tuesday in Riyadh.\nBy the evening they had left.\n"))
    assert (document.title, document.author, document.date, document.headings) == ("report_7", None, None, ())


def test_windows_newlines_become_one_character_and_offsets_follow(write: Write) -> None:
    document = load(write("a.txt", b"\r\nTalks open\r\n\r\nEnvoys met.\rNo date."))
    assert document.text == "\nTalks open\n\nEnvoys met.\nNo date."
    assert headings(document) == ["Talks open"]


def test_offsets_of_an_extract_move_with_its_newlines() -> None:
    text = "\r\nOne\r\n\r\nTwo\r\rThree"
    settled_extract = settled(Extract(text=text, pages=(0, 9), headings=((2, 5), (14, 19))))
    assert settled_extract.text == "\nOne\n\nTwo\n\nThree"
    assert settled_extract.pages == (0, 6)
    assert [settled_extract.text[a:b] for a, b in settled_extract.headings] == ["One", "Three"]


def test_a_lone_surrogate_is_replaced_and_listed_as_a_gap() -> None:
    extract = settled(Extract(text="a\ud800b"))
    assert extract.text == "a\ufffdb"
    assert extract.gaps == ("characters that stand for no text, shown as \ufffd: 1",)


def test_nulls_are_replaced_in_a_text_and_removed_from_what_describes_it() -> None:
    extract = settled(Extract(text="a\0b\r\nc", title="T\0i\udc00tle", author="A\0nna", headings=((5, 6),)))
    assert (extract.text, extract.title, extract.author) == ("a\ufffdb\nc", "Title", "Anna")
    assert extract.headings == ((4, 5),)
    assert extract.gaps == ("characters that stand for no text, shown as \ufffd: 1",)


def test_no_kind_of_file_gives_nulls_or_half_surrogates(write: Write) -> None:
    half = pdf(["Envoys met."], info="/Title <FEFF0041D80000420020> /Author <FEFF00410000004200430020>")
    files = {
        "a.md": '---\ntitle: "A\\uD800 b\\0c"\nauthor: "An\\0na"\n---\n# Talks\n',
        "a.html": "<title>A&#0;&#xD800;</title><article><p>Envoys &#0; met &#xD800; here &#57343;.</p></article>",
        "a.pdf": half,
    }
    for name, content in files.items():
        document = load(write(name, content))
        everything = "".join((document.text, document.title, document.author or "", *document.gaps))
        assert "\0" not in everything
        assert everything.encode("utf-8").decode("utf-8") == everything
    assert load(write("a.md", files["a.md"])).title == "A bc"
    assert load(write("a.pdf", half)).text == "Envoys met."


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_names_the_encoding_and_is_no_text(write: Write, mark: bytes, encoding: str) -> None:
    assert load(write("a.txt", mark + "Žofie and 😀 met.".encode(encoding))).text == "Žofie and 😀 met."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Café society met at the château. The façade, the minister said.", "latin-1"),
        ("He said “we will not go” – those were the minister’s words.", "cp1252"),
        ("Президент России встретился с госсекретарём США во вторник в столице.", "cp1251"),
        ("日本の首相は火曜日に東京で記者会見を行った。", "cp932"),
    ],
)
def test_a_legacy_encoding_is_told(write: Write, text: str, encoding: str) -> None:
    assert load(write("a.txt", text.encode(encoding))).text == text


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 8, b"text\0with nulls", b"\x01\x02\x03\x04 abc", b"\x89PNG\r\n\x1a\n\0\0"]
)
def test_binary_data_under_the_name_of_a_text_is_rejected(write: Write, data: bytes) -> None:
    with pytest.raises(UnreadableDocument):
        load(write("a.txt", data))


@pytest.mark.parametrize("data", [b"", b" \r\n\t ", codecs.BOM_UTF8])
def test_a_file_without_text_is_empty(write: Write, data: bytes) -> None:
    with pytest.raises(EmptyDocument):
        load(write("a.txt", data))


# Dates and titles


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2025", "2025"),
        ("2025-03", "2025-03"),
        ("2025-03-12T10:15:00Z", "2025-03-12"),
        ("12 March 2025", "2025-03-12"),
        ("Wednesday, March 12th, 2025 at 10:15 GMT", "2025-03-12"),
        ("Sept. 2025", "2025-09"),
        ("03/12/2025", None),
        ("31 February 2025", None),
        ("12 Marchember 2025", None),
    ],
)
def test_a_date_is_as_precise_as_it_is_written(value: str, date: str | None) -> None:
    assert iso_date(value) == date


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("Published: 2025-03-12", "2025-03-12"),
        ("Example News, 12 March 2025", "2025-03-12"),
        ("Updated on 12 March 2025, 10:15", "2025-03-12"),
        ("The talks of 12 March 2025 led to nothing", None),
        ("Looking back at 2025", None),
        ("The treaty on the river was signed in Minsk, 12 February 2015.", None),
    ],
)
def test_only_a_dateline_dates_a_text(line: str, date: str | None) -> None:
    assert date_in_line(line) == date


def test_a_pdf_date_is_read_with_and_without_its_prefix() -> None:
    assert pdf_date("D:20250312101500+01'00'") == "2025-03-12"
    assert pdf_date("202503") == "2025-03"
    assert pdf_date("yesterday") is None


@pytest.mark.parametrize(
    ("given", "title"),
    [("Microsoft Word - Final report.docx", "Final report"), ("untitled", ""), ("(anonymous)", ""), ("Document1", ""),
     ("  The  talks\n", "The talks"), ("Titles of 2025", "Titles of 2025")],
)  # fmt: skip
def test_titles_that_programs_leave_are_cleaned(given: str, title: str) -> None:
    assert clean_title(given) == title


# Markdown


def test_front_matter_is_metadata_and_no_text(write: Write) -> None:
    front = "---\ntitle: The talks\ndate: 2025-03-12\nauthor: [Anna Smith, Omar Haddad]\ntags: [a]\n---\n"
    document = load(write("a.md", front + "\n# Opening\n\nThey met.\n"))
    assert document.text == "# Opening\n\nThey met.\n"
    assert (document.title, document.date, document.author) == ("The talks", "2025-03-12", "Anna Smith, Omar Haddad")
    assert headings(document) == ["# Opening"]


def test_broken_front_matter_stays_text(write: Write) -> None:
    source = "---\ntitle: [open\n---\n\nThey met.\n"
    assert load(write("a.md", source)).text == source


@pytest.mark.parametrize("yaml", ["title: T: x\ndate: 2025-02-30", "# by hand\n\ntitle: [open", "date: 2025-02-30"])
def test_broken_front_matter_gives_no_title_and_is_a_gap(write: Write, yaml: str) -> None:
    source = f"---\n{yaml}\n---\n\nThey met.\n\n## The second day\n\nThey parted.\n"
    document = load(write("report.md", source))
    assert (document.text, document.title, document.date) == (source, "The second day", None)
    assert headings(document) == ["## The second day"]
    assert document.gaps == (
        "its front matter is not valid YAML: it stays in the text, and no title, date or author was taken from it",
    )
    assert load(write("report.md", source.replace("## ", ""))).title == "report"


@pytest.mark.parametrize("between", ["They met: at noon: in Riyadh", "The talks", "- [a: b: c"])
def test_text_between_two_rules_is_no_front_matter(write: Write, between: str) -> None:
    source = f"---\n{between}\n---\n\nThey met.\n"
    document = load(write("a.md", source))
    assert (document.text, document.gaps) == (source, ())
    assert headings(document) == ([] if between.startswith("-") else [f"{between}\n---"])


def test_markdown_is_kept_as_written_and_its_headings_are_found(write: Write) -> None:
    source = "# The *first* day\n\n```\n# no heading\n```\n\nSecond\nday\n======\n\n   ## Third ##\nEnd."
    document = load(write("a.markdown", source.replace("\n", "\r\n")))
    assert document.text == source
    assert headings(document) == ["# The *first* day", "Second\nday\n======", "## Third ##"]
    assert document.title == "The first day"


# Web pages

PARAGRAPHS = (
    "Envoys of the two countries met in Riyadh on Tuesday for the first talks since the war began, officials said.",
    "The foreign minister said that the delegations had agreed to appoint teams, but had set no date.",
    "“We were not invited,” a spokesman in Kyiv said. He added that a decision without Ukraine would have no force.",
    "European leaders will meet in Paris on Monday to discuss what the talks mean for the security of the continent.",
)
UNWANTED = (
    "We use cookies", "Accept all", "Home", "Sport", "Share on", "Read more", "Also read",
    "RELATED", "Watch:", "See also", "Subscribe", "Most read", "Copyright", "alert(",
    "Earlier story", "Oil price", "Great debate", "Another tale",
)  # fmt: skip
PAGE = f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Talks open in Riyadh | Example News</title>
<meta property="og:title" content="Talks open in Riyadh"><meta name="author" content="Anna Smith">
<meta property="article:published_time" content="2025-03-12T08:00:00Z"><script>alert("x")</script></head><body>
<div id="cookie-banner" class="cookie-consent"><p>We use cookies to improve your experience and show advertisements.</p>
<button>Accept all</button></div>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav></header>
<main><article><h1>Talks open in Riyadh</h1>
<div class="share-bar"><a href="#">Share on X</a> <a href="#">Share on Facebook</a></div>
<p>{PARAGRAPHS[0]}</p>
<p><strong>Read more:</strong> <a href="/1">Earlier story of the war that went before the talks in the capital</a></p>
<p>{PARAGRAPHS[1]}</p>
<div><b>Also read</b> – <a href="/2">Oil price falls</a></div>
<h2>Reactions</h2>
<p>{PARAGRAPHS[2]}</p>
<p>RELATED: Another tale of two cities</p>
<table><tr><th>Country</th><th>Envoy</th></tr><tr><td>Norway</td><td>Kari Nordmann</td></tr></table>
<p>{PARAGRAPHS[3]}</p>
<p>Watch: the arrival of the delegations</p>
<h3>See also</h3><ul><li><a href="/3">Great debate on the budget</a></li></ul>
<div class="newsletter-signup"><p>Subscribe to our newsletter and never miss a story again.</p></div></article>
<aside class="sidebar"><h3>Most read</h3><ul><li><a href="/4">Earlier story</a></li></ul></aside></main>
<footer><p>Copyright 2025 Example News. All rights reserved by the publisher.</p></footer></body></html>"""


def test_a_page_becomes_its_article_and_nothing_else(write: Write) -> None:
    document = load(write("a.html", PAGE))
    assert document.text == "\n\n".join(
        ["Talks open in Riyadh", *PARAGRAPHS[:2], "Reactions", PARAGRAPHS[2], "Country | Envoy\nNorway | Kari Nordmann",
         PARAGRAPHS[3]]
    )  # fmt: skip
    assert not [words for words in UNWANTED if words in document.text]
    assert headings(document) == ["Talks open in Riyadh", "Reactions"]
    assert (document.title, document.author, document.date) == ("Talks open in Riyadh", "Anna Smith", "2025-03-12")


def test_a_page_without_article_markup_loses_no_paragraph(write: Write) -> None:
    menu, imprint = "<div class=menu><a href=/>Home</a></div>", "<div class=footer>Imprint</div>"
    body = "".join(f'<div class="c{n}"><p>{text}</p></div>' for n, text in enumerate(PARAGRAPHS))
    page = f"<html><body>{menu}<h1>Talks</h1>{body}{imprint}</body></html>"
    text = load(write("a.htm", page)).text
    assert text.split("\n\n") == ["Talks", *PARAGRAPHS]


def test_a_paragraph_that_only_looks_like_a_pointer_is_kept(write: Write) -> None:
    kept = ["Watch-makers of Geneva say that they sell less.", "Related parties must say so.", "Listening is hard."]
    body = "".join(f"<p>{text}</p>" for text in kept)
    page = f"<html><body><article><div><p>Watch: the arrival</p>{body}</div></article></body></html>"
    assert load(write("a.html", page)).text == "\n\n".join(kept)


def in_article(write: Write, inside: str) -> list[str]:
    """The blocks that are left of what stands among the paragraphs of an article."""
    before, after = (f"<p>{text}</p>" for text in PARAGRAPHS[:2])
    page = f"<html><body><article><h1>Talks</h1>{before}{inside}{after}</article></body></html>"
    blocks = load(write("a.html", page)).text.split("\n\n")
    assert [blocks[0], blocks[1], blocks[-1]] == ["Talks", *PARAGRAPHS[:2]]
    return blocks[2:-1]


@pytest.mark.parametrize(
    ("inside", "left"),
    [
        ('<h2 id="related-party-transactions">Related party transactions</h2>', ["Related party transactions"]),
        ('<h2 id="cookies"><a href="#cookies">Cookies</a></h2>', ["Cookies"]),
        ('<h2 id="related"><a href="#related">Related companies</a></h2>', ["Related companies"]),
        ("<h2>Watch</h2><p>The guards slept.</p>", ["Watch", "The guards slept."]),
        (
            "<blockquote><p>We will not go.</p><footer>Ana Lesk, envoy</footer></blockquote>",
            ["We will not go.", "Ana Lesk, envoy"],
        ),
        (
            '<section id="cookies-2"><h2>On cookies</h2><p>They are small files.</p></section>',
            ["On cookies", "They are small files."],
        ),
        (
            '<section id="share-buyback"><p>It will buy back 300,000 shares in May.</p></section>',
            ["It will buy back 300,000 shares in May."],
        ),
        (
            '<div class="social-impact"><p>It gave 12 million crowns to schools.</p></div>',
            ["It gave 12 million crowns to schools."],
        ),
        *(
            (f"<p>{text}</p>", [text])
            for text in (
                "Watch – that is what the guards did all night, said Ana Lesk.",
                "Related: the court fined the company 9 million crowns for the spill.",
                "Share this story with the children, the minister told teachers.",
                "“By signing up you agree to the terms of the army,” the recruiter said.",
                "Sign up for the newsletter, the minister told 400 farmers.",
                "© 2025 was printed on each note, the police said.",
                "The law says that all rights reserved to the crown end in May.",
            )
        ),
    ],
)
def test_what_only_looks_like_the_site_s_own_stays_in_the_article(write: Write, inside: str, left: list[str]) -> None:
    assert in_article(write, inside) == left


@pytest.mark.parametrize(
    "inside",
    [
        '<p><a href="/1">Also on Euronews: Syria returns three kids</a></p>',
        '<p><a href="/1">Read more about how Syria returned the three children</a></p>',
        '<a href="/1">Read more about how Syria returned the three children.</a>',
        "<p>By signing up you agree to our terms.</p>",
        "<p>By signing up, you agree to our <a href=/t>Terms of use</a> and our privacy policy.</p>",
        "<p>Sign up for our newsletter to get the news of the day.</p>",
        "<div>Share this article on Facebook.</div>",
        "<p>Share this story</p>",
        "<p>© 2025 Outlet. All rights reserved.</p>",
        "<p>Copyright Outlet. All rights reserved.</p>",
        '<div class="c-article__related-stories"><p>Syria returned three children.</p></div>',
        '<div class="shareBar"><p>Tell your friends of it.</p></div>',
        '<div id="newsletter-form"><h3>Stay informed</h3><p>The news of the day, every day.</p></div>',
        '<div id="related"><h3>Related</h3><p><a href="/1">Syria returned three children.</a></p></div>',
        '<div class="party-related"><a href="/1">Syria returned three children.</a></div>',
        "<aside><article><h3><a href=/1>Syria</a></h3><p>Syria returned three children.</p></article></aside>",
        '<div class="related"><article><p>Syria returned three children, officials said.</p></article></div>',
        "<p><del>Twelve</del></p>",
    ],
)
def test_what_is_the_site_s_own_is_dropped_inside_the_article_too(write: Write, inside: str) -> None:
    assert in_article(write, inside) == []


def test_a_comment_marked_as_an_article_is_not_the_article(write: Write) -> None:
    story = "".join(
        f"<p>Paragraph {number} of the story tells what the envoys of both sides did.</p>" for number in range(9)
    )
    page = f"<html><body><main><h1>Talks</h1><div>{story}</div><article><p>I agree.</p></article></main></body></html>"
    text = load(write("a.html", page)).text
    assert all(f"Paragraph {number} of the story" in text for number in range(9))


def test_a_first_sentence_that_begins_with_by_names_no_author(write: Write) -> None:
    document = load(
        write("a.txt", "Talks open\n\nBy Tuesday, rescuers had reached all but three villages.\n\nIt rained.")
    )
    assert document.author is None


def test_a_label_stays_with_its_headline_so_that_neither_is_evidence(write: Write) -> None:
    headline = "Syria returns three French children to Paris after years in a camp"
    assert in_article(write, f"<p>Read more:</p><p>{headline}</p>") == ["Read more:", headline]
    assert in_article(write, f"<h3>Related</h3><p>{headline}</p>") == ["Related", headline]
    assert in_article(write, f"<p>Read more:</p><p>{headline}, he said.</p>") == [f"{headline}, he said."]


def test_lists_line_breaks_and_white_space_are_those_that_a_browser_shows(write: Write) -> None:
    page = "<html><body><p>One\n  two<br>three <b>fo</b>ur&shy;teen</p><ul><li>red</li><li>blue</li></ul></body></html>"
    assert load(write("a.html", page)).text == "One two\nthree fourteen\n\nred\n\nblue"


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("iso-8859-1", "cp1252"),
        ("windows-1251", "cp1251"),
        ("Shift_JIS", "cp932"),
        ("latin-1", "utf-8"),
        ("idna", "utf-8"),
    ],
)
def test_a_page_is_decoded_as_it_declares_unless_it_is_utf8(write: Write, declared: str, encoding: str) -> None:
    words = {"cp1251": "Переговоры начались.", "cp932": "会談が始まった。"}.get(encoding, "“Café” – talks began.")
    page = f'<html><head><meta charset="{declared}"></head><body><p>{words}</p></body></html>'
    assert load(write("a.html", page.encode(encoding))).text == words


def test_a_page_reads_no_other_file(write: Write, tmp_path: Path) -> None:
    write("secret", "top secret")
    page = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><html><body><p>See &x; here.</p></body></html>'
    )
    assert "top secret" not in load(write("a.xhtml", page)).text


def test_a_page_without_text_is_empty(write: Write) -> None:
    with pytest.raises(EmptyDocument):
        load(write("a.html", "<html><body><script>var a = 1;</script></body></html>"))


def test_a_page_that_nests_too_deeply_says_that_it_was_not_read(write: Write) -> None:
    page = f"<html><body><p>Before.</p>{'<div>' * 400}<p>Within.</p></body></html>"
    document = load(write("a.html", page))
    assert document.text == "Before."
    assert document.gaps == ("its elements are nested too deeply: what follows was not read",)


# PDF


def pdf(pages: list[str], info: str = "", trailer: str = "") -> bytes:
    """A minimal PDF: each page shows the lines of its text."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< {info} >>".encode(),
    ]
    for number, text in enumerate(pages):
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in text.splitlines())
        stream = f"BT /F1 12 Tf 72 720 Td {shown} ET".encode()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {6 + 2 * number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R {trailer} >>\nstartxref\n{xref}\n%%EOF\n"
    return bytes(out + end.encode())


def test_a_pdf_has_text_page_starts_and_metadata(write: Write) -> None:
    info = "/Title (Microsoft Word - Final report.docx) /Author (Anna Smith) /CreationDate (D:20250312101500Z)"
    document = load(write("a.pdf", pdf(["First page.\nIt has two lines.", "", "Third page."], info)))
    assert document.text == "First page.\nIt has two lines.\n\n\n\nThird page."
    assert document.pages == (0, 31, 33)
    assert [document.page_at(document.text.index(word)) for word in ("First", "two", "Third")] == [1, 1, 3]
    assert document.gaps == ("page 2: no text",)
    assert (document.title, document.author, document.date) == ("Final report", "Anna Smith", "2025-03-12")


def test_a_word_broken_at_the_end_of_a_line_is_whole_again(write: Write) -> None:
    text = "The carbon-free talks were impor-\ntant for a carbon-\nfree future."
    assert load(write("a.pdf", pdf([text]))).text == "The carbon-free talks were important for a carbon-free future."


def test_a_pdf_without_text_is_rejected(write: Write) -> None:
    with pytest.raises(EmptyDocument, match="its pages hold no text"):
        load(write("a.pdf", pdf(["", ""])))


def test_a_pdf_with_a_password_says_so(write: Write) -> None:
    # The hashes fit no password at all, so that the empty one is refused like any other.
    owner, user, name = "11" * 32, "22" * 32, "33" * 16
    encrypt = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{owner}> /U <{user}> /P -4 >> /ID [<{name}> <{name}>]"
    with pytest.raises(EncryptedDocument, match="password") as caught:
        load(write("a.pdf", pdf(["Secret."], trailer=encrypt)))
    assert "Save a copy without the password." in caught.value.reason


@pytest.mark.parametrize("data", [b"%PDF-1.7\nnothing", b"no pdf at all"])
def test_a_damaged_pdf_is_rejected(write: Write, data: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="damaged"):
        load(write("a.pdf", data))


# Word


def docx_bytes(build: Callable[[object], None]) -> bytes:
    import docx

    document = docx.Document()
    build(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def with_part(data: bytes, changes: dict[str, Callable[[str], str]]) -> bytes:
    """Rewrite parts of a package."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(
                name,
                changes.get(name, lambda text: text)(old.read(name).decode()) if name in changes else old.read(name),
            )
    return out.getvalue()


def article(document: object) -> None:
    document.core_properties.title = "The talks"  # type: ignore[attr-defined]
    document.core_properties.author = "Anna Smith"  # type: ignore[attr-defined]
    document.add_heading("Talks open", 1)  # type: ignore[attr-defined]
    document.add_paragraph("Envoys met in Riyadh.")  # type: ignore[attr-defined]
    table = document.add_table(2, 2)  # type: ignore[attr-defined]
    for cell, text in zip(table._cells, ("Country", "Envoy", "Norway", "Kari\nNordmann"), strict=True):
        cell.text = text
    document.add_paragraph("They parted.")  # type: ignore[attr-defined]


def test_a_word_document_keeps_the_order_of_paragraphs_and_tables(write: Write) -> None:
    document = load(write("a.docx", docx_bytes(article)))
    assert (
        document.text
        == "Talks open\n\nEnvoys met in Riyadh.\n\nCountry | Envoy\nNorway | Kari Nordmann\n\nThey parted."
    )
    assert headings(document) == ["Talks open"]
    assert (document.title, document.author, document.date) == ("The talks", "Anna Smith", None)


@pytest.mark.parametrize(
    ("created", "date"),
    [
        (datetime(2013, 12, 23, 23, 15), None),
        (datetime(2013, 12, 23, 23, 16), "2013-12-23"),
        (datetime(2025, 3, 12, 8), "2025-03-12"),
    ],
)
def test_the_date_of_the_template_of_python_docx_dates_no_document(
    write: Write, created: datetime, date: str | None
) -> None:
    def build(document: object) -> None:
        article(document)
        document.core_properties.created = created  # type: ignore[attr-defined]

    assert load(write("a.docx", docx_bytes(build))).date == date


def test_tracked_insertions_controls_and_text_boxes_are_read_and_deletions_are_not(write: Write) -> None:
    body = (
        "<w:p><w:r><w:t>They </w:t></w:r><w:del><w:r><w:delText>never </w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>soon met.</w:t></w:r></w:ins></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>Beside</w:t><w:pict><w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></w:r></w:p>"
    )
    data = with_part(docx_bytes(article), {"word/document.xml": lambda xml: xml.replace("<w:body>", "<w:body>" + body)})
    assert load(write("a.docx", data)).text.startswith(
        "They soon met.\n\nIn a control.\n\nBeside\n\nIn a box.\n\nTalks open"
    )


def test_a_protected_word_document_and_an_old_one_are_told_apart(write: Write) -> None:
    ole = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600
    with pytest.raises(EncryptedDocument):
        load(write("a.docx", ole + "EncryptedPackage".encode("utf-16-le")))
    with pytest.raises(UnreadableDocument, match="Office 97"):
        load(write("b.docx", ole))


def test_a_zip_bomb_is_not_unpacked(write: Write) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "")
    data = bytearray(stream.getvalue())
    at = data.index(b"PK\x01\x02") + 24  # the size in the central directory
    data[at : at + 4] = (300_000_000).to_bytes(4, "little")
    with pytest.raises(UnreadableDocument, match="larger than 200 MB"):
        load(write("a.docx", bytes(data)))


@pytest.mark.parametrize("data", [b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_a_damaged_word_document_is_rejected(write: Write, data: bytes) -> None:
    with pytest.raises(UnreadableDocument):
        load(write("a.docx", data))


# Files and folders


def test_an_unknown_kind_of_file_is_refused_with_the_known_ones(write: Write) -> None:
    with pytest.raises(UnsupportedFormat, match=r"\.xyz files are not supported.*\.docx.*\.pdf") as caught:
        load(write("a.xyz", "text"))
    assert caught.value.path.endswith("a.xyz")
    assert {".txt", ".md", ".html", ".pdf", ".docx"} <= SUFFIXES


def test_the_case_of_a_suffix_does_not_matter(write: Write) -> None:
    assert load(write("A.TXT", "They met.")).text == "They met."


def test_what_is_no_readable_file_is_rejected_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableDocument, match="there is no such file"):
        load(tmp_path / "absent.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(UnreadableDocument, match="it is a folder"):
        load(tmp_path / "folder.txt")
    with pytest.raises(UnreadableDocument):
        load("null\0character.txt")
    (tmp_path / "a.txt").write_text("They met.")
    monkeypatch.setattr("rag.documents.LARGEST_FILE", 5)
    with pytest.raises(UnreadableDocument, match="larger than"):
        load(tmp_path / "a.txt")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_says_so(write: Write) -> None:
    path = write("a.txt", "They met.")
    path.chmod(0)
    with pytest.raises(UnreadableDocument, match="you may not read it"):
        load(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_hold_up_the_reader(tmp_path: Path) -> None:
    for name in ("pipe.txt", "pipe"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(UnreadableDocument, match="it is not an ordinary file"):
            load(tmp_path / name)
    assert find([tmp_path]).files == [tmp_path / "pipe", tmp_path / "pipe.txt"]


def test_a_folder_is_walked_in_order_and_leaves_out_hidden_and_lock_files(write: Write, tmp_path: Path) -> None:
    wanted = [write(name, "x") for name in ("b.txt", "sub/c.unknown", "sub/deep/a.md", "z.pdf")]
    for name in (".hidden.txt", ".git/config.txt", "~$report.docx"):
        write(name, "x")
    assert find([tmp_path, tmp_path / "b.txt", str(tmp_path / "sub")]) == (sorted(wanted), [])


def test_links_out_of_a_folder_are_not_followed_and_those_within_count_once(write: Write, tmp_path: Path) -> None:
    inside = write("folder/a.txt", "x")
    outside = write("elsewhere/secret.txt", "x")
    (tmp_path / "folder" / "out.txt").symlink_to(outside)
    (tmp_path / "folder" / "out").symlink_to(outside.parent)
    (tmp_path / "folder" / "again.txt").symlink_to(inside)
    (tmp_path / "folder" / "loop").symlink_to(tmp_path / "folder")
    (tmp_path / "folder" / "nowhere").symlink_to(tmp_path / "absent")
    (tmp_path / "folder" / "self").symlink_to(tmp_path / "folder" / "self")
    (tmp_path / "folder" / ".hidden").symlink_to(outside)
    out, nothing = "it is a link that leads out of the folder", "it is a link to nothing"
    reasons = {"nowhere": nothing, "out": out, "out.txt": out, "self": nothing}
    assert find([tmp_path / "folder"]) == (
        [inside],
        [(tmp_path / "folder" / name, reason) for name, reason in reasons.items()],
    )


def test_a_link_given_by_name_is_followed(write: Write, tmp_path: Path) -> None:
    outside = write("elsewhere/a.txt", "They met.")
    (tmp_path / "link.txt").symlink_to(outside)
    assert find([tmp_path / "link.txt"]) == ([outside], [])
    assert load(tmp_path / "link.txt").path == str(outside)


def test_what_does_not_exist_is_found_so_that_it_is_reported(tmp_path: Path) -> None:
    assert find([tmp_path / "absent.txt"]) == ([tmp_path / "absent.txt"], [])


# Real files


def real_files() -> list[Path]:
    return sorted(path for path in FILES.rglob("*") if path.suffix.lower() in SUFFIXES) if FILES.is_dir() else []


@pytest.mark.skipif(not FILES.is_dir(), reason="the shared data is not here")
def test_every_real_file_is_read_or_rejected_with_a_reason() -> None:
    given = real_files()
    read = 0
    rejected: dict[str, str] = {}
    with Sandbox(DocumentSettings()) as box:
        for path in given:
            try:
                loaded = box.load(path)
            except DocumentError as error:
                rejected[path.name] = error.reason
                continue
            read += 1
            for document in loaded.documents:
                check(document)
    assert read + len(rejected) == len(given)
    assert read > 130
    assert all(rejected.values())
    assert rejected["testWORD_protected_passtika.docx"].startswith("it is protected by a password")


def check(document: Document) -> None:
    assert document.text.strip()
    assert document.title.strip()
    assert "\r" not in document.text
    document.text.encode("utf-8")
    assert all(document.text[start:end].strip() == document.text[start:end] != "" for start, end in document.headings)
    assert list(document.pages) == sorted(set(document.pages))
    assert all(0 <= box.start < box.end <= len(document.text) for box in document.boxes)


@pytest.mark.skipif(not FILES.is_dir(), reason="the shared data is not here")
def test_a_real_file_of_each_kind_gives_the_same_twice_within_the_sandbox_and_without() -> None:
    smallest = {path.suffix.lower(): path for path in sorted(real_files(), key=lambda path: -path.stat().st_size)}
    assert len(smallest) > 10
    with Sandbox(DocumentSettings()) as box:
        for path in smallest.values():
            assert outcome(box.load, path) == outcome(documents.load, path) == outcome(box.load, path)


def outcome(read: Callable[[Path], object], path: Path) -> object:
    try:
        return read(path)
    except DocumentError as error:
        return vars(error)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('{"title": "Oats", "text": "They gr', "it is cut short"),
        ('{"title": "Oats"', "it is cut short"),
        ('{"title": "Oats",}', "there is a comma too many, before '}'"),
        ("{title: 1}", "a name is not in double quotes, before 'title: 1}'"),
        ('{"title" "Oats"}', "a colon is missing, before '\"Oats\"}'"),
        ('{"title": Oats}', "a value is missing or not in double quotes, before 'Oats}'"),
        ('{"title": "Oats" "text": 1}', "a comma or an end is missing, before '\"text\": 1}'"),
        ('{"title": "Oats"} and more', "something follows its end, before 'and more'"),
        ('{"title": "\\q"}', "a backslash stands before what needs none, before '\\\\q\"}'"),
    ],
)
def test_a_broken_line_of_a_dump_is_told_by_its_number_and_in_plain_words(write: Write, broken: str, said: str) -> None:
    good = '{"title": "Rye", "text": "They sowed rye in the spring and reaped it before the rain came to the valley."}'
    found = documents.load(write("dump.jsonl", f"{good}\n{broken}\n{good}\n")).documents
    assert [one.title for one in found] == ["Rye", "Rye"]
    assert found[0].gaps == (f"line 2: not read: {said}",)
