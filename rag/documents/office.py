"""Word documents: paragraphs, tables, text boxes and notes in the order of the document."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rag.documents.extract import Block, Extract, Rejected, assemble, clean_author, clean_title
from rag.errors import EncryptedDocument, UnreadableDocument

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")  # the container of old Office files, and of encrypted new ones
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LARGEST_INFLATED = 200_000_000  # bytes

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT = {f"{_W}t", "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # the same again for old programs
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_UNREAD_PARTS = {("aFChunk", "package", "oleObject"): "embedded files", ("chart", "diagramData"): "diagrams"}
_HIDDEN = {f"{_W}del", f"{_W}moveFrom", f"{_W}rPr", f"{_W}pPr", _FALLBACK}
_WHITE = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}ptab": "\t", f"{_W}noBreakHyphen": "\u2011"}
_TEMPLATE_MADE = datetime(2013, 12, 23, 23, 15)  # python-docx's own, which its documents keep
_HEADING = re.compile(r"Title|heading \d", re.IGNORECASE)


def read_docx(data: bytes) -> Extract:
    import docx

    _check(data)
    document = docx.Document(io.BytesIO(data))
    headings = _heading_styles(document)
    notes = [part for kind in ("footnotes", "endnotes") for part in _parts(document, kind)]
    blocks = [*_blocks(document.element.body, headings)]
    for note in notes:
        blocks.extend(_blocks(note, headings))
    text, offsets = assemble(blocks)
    return Extract(text=text, headings=offsets, gaps=tuple(_unread(document)), **_properties(document))


def _check(data: bytes) -> None:
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise Rejected(EncryptedDocument, "it is protected by a password", "Save a copy without the password.")
        raise Rejected(UnreadableDocument, "it is a Word 97 document under a new name", "Save it as .docx.")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise Rejected(UnreadableDocument, "it is damaged or no Word document")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_INFLATED:
            raise Rejected(UnreadableDocument, f"unpacked it is larger than {_LARGEST_INFLATED // 1_000_000} MB")


def _properties(document: Any) -> dict[str, Any]:
    """Title, author and date; python-docx makes up properties, dated now, for a file that has none."""
    if not any(rel.reltype.endswith("/metadata/core-properties") for rel in document.part.package.rels.values()):
        return {}
    core = document.core_properties
    created = core.created
    return {
        "title": clean_title(core.title),
        "author": clean_author(core.author),
        "date": created.date().isoformat() if created and created.replace(tzinfo=None) != _TEMPLATE_MADE else None,
    }


def _heading_styles(document: Any) -> set[str]:
    """Ids of the styles that are a heading or the title, or are based on one."""
    styles = {style.get(f"{_W}styleId"): style for style in document.styles.element.findall(f"{_W}style")}

    def is_heading(style: Any, depth: int = 10) -> bool:
        name, base = style.find(f"{_W}name"), style.find(f"{_W}basedOn")
        if name is not None and _HEADING.fullmatch(name.get(f"{_W}val") or ""):
            return True
        parent = styles.get(base.get(f"{_W}val")) if base is not None else None
        return parent is not None and depth > 0 and is_heading(parent, depth - 1)

    return {key for key, style in styles.items() if key and is_heading(style)}


def _blocks(element: Any, headings: set[str]) -> Iterator[Block]:
    """Blocks below an element: through content controls and other wrappers, which python-docx passes over."""
    for child in element.iterchildren():
        if child.tag == f"{_W}p":
            style = child.find(f"{_W}pPr/{_W}pStyle")
            text = "".join(_runs(child))
            yield Block(text, heading=style is not None and style.get(f"{_W}val") in headings)
            for box in _boxes(child):
                yield from _blocks(box, headings)
        elif child.tag == f"{_W}tbl":
            yield from _rows(child)
        elif isinstance(child.tag, str) and child.tag not in _HIDDEN:
            yield from _blocks(child, headings)


def _runs(element: Any) -> Iterator[str]:
    """The text of a paragraph without what was deleted and without its text boxes."""
    for child in element.iterchildren():
        if child.tag in _TEXT:
            yield child.text or ""
        elif child.tag in _WHITE:
            yield _WHITE[child.tag]
        elif child.tag not in _HIDDEN and child.tag != f"{_W}txbxContent":
            yield from _runs(child)


def _boxes(element: Any) -> Iterator[Any]:
    for child in element.iterchildren():
        if child.tag == f"{_W}txbxContent":
            yield child
        elif child.tag not in _HIDDEN:
            yield from _boxes(child)


def _rows(table: Any) -> Iterator[Block]:
    """Each row as one line, its cells joined by " | "; a table within a cell becomes part of the cell."""
    for row in table.iter(f"{_W}tr"):
        if next(row.iterancestors(f"{_W}tbl")) is not table:
            continue
        cells = [cell for cell in row.iter(f"{_W}tc") if next(cell.iterancestors(f"{_W}tr")) is row]
        texts = [" ".join(" ".join(block.text for block in _blocks(cell, set())).split()) for cell in cells]
        yield Block(" | ".join(texts) if any(texts) else "", row=True)


def _parts(document: Any, kind: str) -> Iterator[Any]:
    """The XML of the parts of a kind: footnotes, endnotes, header, footer, comments."""
    from docx.oxml import parse_xml

    for rel in document.part.rels.values():
        if rel.reltype == _OFFICE + kind and not rel.is_external:
            yield parse_xml(rel.target_part.blob)


def _unread(document: Any) -> Iterator[str]:
    for kind, name in (("header", "page headers"), ("footer", "page footers"), ("comments", "comments")):
        if any("".join(_runs(part)).strip() for part in _parts(document, kind)):
            yield f"{name} not read"
    for kinds, name in _UNREAD_PARTS.items():
        count = sum(rel.reltype in [_OFFICE + kind for kind in kinds] for rel in document.part.rels.values())
        if count:
            yield f"{name} not read: {count}"
