"""Archives and the XML within them, opened with care: no bombs, no entities, nothing fetched."""

from __future__ import annotations

import functools
import html.entities
import io
import zipfile
from collections.abc import Iterable
from typing import Any

from rag.documents.extract import Rejected, one_line
from rag.errors import EncryptedDocument, UnreadableDocument

_MOST_ENTRIES = 10_000
_MOST_RATIO = 200  # deflate reaches 1,032; sheets of nothing but zeros stay below 100
_NO_BOMB = 10_000_000  # bytes: below it no ratio is too high
_TEXTS = (".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx", ".rdf", ".vml", ".svg", ".css", ".json", ".txt")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")  # the container of old Office files, and of encrypted new ones
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ENTITIES = "its XML declares entities, behind which text can hide"
_NO_PASSWORD = "Save a copy without the password."


def unpacked(data: bytes, *, most: int = 200_000_000) -> zipfile.ZipFile:
    """Open a zip archive whose entries make `most` bytes at most; raises Rejected for what is none or may be a bomb.

    An entry never gives more bytes than its `file_size` here says.
    """
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise Rejected(EncryptedDocument, "it is protected by a password", _NO_PASSWORD)
        raise Rejected(UnreadableDocument, "it is an Office 97 document under a new name", "Save it in today's format.")
    if data.count(b"PK\x01\x02") > 10 * _MOST_ENTRIES:  # before as many objects are made of them
        raise Rejected(UnreadableDocument, f"it holds more than {_MOST_ENTRIES:,} entries")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Rejected(UnreadableDocument, "it is damaged or not of the kind its suffix says") from error
    _check(archive.infolist(), most)
    return archive


def _check(entries: list[zipfile.ZipInfo], most: int) -> None:
    if len(entries) > _MOST_ENTRIES:
        raise Rejected(UnreadableDocument, f"it holds more than {_MOST_ENTRIES:,} entries")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Rejected(EncryptedDocument, "it is protected by a password", _NO_PASSWORD)
    if sum(entry.file_size for entry in entries) > most:
        raise Rejected(UnreadableDocument, f"unpacked it is larger than {most // 1_000_000:,} MB")
    for entry in entries:
        if entry.compress_type not in _METHODS:
            raise Rejected(UnreadableDocument, f"it is compressed by an unknown method ({entry.compress_type})")
        grown = entry.file_size > max(_NO_BOMB, _MOST_RATIO * entry.compress_size)
        if grown and entry.filename.lower().endswith(_TEXTS):  # pictures of one colour do grow like this
            raise Rejected(UnreadableDocument, f"unpacked it is more than {_MOST_RATIO} times as large: a zip bomb")
    if name := _ambiguous(entries):
        raise Rejected(UnreadableDocument, f"it holds two different entries named {one_line(name)[:80]!r}")


def _ambiguous(entries: Iterable[zipfile.ZipInfo]) -> str:
    """A name that two entries of different content share, or nothing: programs differ in which of them they take."""
    contents: dict[str, tuple[int, int]] = {}
    for entry in entries:
        content = (entry.CRC, entry.file_size)
        if contents.setdefault(entry.filename, content) != content:
            return entry.filename
    return ""


def xml(data: bytes) -> Any:
    """Parse XML into its lxml root element, without comments and processing instructions.

    Nothing is opened or fetched: whatever DTD a file names, it gets the names that HTML gives to characters, such as
    `&nbsp;`. Raises Rejected for entities that the file declares itself, for text can hide behind them.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities="internal",
        load_dtd=True,
        attribute_defaults=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    parser.resolvers.add(_resolver())
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if b"<!ENTITY" in data.replace(b"\0", b""):  # in UTF-16 too
            raise Rejected(UnreadableDocument, _ENTITIES) from error
        raise Rejected(
            UnreadableDocument, f"its XML is damaged ({one_line(str(getattr(error, 'msg', error)))[:120]})"
        ) from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise Rejected(UnreadableDocument, _ENTITIES)
    return root


@functools.cache
def _resolver() -> Any:
    """Answers every request for a DTD or another file with the entities of HTML."""
    from lxml import etree

    known = html.entities.name2codepoint.items()
    entities = "".join(f'<!ENTITY {name} "&#{code};">' for name, code in known if chr(code) not in '&<>"')

    class Resolver(etree.Resolver):  # type: ignore[misc]
        def resolve(self, url: str, public: str, context: Any) -> Any:
            return self.resolve_string(entities, context)

    return Resolver()
