"""Presentations and drawings of OpenDocument: each page a part, its shapes in the order in which they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag.documents.extract import Block
from rag.documents.odf import DRAW, OFFICE, PRESENTATION, STYLE, SVG, Flow
from rag.documents.order import Placed, in_order

Section = tuple[str, list[Block]]

_UNITS = {"cm": 360_000, "mm": 36_000, "in": 914_400, "pt": 12_700, "pc": 152_400, "px": 9_525}
_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)(cm|mm|in|pt|pc|px)")
_DECLARED = tuple(f"{PRESENTATION}{name}-decl" for name in ("header", "footer", "date-time"))


def pages(flow: Flow, content: Any, show: Any, styles: Any) -> Iterator[Section]:
    """Each slide, its notes and comments, then headers and footers and what all slides of a layout show."""
    hidden = {
        style.get(f"{STYLE}name")
        for style in content.iter(f"{STYLE}style")
        for one in style.iter(f"{STYLE}drawing-page-properties")
        if one.get(f"{PRESENTATION}visibility") == "hidden"
    }
    for number, page in enumerate(show.iterchildren(f"{DRAW}page"), start=1):
        name = f"slide {number}"
        yield name + (" (hidden)" if page.get(f"{DRAW}style-name") in hidden else ""), _page(flow, page)
        for notes in page.iterchildren(f"{PRESENTATION}notes"):
            yield f"{name}, notes", _page(flow, notes)
        comments, flow.comments = flow.comments, []
        yield f"{name}, comments", comments
    declared = dict.fromkeys("".join(one.itertext()) for one in show.iterchildren(*_DECLARED))
    yield "header and footer", list(map(Block, declared))
    if styles is not None:
        for master in styles.iter(f"{STYLE}master-page"):
            yield "slide layouts", _page(flow, master, own=False)


def _page(flow: Flow, page: Any, *, own: bool = True) -> list[Block]:
    """The texts of a page; with `own` false, of a layout: without the places that slides fill."""
    placed = []
    for shape in page.iterchildren():
        kind = shape.get(f"{PRESENTATION}class", "")
        if shape.tag == f"{OFFICE}annotation":
            flow.comments.append(flow.comment(shape))
        elif shape.tag.startswith(DRAW) and (own or not kind):
            found = list(flow.shown(shape))
            placed.append(Placed(_length(shape, "y"), _length(shape, "x"), kind == "title", found))
    return in_order(placed)


def _length(shape: Any, name: str) -> float:
    match = _LENGTH.fullmatch(shape.get(f"{SVG}{name}", ""))
    return float(match[1]) * _UNITS[match[2]] if match else 0.0
