"""What OpenDocument files of all kinds are made of: their parts, and texts that flow, with notes, frames and tables."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any

from rag.documents import objects
from rag.documents.archive import xml
from rag.documents.cells import comment, line
from rag.documents.extract import Block, Member, Rejected, one_line
from rag.documents.numbers import whole
from rag.documents.package import DAMAGED

_SPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
OFFICE, TEXT, TABLE, STYLE = (_SPACE % name for name in ("office", "text", "table", "style"))
PRESENTATION, MANIFEST, _CHART = (_SPACE % name for name in ("presentation", "manifest", "chart"))
DRAW, META = _SPACE % "drawing", _SPACE % "meta"
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"
_MATH = "{http://www.w3.org/1998/Math/MathML}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_PARAGRAPHS = (f"{TEXT}p", f"{TEXT}h")
_FLOATS = tuple(f"{DRAW}{name}" for name in ("frame", "custom-shape", "g", "rect", "ellipse", "line", "path", "polygon",
                                             "connector", "caption", "circle", "polyline", "control", "a"))  # fmt: skip
_WHITE = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
_HIDDEN = frozenset(
    [f"{TEXT}{name}" for name in ("tracked-changes", "number", "ruby-text", "note-citation", "sequence-decls",
                                  "variable-decls", "user-field-decls", "dde-connection-decls")]
    + [f"{OFFICE}{name}" for name in ("forms", "scripts", "event-listeners", "styles", "automatic-styles")]
    + [f"{SVG}title", f"{SVG}desc", f"{TABLE}shapes", f"{PRESENTATION}notes", f"{DC}creator", f"{DC}date"]
)  # fmt: skip
_MOST_REPEATED = 100  # cells of a table in a text


def body(root: Any) -> Any:
    """The element that holds the text, or None; `root` is that of content.xml."""
    found = root.find(f"{OFFICE}body") if root is not None else None
    return next(found.iterchildren(), None) if found is not None else None


def times(element: Any, name: str) -> int:
    """How often a row, cell or space stands there."""
    number = whole(element.get(name))
    return 1 if number is None else number


class File:
    """The parts of a file by name. What of them cannot be read becomes a line in `gaps`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.gaps: list[str] = []
        self._archive = archive
        self._names = frozenset(archive.namelist())

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def bytes(self, name: str) -> bytes | None:
        try:
            return self._archive.read(name)
        except DAMAGED:
            self.gaps.append(f"missing or damaged: {name}")
            return None

    def root(self, name: str) -> Any:
        """The root element of a part, or None where there is none; a gap where it is damaged."""
        data = self.bytes(name) if name in self else None
        try:
            return xml(data) if data is not None else None
        except Rejected as rejected:
            self.gaps.append(f"{name} not read: {rejected.reason}")
            return None


class Flow:
    """Reads flowing text, and gathers what stands beside it: notes, comments, embedded files, and pictures unread."""

    def __init__(self, file: File) -> None:
        self.notes: dict[str, list[Block]] = {"footnote": [], "endnote": []}
        self.comments: list[Block] = []
        self.members: list[Member] = []
        self.pictures = 0
        self.file = file
        self._open: list[str] = []  # the embedded documents being read, of which none may hold itself

    def blocks(self, element: Any) -> Iterator[Block]:
        """The blocks below an element, in order."""
        for child in element.iterchildren():
            if child.tag in _PARAGRAPHS:
                yield from self.paragraph(child)
            elif child.tag == f"{TABLE}table":
                yield from self.rows(child)
            elif child.tag == f"{DRAW}frame":
                yield from self._frame(child, True)
            elif child.tag == f"{OFFICE}annotation":
                self.comments.append(self.comment(child))
            elif child.tag not in _HIDDEN and not child.tag.endswith("-source"):
                yield from self.blocks(child)

    def paragraph(self, element: Any) -> Iterator[Block]:
        """A paragraph, then what is anchored in it."""
        floats: list[Any] = []
        yield Block("".join(self._runs(element, floats)), heading=element.tag == f"{TEXT}h")
        for one in floats:
            yield from self.shown(one)

    def _runs(self, element: Any, floats: list[Any]) -> Iterator[str]:
        yield element.text or ""
        for child in element.iterchildren():
            if child.tag in _FLOATS:
                floats.append(child)
            elif child.tag == f"{TEXT}s":
                yield " " * min(times(child, f"{TEXT}c"), _MOST_REPEATED)
            elif child.tag in _WHITE:
                yield _WHITE[child.tag]
            elif child.tag == f"{TEXT}note":
                kind = "endnote" if child.get(f"{TEXT}note-class") == "endnote" else "footnote"
                self.notes[kind] += self.blocks(child)
            elif child.tag == f"{OFFICE}annotation":
                self.comments.append(self.comment(child))
            elif child.tag not in _HIDDEN:
                yield from self._runs(child, floats)
            yield child.tail or ""

    def text(self, paragraph: Any) -> str:
        """A paragraph without what is anchored in it."""
        return "".join(self._runs(paragraph, []))

    def comment(self, element: Any, cell: str = "") -> Block:
        text = "\n".join(block.text for block in self.blocks(element))
        return comment(cell, element.findtext(f"{DC}creator") or "", text)

    def rows(self, table: Any) -> Iterator[Block]:
        """Each row as one line; a table within a cell becomes part of the cell."""
        for row in table.iter(f"{TABLE}table-row"):
            if next(row.iterancestors(f"{TABLE}table")) is not table:
                continue
            cells: list[str] = []
            for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                text = one_line(" ".join(block.text for block in self.blocks(cell)))
                cells += [text] * min(times(cell, f"{TABLE}number-columns-repeated"), _MOST_REPEATED)
            yield Block(line(cells), row=True)

    def shown(self, element: Any, *, values: bool = True) -> Iterator[Block]:
        """What a shape shows; without `values`, only the titles of a chart."""
        if element.tag == f"{DRAW}frame":
            yield from self._frame(element, values)
        else:
            yield from self.blocks(element)

    def _frame(self, element: Any, values: bool) -> Iterator[Block]:
        """A text, a table, or an embedded document, of which there often is a picture as well."""
        found = list(element.iterchildren(f"{DRAW}object", f"{DRAW}object-ole", f"{DRAW}plugin"))
        if not found:
            self.pictures += sum(1 for _ in element.iterchildren(f"{DRAW}image"))
        for one in found:
            yield from self._object(one, values)
        for child in element.iterchildren(f"{DRAW}text-box", f"{TABLE}table"):
            yield from self.rows(child) if child.tag == f"{TABLE}table" else self.blocks(child)

    def _object(self, element: Any, values: bool) -> Iterator[Block]:
        name = posixpath.normpath(element.get(_HREF, "")).lstrip("./")
        root = self.file.root(f"{name}/content.xml") if name not in self._open else None
        if element.tag == f"{DRAW}plugin":
            self.file.gaps.append(f"audio or video not read: {name}")
        elif root is not None:
            self._open.append(name)
            yield from self._embedded(root, values)
            self._open.pop()
        elif name in self.file:
            data = self.file.bytes(name)
            found = objects.member(posixpath.basename(name), data) if data is not None else ""
            if isinstance(found, Member):
                self.members.append(found)
            elif found:
                self.file.gaps.append(found)
        else:
            self.file.gaps.append(f"embedded object not read: {name[:80]}")

    def _embedded(self, root: Any, values: bool) -> Iterator[Block]:
        """A formula, a chart, or a document of another kind."""
        inner = body(root)
        if inner is None:
            tokens = (one.text or "" for one in root.iter() if one.tag != f"{_MATH}annotation")
            yield Block(one_line(" ".join(tokens)))
        elif inner.tag == f"{OFFICE}chart":
            for part in inner.iter(f"{_CHART}title", f"{_CHART}subtitle", f"{TABLE}table"):
                if part.tag != f"{TABLE}table":
                    yield from self.blocks(part)
                elif values:
                    yield from self.rows(part)
        else:
            yield from self.blocks(inner)
