"""What Office files of all kinds draw (DrawingML): texts in shapes, tables, charts and SmartArt."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from rag.documents.cells import line
from rag.documents.extract import Block, one_line
from rag.documents.numbers import whole, written
from rag.documents.package import Package, R

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_CX = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_CHARTS = (f"{C}chart", f"{_CX}chart")
_RELATED = f"{_DGM}relIds"


def paragraphs(body: Any) -> Iterator[str]:
    """The text of each paragraph below an element, without the numbers of slides."""
    for paragraph in body.iter(f"{A}p"):
        yield "".join(_runs(paragraph))


def _runs(element: Any) -> Iterator[str]:
    for child in element.iterchildren():
        if child.tag in (f"{A}t", MATH):
            yield child.text or ""
        elif child.tag == f"{A}br":
            yield "\n"
        elif not (child.tag == f"{A}fld" and child.get("type", "").lower() == "slidenum"):
            yield from _runs(child)


def table(element: Any) -> Iterator[Block]:
    """Each row as one line; a cell that others were merged into stands there once."""
    for row in element.iter(f"{A}tr"):
        cells = [one_line(" ".join(paragraphs(cell))) for cell in row.iterchildren(f"{A}tc")]
        yield Block(line(cells), row=True)


def linked(package: Package, part: str, element: Any, *, values: bool = True) -> Iterator[Block]:
    """The text of the charts and of the SmartArt below an element of a part; without `values`, the titles of charts."""
    for one in element.iter(*_CHARTS, _RELATED):
        target = package.target(part, one.get(f"{R}dm" if one.tag == _RELATED else f"{R}id"))
        root = package.root(target) if target else None
        if root is not None:
            yield from _diagram(root) if one.tag == _RELATED else _chart(root, values)
            for shapes in package.linked(target, "chartUserShapes"):
                drawn = package.root(shapes)
                yield from map(Block, paragraphs(drawn) if drawn is not None else ())


def _diagram(root: Any) -> Iterator[Block]:
    """The texts of SmartArt in the order in which they are listed; not those that only show where to type."""
    for point in root.iter(f"{_DGM}pt"):
        properties = point.find(f"{_DGM}prSet")
        if properties is None or properties.get("phldr") != "1":
            yield from map(Block, paragraphs(point))


def _chart(root: Any, values: bool) -> Iterator[Block]:
    """The titles of a chart and of its axes, and its values as a table: a row for each category."""
    for title in root.iter(f"{C}title", f"{_CX}title"):
        yield Block("\n".join(list(paragraphs(title)) or _points(title).values()))
    if not values:
        return
    for area in root.iter(f"{C}plotArea"):
        for plot in area.iterchildren():
            yield from _plot(list(plot.iterchildren(f"{C}ser")))
    for data in root.iter(f"{_CX}data"):
        levels = [[written(point.text or "") for point in level.iter(f"{_CX}pt")] for level in data.iter(f"{_CX}lvl")]
        yield from (Block(line(cells), row=True) for cells in zip_longest(*levels, fillvalue=""))


def _plot(series: list[Any]) -> Iterator[Block]:
    """The series of one kind side by side, unless each has categories of its own."""
    categories = [_categories(one) for one in series]
    if any(one != categories[0] for one in categories):
        for one in series:
            yield from _plot([one])
        return
    names = [one_line(" ".join(_points(one.find(f"{C}tx")).values())) for one in series]
    values = [_points(next(one.iterchildren(f"{C}val", f"{C}yVal"), None)) for one in series]
    yield Block(line(["", *names]), row=True)
    for number in sorted({index for one in (*categories, *values) for index in one}):
        yield Block(line([one.get(number, "") for one in (*categories[:1], *values)]), row=True)


def _categories(series: Any) -> dict[int, str]:
    """The names along the axis, those of higher levels first."""
    axis = next(series.iterchildren(f"{C}cat", f"{C}xVal"), None)
    levels = [] if axis is None else [_points(level) for level in reversed(list(axis.iter(f"{C}lvl")))]
    if not levels:
        return _points(axis)
    return {index: one_line(" ".join(level.get(index, "") for level in levels)) for index in levels[-1]}


def _points(element: Any) -> dict[int, str]:
    """The values that are kept of a range of cells, by their number, or the one that is written instead of it."""
    if element is None:
        return {}
    found = {number: point for point in element.iter(f"{C}pt") if (number := whole(point.get("idx"))) is not None}
    if not found:
        return {number: one.text or "" for number, one in enumerate(element.iter(f"{C}v"))}
    return {number: _value(point) for number, point in found.items()}


def _value(point: Any) -> str:
    kept, value = point.getparent(), point.findtext(f"{C}v") or ""
    is_number = kept.tag in (f"{C}numCache", f"{C}numLit")
    return written(value, point.get("formatCode") or kept.findtext(f"{C}formatCode") or "") if is_number else value
