"""The order in which the shapes of a slide are read: titles, then from top to bottom, and from left to right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rag.documents.extract import Block

_LEVEL = 228_600  # a quarter of an inch: shapes whose tops differ by less stand side by side


class Placed(NamedTuple):
    """The blocks of a shape, and where its upper left corner is, in units of which an inch has 914,400."""

    top: float
    left: float
    title: bool
    blocks: list[Block]


def in_order(shapes: Iterable[Placed]) -> list[Block]:
    """The blocks of all shapes; those of titles become headings."""
    waiting = sorted(shapes, key=lambda shape: (not shape.title, shape.top))
    found: list[Block] = []
    while waiting:
        first = waiting[0]
        level = [one for one in waiting if one.title == first.title and one.top - first.top < _LEVEL]
        waiting = waiting[len(level) :]
        for shape in sorted(level, key=lambda shape: shape.left):
            found += [block._replace(heading=True) for block in shape.blocks] if shape.title else shape.blocks
    return found
