"""Word documents: paragraphs, tables and text boxes in order; then notes, comments, headers and footers as parts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from rag.documents import drawing
from rag.documents.cells import comment, line
from rag.documents.encoding import decode
from rag.documents.extract import Block, Extract, Member, Rejected, one_line
from rag.documents.hypertext import declared, shown
from rag.documents.package import Package, R
from rag.documents.sections import joined

Section = tuple[str, list[Block]]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT = {f"{_W}t", drawing.MATH}
_HIDDEN = {f"{_W}del", f"{_W}moveFrom", f"{_W}rPr", f"{_W}pPr", f"{_W}rt"}
_WHITE = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}ptab": "\t", f"{_W}noBreakHyphen": "\u2011"}
_HEADING = re.compile(r"Title|heading \d", re.IGNORECASE)
_BODY_LEVEL = "9"  # of an outline
_BESIDE = (("footnotes", "footnotes"), ("endnotes", "endnotes"), ("comments", "comments"), ("header", "header"),
           ("footer", "footer"))  # fmt: skip
_HYPERTEXT = (".html", ".htm", ".xhtml")


def read_docx(data: bytes) -> Extract:
    package = Package(data)
    main = package.main("no Word document")
    document = _Document(package, main)
    text, headings, parts = joined(document.sections())
    read = [main, *package.linked(main, *(kind for kind, _ in _BESIDE))]
    members = (*document.members, *package.members(iter(read)))
    return Extract(
        text=text,
        headings=headings,
        parts=tuple(part for part in parts if part[1]),
        members=members,
        gaps=(*package.gaps, *package.unread(read)),
        **package.properties(),
    )


class _Document:
    """Reads the parts of one document; files of other kinds that it includes are gathered in `members`."""

    def __init__(self, package: Package, main: str) -> None:
        self.members: list[Member] = []
        self._package = package
        self._main = main
        self._part = main  # the one being read
        self._headings = _heading_styles(package, main)

    def sections(self) -> Iterator[Section]:
        yield "", list(self._blocks(self._package.main_root(self._main)))
        for kind, name in _BESIDE:
            found: list[Block] = []
            for part in self._package.linked(self._main, kind):
                root = self._package.root(part)
                self._part = part
                if root is not None:
                    found += self._comments(root) if kind == "comments" else self._blocks(root)
            yield name, list(dict.fromkeys(found)) if kind in ("header", "footer") else found

    def _comments(self, root: Any) -> Iterator[Block]:
        for one in root.iterchildren(f"{_W}comment"):
            text = "\n".join(block.text for block in self._blocks(one))
            yield comment("", one.get(f"{_W}author", ""), text)

    def _blocks(self, element: Any) -> Iterator[Block]:
        """Blocks below an element: through content controls and other wrappers."""
        for child in element.iterchildren():
            if child.tag == f"{_W}p":
                yield Block("".join(_runs(child)), heading=self._is_heading(child))
                yield from self._floats(child)
            elif child.tag == f"{_W}tbl":
                yield from self._rows(child)
            elif child.tag == f"{_W}altChunk":
                yield from self._chunk(child)
            elif child.tag not in _HIDDEN:
                yield from self._blocks(child)

    def _is_heading(self, paragraph: Any) -> bool:
        style, level = paragraph.find(f"{_W}pPr/{_W}pStyle"), paragraph.find(f"{_W}pPr/{_W}outlineLvl")
        if level is not None:
            return bool(level.get(f"{_W}val", _BODY_LEVEL) != _BODY_LEVEL)
        return style is not None and style.get(f"{_W}val") in self._headings

    def _floats(self, element: Any) -> Iterator[Block]:
        """What is drawn in a paragraph: text boxes, charts and SmartArt."""
        for child in element.iterchildren():
            if child.tag == f"{_W}txbxContent":
                yield from self._blocks(child)
            elif child.tag == f"{drawing.A}graphicData":
                yield from drawing.linked(self._package, self._part, child)
                yield from self._floats(child)
            elif child.tag not in _HIDDEN:
                yield from self._floats(child)

    def _rows(self, table: Any) -> Iterator[Block]:
        """Each row as one line, its cells joined by " | "; a table within a cell becomes part of the cell."""
        for row in table.iter(f"{_W}tr"):
            if next(row.iterancestors(f"{_W}tbl")) is not table:
                continue
            cells = [cell for cell in row.iter(f"{_W}tc") if next(cell.iterancestors(f"{_W}tr")) is row]
            texts = [one_line(" ".join(block.text for block in self._blocks(cell))) for cell in cells]
            yield Block(line(texts), row=True)

    def _chunk(self, element: Any) -> Iterator[Block]:
        """A document of another format that stands in this one: web pages are read in place, others become members."""
        part = self._package.target(self._part, element.get(f"{R}id"))
        data = self._package.bytes(part) if part else None
        if data is None:
            return
        if posixpath.splitext(part)[1].lower() not in _HYPERTEXT:
            self.members.append(Member(posixpath.basename(part), data))
            return
        try:
            markup, gaps = decode(data, declared(data))
            pieces, deep = shown(markup)
        except Rejected as rejected:
            self._package.gaps.append(f"{part} not read: {rejected.reason}")
            return
        self._package.gaps += [f"{part}: {gap}" for gap in (*gaps, *deep)]
        yield from (piece.block for piece in pieces)


def _heading_styles(package: Package, main: str) -> set[str]:
    """Ids of the styles that are a heading or the title, or are based on one."""
    part = next(package.linked(main, "styles"), "")
    root = package.root(part) if part else None
    styles = {style.get(f"{_W}styleId"): style for style in root.iter(f"{_W}style")} if root is not None else {}

    def is_heading(style: Any, depth: int = 10) -> bool:
        name, base = style.find(f"{_W}name"), style.find(f"{_W}basedOn")
        level = style.find(f"{_W}pPr/{_W}outlineLvl")
        if level is not None:
            return bool(level.get(f"{_W}val", _BODY_LEVEL) != _BODY_LEVEL)
        if name is not None and _HEADING.fullmatch(name.get(f"{_W}val") or ""):
            return True
        parent = styles.get(base.get(f"{_W}val")) if base is not None else None
        return parent is not None and depth > 0 and is_heading(parent, depth - 1)

    return {key for key, style in styles.items() if key and is_heading(style)}


def _runs(element: Any) -> Iterator[str]:
    """The text of a paragraph without what was deleted and without its text boxes."""
    for child in element.iterchildren():
        if child.tag in _TEXT:
            yield child.text or ""
        elif child.tag in _WHITE:
            yield _WHITE[child.tag]
        elif child.tag == f"{_W}sym":
            yield _symbol(child.get(f"{_W}char", ""))
        elif child.tag not in _HIDDEN and child.tag != f"{_W}txbxContent":
            yield from _runs(child)


def _symbol(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
