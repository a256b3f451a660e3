"""E-books: chapters in reading order under their names, whatever the files of the book are called."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from rag.documents.epub import read
from rag.documents.extract import Extract, Rejected
from rag.errors import EncryptedDocument, UnreadableDocument

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
METADATA = (
    "<dc:title>On grain</dc:title><dc:creator opf:role='aut'>Anna Smith</dc:creator><dc:creator>Omar Haddad"
    "</dc:creator><dc:creator opf:role='ill'>Bo Crust</dc:creator><dc:publisher>Mill Press</dc:publisher>"
    "<dc:date>2025-03-12</dc:date>"
    "<meta property='dcterms:modified'>2025-04-01T08:00:00Z</meta>"
)
NAV = (
    "<html xmlns='http://www.w3.org/1999/xhtml' xmlns:epub='http://www.idpf.org/2007/ops'><body><nav epub:type='toc'>"
    "<ol><li><a href='text/one.xhtml'>The field</a></li><li><a href='text/two.xhtml#b'>The <i>mill</i></a></li>"
    "</ol></nav>"
    "<nav epub:type='landmarks'><a href='text/one.xhtml'>Start</a></nav></body></html>"
)
ONE = (
    "<h1>First</h1><p>They sowed rye<a href='#n1' id='r'><sup>1</sup></a>.</p>"
    "<aside epub:type='footnote'>1 In spring.</aside>"
)
TWO = "<p>They went on sowing.</p><h2 id='b'>Second</h2><p>They ground oats.</p><p><img src='p.png' alt='A mill'/></p>"


def page(body: str) -> str:
    return (
        "<?xml version='1.0' encoding='utf-8'?><html xmlns='http://www.w3.org/1999/xhtml' "
        f"xmlns:epub='http://www.idpf.org/2007/ops'><head><title/><script/></head><body>{body}</body></html>"
    )


def epub(
    chapters: dict[str, str | bytes],
    *,
    metadata: str = METADATA,
    nav: str = NAV,
    listed: str | None = ' linear="no"',
    extra: dict[str, str] | None = None,
) -> bytes:
    """A book of these chapters, in the order given; `listed` says how its order has the table of contents."""
    ids = {name: f"c{number}" for number, name in enumerate(chapters)}
    items = "".join(f'<item id="{ids[name]}" href="{name}" media-type="application/xhtml+xml"/>' for name in chapters)
    if nav:
        items += '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    spine = f'<itemref idref="nav"{listed}/>' if nav and listed is not None else ""
    spine += "".join(f'<itemref idref="{one}"/>' for one in ids.values())
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:opf="http://www.idpf.org/2007/opf">{metadata}</metadata><manifest>{items}</manifest>'
        f"<spine>{spine}</spine></package>"
    )
    files = {"META-INF/container.xml": CONTAINER, "OPS/book.opf": package, **({"OPS/nav.xhtml": nav} if nav else {})}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in {
            **files,
            **{f"OPS/{name}": text for name, text in chapters.items()},
            **(extra or {}),
        }.items():
            archive.writestr(name, content)
    return stream.getvalue()


def changed(book: bytes, old: str, new: str) -> bytes:
    """The book with another package document."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(stream, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content.replace(old.encode(), new.encode()) if name.endswith(".opf") else content)
    return stream.getvalue()


def by_part(extract: Extract) -> dict[str, str]:
    starts = [start for start, _ in extract.parts]
    return {
        name: extract.text[start:end].strip()
        for (start, name), end in zip(extract.parts, [*starts[1:], None], strict=True)
    }


BOOK = epub({"text/one.xhtml": page(ONE), "text/two.xhtml": page(TWO)})


def test_chapters_stand_in_reading_order_under_their_names_in_the_contents() -> None:
    extract = read(BOOK)
    assert by_part(extract) == {
        "chapter: The field": "First\n\nThey sowed rye[1].\n\n1 In spring.\n\nThey went on sowing.",
        "chapter: The mill": "Second\n\nThey ground oats.",
    }
    assert [extract.text[start:end] for start, end in extract.headings] == ["First", "Second"]
    assert extract.gaps == ("pictures not read: 1",)


def test_the_package_names_title_authors_publisher_and_days() -> None:
    extract = read(BOOK)
    assert (extract.title, extract.author, extract.outlet) == ("On grain", "Anna Smith, Omar Haddad", "Mill Press")
    assert (extract.date, extract.updated) == ("2025-03-12", "2025-04-01")


def test_a_date_of_publication_counts_before_others_and_one_of_change_is_none() -> None:
    dates = (
        "<dc:date opf:event='modification'>2020-01-01</dc:date><dc:date opf:event='original-publication'>1949</dc:date>"
    )
    extract = read(epub({"a.xhtml": page(ONE)}, metadata=dates))
    assert (extract.date, extract.updated) == ("1949", "2020-01-01")


def test_a_table_of_contents_is_read_where_it_is_a_page_of_the_book() -> None:
    chapters: dict[str, str | bytes] = {"text/one.xhtml": page(ONE), "text/two.xhtml": page(TWO)}
    extract = read(epub(chapters, listed=""))
    assert extract.text.startswith("The field\n\nThe mill\n\nStart\n\nFirst\n\n")
    assert [name for _, name in extract.parts] == ["contents", "chapter: The field", "chapter: The mill"]


@pytest.mark.parametrize("listed", [None, ' linear="no"'])
def test_a_table_of_contents_that_is_no_page_of_the_book_only_names_its_chapters(listed: str | None) -> None:
    chapters: dict[str, str | bytes] = {"text/one.xhtml": page(ONE), "text/two.xhtml": page(TWO)}
    extract = read(epub(chapters, listed=listed))
    assert extract.text.startswith("First\n\n")
    assert [name for _, name in extract.parts] == ["chapter: The field", "chapter: The mill"]


def test_an_older_table_of_contents_names_chapters_too() -> None:
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Chapter 1: Rye</text>'
        '</navLabel><content src="one.xhtml"/></navPoint></navMap></ncx>'
    )
    item = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
    book = epub({"one.xhtml": page(ONE), "two.xhtml": page(TWO)}, nav="", extra={"OPS/toc.ncx": ncx})
    assert list(by_part(read(changed(book, "</manifest>", item)))) == ["Chapter 1: Rye"]


def test_a_chapter_without_a_name_goes_by_its_heading() -> None:
    extract = read(epub({"one.xhtml": page(ONE), "two.xhtml": page("<h1>Chapter II</h1><p>Oats.</p>")}, nav=""))
    assert list(by_part(extract)) == ["chapter: First", "Chapter II"]


@pytest.mark.parametrize(
    "markup",
    [
        "<html><body><p>Rye &amp; oats<br>grew.<p>It rained.</body></html>",
        page("<p>Rye &amp; oats<br/>grew.</p><p>It rained.</p>"),
        "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.1//EN' 'http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd'>"
        "<html xmlns='http://www.w3.org/1999/xhtml'><body><p>Rye&#32;&amp;&#32;oats<br/>grew.</p><p>It&#x20;rained.</p></body></html>",
    ],
)
def test_a_chapter_is_read_though_it_is_no_sound_xml(markup: str) -> None:
    assert read(epub({"a.xhtml": markup})).text == "Rye & oats\ngrew.\n\nIt rained."


def test_a_chapter_that_is_missing_or_in_another_form_is_a_gap() -> None:
    book = epub({"a.xhtml": page(ONE), "%20b.xhtml": page(TWO)})  # in the archive it should have another name
    assert "missing or damaged: OPS/ b.xhtml" in read(book).gaps
    odd = changed(book, 'href="a.xhtml" media-type="application/xhtml+xml"', 'href="a.svg" media-type="image/svg+xml"')
    assert "not read: OPS/a.svg" in read(odd).gaps


def encryption(path: str) -> dict[str, str]:
    return {
        "META-INF/encryption.xml": '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:CipherData><enc:CipherReference URI="{path}"/></enc:CipherData></enc:EncryptedData></encryption>'
    }


def test_a_book_whose_chapters_are_encrypted_says_so_and_one_of_encrypted_fonts_is_read() -> None:
    with pytest.raises(Rejected, match="digital rights management") as caught:
        read(epub({"a.xhtml": page(ONE)}, extra=encryption("OPS/a.xhtml")))
    assert caught.value.kind is EncryptedDocument
    assert "They sowed rye" in read(epub({"a.xhtml": page(ONE)}, extra=encryption("OPS/font.otf"))).text


@pytest.mark.parametrize("data", [b"no zip", b"PK\x05\x06" + bytes(18), epub({})[:300]])
def test_what_is_no_book_is_rejected(data: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        read(data)
    assert caught.value.kind is UnreadableDocument


def test_a_book_opens_no_file_outside_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret.xhtml").write_text(page("<p>Secret.</p>"))
    extract = read(epub({f"../../../../../../..{tmp_path}/secret.xhtml": "", "a.xhtml": page(ONE)}, nav=""))
    assert "Secret" not in extract.text


@pytest.mark.skipif(not FILES.is_dir(), reason="the shared data is not here")
def test_no_word_of_real_books_is_lost() -> None:
    read_books = 0
    for path in sorted(FILES.rglob("*.epub")):
        text = set(re.findall(r"\w+", read(path.read_bytes()).text))
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(("html", "htm")) and "nav" not in name:
                    body = re.sub(r"(?s)<head.*?</head>|<style.*?</style>|<!--.*?-->", "", archive.read(name).decode())
                    words = re.findall(r"\w+", re.sub(r"<[^>]*>|&#?\w+;", " ", body))
                    missing = {word for word in words if word not in text}
                    assert len(missing) <= len(words) // 100, (path.name, name, sorted(missing)[:20])
        read_books += 1
    assert read_books == 4
