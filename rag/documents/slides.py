"""Presentations (.pptx): each slide a part, its shapes in the order in which they are read; then notes and comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rag.documents import drawing
from rag.documents.cells import comment
from rag.documents.drawing import A
from rag.documents.extract import Block, Extract, clean_title
from rag.documents.order import Placed, in_order
from rag.documents.package import Package, R
from rag.documents.sections import joined

Section = tuple[str, list[Block]]
Position = tuple[float, float]  # top and left

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_MODERN = "{http://schemas.microsoft.com/office/powerpoint/2018/8/main}"
_TITLES = ("title", "ctrTitle")
_NO_TEXT = ("sldImg", "sldNum")
_FALSE = ("0", "false")


class _Layout(NamedTuple):
    """Where placeholders are, by their number and by their kind, and the parts whose shapes slides show."""

    by_number: dict[str, Position]
    by_kind: dict[str, Position]
    shown: list[str]


def read(data: bytes) -> Extract:
    package = Package(data)
    main = package.main("no presentation")
    root = package.main_root(main)
    slides = [package.target(main, one.get(f"{R}id")) for one in root.iter(f"{_P}sldId")]
    found = list(_Show(package, main).sections(slides))
    text, headings, parts = joined(found)
    stated = package.properties()
    first = next((block.text for block in (found[0][1] if slides else ()) if block.heading), "")
    stated["title"] = stated.get("title") or clean_title(first)
    return Extract(
        text=text,
        headings=headings,
        parts=parts,
        members=tuple(package.members(iter(slides))),
        gaps=(*package.gaps, *package.unread(slides)),
        **stated,
    )


class _Show:
    def __init__(self, package: Package, main: str) -> None:
        self._package = package
        self._authors = _authors(package, main)
        self._layouts: dict[str, _Layout] = {}

    def sections(self, slides: list[str]) -> Iterator[Section]:
        """Each slide, its notes and its comments, then what slides show of their layouts."""
        shown: dict[str, None] = {}
        for number, part in enumerate(slides, start=1):
            name = f"slide {number}"
            root = self._package.root(part) if part else None
            if root is None:
                yield name, []
                continue
            layout = self._layout(next(self._package.linked(part, "slideLayout"), ""))
            if root.get("showMasterSp") not in _FALSE:
                shown |= dict.fromkeys(layout.shown)
            yield name + (" (hidden)" if root.get("show") in _FALSE else ""), self._page(part, root, layout)
            for notes in self._roots(part, "notesSlide"):
                yield f"{name}, notes", self._page(part, notes, layout)
            for comments in self._roots(part, "comments"):
                yield f"{name}, comments", list(self._comments(comments))
        pages = [(part, self._package.root(part)) for part in shown]
        blocks = [one for part, page in pages if page is not None for one in self._page(part, page, None)]
        yield "slide layouts", list(dict.fromkeys(blocks))

    def _roots(self, part: str, kind: str) -> Iterator[Any]:
        roots = map(self._package.root, self._package.linked(part, kind))
        return (root for root in roots if root is not None)

    def _page(self, part: str, root: Any, layout: _Layout | None) -> list[Block]:
        """The texts of a slide or its notes; of a layout, those that are no placeholders."""
        tree = root.find(f"{_P}cSld/{_P}spTree")
        return in_order(self._placed(part, tree, layout)) if tree is not None else []

    def _placed(self, part: str, tree: Any, layout: _Layout | None) -> Iterator[Placed]:
        """The shapes of a page or group; a group counts as one, within which its shapes are ordered."""
        for shape in tree.iterchildren():
            kind, number = _placeholder(shape)
            if kind in _NO_TEXT or (kind and layout is None):
                continue
            if shape.tag == f"{_P}grpSp":
                blocks = in_order(self._placed(part, shape, layout))
            elif shape.tag.startswith(_P):
                blocks = list(self._blocks(part, shape))
            else:  # around one of alternative contents
                yield from self._placed(part, shape, layout)
                continue
            top, left = _position(shape) or _inherited(layout, kind, number)
            yield Placed(top, left, kind in _TITLES, blocks)

    def _blocks(self, part: str, shape: Any) -> Iterator[Block]:
        for table in shape.iter(f"{A}tbl"):
            yield from drawing.table(table)
        for body in shape.iterchildren(f"{_P}txBody"):
            yield from map(Block, drawing.paragraphs(body))
        yield from drawing.linked(self._package, part, shape)

    def _layout(self, part: str) -> _Layout:
        if part not in self._layouts:
            master = next(self._package.linked(part, "slideMaster"), "") if part else ""
            roots = [self._package.root(one) if one else None for one in (master, part)]
            places = [_places(root) if root is not None else [] for root in roots]
            plain = roots[1] is not None and roots[1].get("showMasterSp") in _FALSE
            self._layouts[part] = _Layout(
                {number: position for _, number, position in places[1]},
                {kind: position for found in places for kind, _, position in found},
                [one for one in ([part] if plain else [master, part]) if one],
            )
        return self._layouts[part]

    def _comments(self, root: Any) -> Iterator[Block]:
        for one in root.iter(f"{_P}cm", f"{_MODERN}cm", f"{_MODERN}reply"):
            body = one.find(f"{_MODERN}txBody")
            text = one.findtext(f"{_P}text") if body is None else "\n".join(drawing.paragraphs(body))
            yield comment("", self._authors.get(one.get("authorId", ""), ""), text or "")


def _authors(package: Package, main: str) -> dict[str, str]:
    roots = map(package.root, package.linked(main, "commentAuthors", "authors"))
    return {one.get("id", ""): one.get("name", "") for root in roots if root is not None for one in root}


def _placeholder(shape: Any) -> tuple[str, str]:
    """The kind and the number by which a placeholder is found in the layout, or empty strings."""
    found = shape.find(f"*/{_P}nvPr/{_P}ph")
    return (found.get("type", "obj"), found.get("idx", "0")) if found is not None else ("", "")


def _position(shape: Any) -> Position | None:
    for path in (f"{_P}spPr/{A}xfrm/{A}off", f"{_P}grpSpPr/{A}xfrm/{A}off", f"{_P}xfrm/{A}off"):
        found = shape.find(path)
        if found is not None:
            try:
                return float(found.get("y", "")), float(found.get("x", ""))
            except ValueError:
                return None
    return None


def _places(root: Any) -> list[tuple[str, str, Position]]:
    """Kind, number and place of the placeholders of a layout or master."""
    shapes = root.iter(f"{_P}sp", f"{_P}pic", f"{_P}graphicFrame")
    found = ((*_placeholder(shape), _position(shape)) for shape in shapes)
    return [(kind, number, position) for kind, number, position in found if kind and position]


def _inherited(layout: _Layout | None, kind: str, number: str) -> Position:
    """Where a placeholder is that does not say so: as in the layout, else as its kind in the master."""
    if layout is None or not kind:
        return 0.0, 0.0
    known = layout.by_kind.get(kind) or layout.by_kind.get("body") or (0.0, 0.0)
    return layout.by_number.get(number) or known
