"""Archives and their XML are opened with care: bombs, twins, passwords and entities are told, nothing is fetched."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from lxml import etree

from rag.documents.archive import unpacked, xml
from rag.documents.extract import Rejected
from rag.errors import DocumentError, EncryptedDocument, UnreadableDocument


def archive(entries: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of two entries of one name
        for name, content in entries:
            made.writestr(name, content)
    return bytearray(stream.getvalue())


def rejection(data: bytes | bytearray, kind: type[DocumentError] = UnreadableDocument, most: int = 200_000_000) -> str:
    with pytest.raises(Rejected) as caught:
        unpacked(bytes(data), most=most)
    assert caught.value.kind is kind
    return caught.value.reason


def test_an_archive_within_the_limits_is_opened() -> None:
    entries = [("a.xml", b"<a/>"), ("b/", b""), ("b/c.png", b"\0" * 20_000_000)]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with unpacked(bytes(archive(entries, method))) as opened:
            assert opened.read("a.xml") == b"<a/>"
            assert opened.namelist() == ["a.xml", "b/", "b/c.png"]


def test_what_grows_too_large_is_a_bomb() -> None:
    assert rejection(archive([("a.xml", b"\0" * 3000)]), most=2000) == "unpacked it is larger than 0 MB"
    assert rejection(archive([("a.bin", b"\0" * 2_000_000), ("b.bin", b"\0" * 1_500_000)]), most=3_000_000).endswith(
        "3 MB"
    )
    bomb = "unpacked it is more than 200 times as large: a zip bomb"
    assert rejection(archive([("word/document.XML", b" " * 11_000_000)])) == bomb


def test_an_entry_gives_no_more_than_the_size_that_was_checked() -> None:
    data = archive([("a.xml", b"x" * 5000)])
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")  # it says 10 bytes and holds 5,000
    with unpacked(bytes(data), most=100) as opened, pytest.raises(zipfile.BadZipFile):
        opened.read("a.xml")


def test_too_many_entries_are_refused_before_they_are_read() -> None:
    reason = "it holds more than 10,000 entries"
    assert rejection(archive((f"{number}", b"") for number in range(10_001))) == reason
    assert rejection(b"PK\x01\x02" * 100_001) == reason


def test_two_entries_of_one_name_are_refused_unless_they_are_the_same() -> None:
    twins = archive([("word/document.xml", b"<shown/>"), ("word/document.xml", b"<hidden/>")])
    assert rejection(twins) == "it holds two different entries named 'word/document.xml'"
    assert unpacked(bytes(archive([("a.xml", b"<a/>"), ("a.xml", b"<a/>")]))).read("a.xml") == b"<a/>"


def test_what_is_locked_is_told_from_what_is_damaged_or_old() -> None:
    data = archive([("a.xml", b"<a/>")])
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert rejection(data, EncryptedDocument) == "it is protected by a password"
    ole = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600
    assert rejection(ole + "EncryptedPackage".encode("utf-16-le"), EncryptedDocument) == "it is protected by a password"
    assert rejection(ole) == "it is an Office 97 document under a new name"
    damaged = "it is damaged or not of the kind its suffix says"
    assert rejection(b"no zip") == damaged
    assert rejection(archive([("a.xml", b"<a/>" * 1000)])[:40]) == damaged
    method = archive([("a.xml", b"<a/>")])
    method[method.index(b"PK\x01\x02") + 10] = 99
    assert rejection(method) == "it is compressed by an unknown method (99)"


def test_text_around_comments_and_instructions_is_one_text() -> None:
    root = xml(b"<a>They <!-- no -->met<?p i?> here.<b>x</b>!</a>")
    assert (root.text, [child.tag for child in root], root[0].tail) == ("They met here.", ["b"], "!")


def test_the_names_of_characters_are_read_where_a_doctype_permits_them() -> None:
    doctype = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://localhost:1/x.dtd">'
    root = xml(doctype + b'<p t="a&mdash;b">1&nbsp;&eacute;&lt;&amp;2</p>')
    assert (root.text, root.get("t")) == ("1\xa0é<&2", "a\u2014b")


@pytest.mark.parametrize(
    "source",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x "y">]><a>not used</a>',
        '<!DOCTYPE a [<!ENTITY x "y">]><a b="&x;"/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://localhost:1/x"> %x;]><a/>',
        '<!DOCTYPE a SYSTEM "x.dtd" [<!ENTITY nbsp "text in the place of a space">]><a>&nbsp;</a>',
        "<!DOCTYPE a [<!ENTITY a0 'lol'>"
        + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
        + "]><a>&a11;</a>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_that_a_file_declares_are_refused_as_such(source: str, encoding: str) -> None:
    with pytest.raises(Rejected) as caught:
        xml(source.encode(encoding))
    assert caught.value.reason == "its XML declares entities, behind which text can hide"


def test_no_file_is_read_in_the_place_of_a_dtd(tmp_path: Path) -> None:
    dtd = tmp_path / "a.dtd"
    dtd.write_text('<!ENTITY secret "top secret">')
    with pytest.raises(Rejected) as caught:
        xml(f'<!DOCTYPE a SYSTEM "{dtd}"><a>&secret;</a>'.encode())
    assert caught.value.reason.startswith("its XML is damaged (Entity 'secret' not defined, line 1, column ")


def test_an_inclusion_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("top secret")
    source = (
        f'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{tmp_path}/secret.txt" parse="text"/></a>'
    )
    assert "top secret" not in etree.tostring(xml(source.encode()), encoding="unicode")


@pytest.mark.parametrize(
    "source", [b"", b"<a>", b"<a>" * 400 + b"</a>" * 400, b"<a>&nbsp;</a>", b"\xff\xfe\x00", b"<a/><b/>"]
)
def test_damaged_xml_is_rejected_with_what_is_wrong(source: bytes) -> None:
    with pytest.raises(Rejected, match="its XML is damaged"):
        xml(source)
