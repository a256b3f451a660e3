"""Running headers and footers: what stands at the same place on several pages and would interrupt their sentences."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.documents.lines import Block, Piece, Row, pieces, rows_of
from rag.documents.pdf_page import Page

AHEAD = 4  # pages after one that tell what runs on it, and as many before

_MARGIN = 0.15  # share of the page's height at the top and at the foot in which headers and footers stand
_NEAR = 6.0  # points sideways
_LEVEL = 3.0  # points up and down
_LEAST = 3  # pages on which it stands
_MOST = 3  # lines; more are the head of a table that goes on, which its rows need
_MOST_WORDS = 15_000  # of a page
_NAMED = 20  # patterns that are told one by one
_DIGITS = re.compile(r"\d{1,6}")


class _Place(NamedTuple):
    page: int
    left: float
    right: float
    base: float
    numbers: tuple[int, ...]


class Running:
    """Finds them a few pages late: `see` is called for the pages in order, AHEAD of them before `without` for one."""

    def __init__(self) -> None:
        self._places: dict[str, list[_Place]] = defaultdict(list)
        self._margins: dict[int, tuple[list[Row], list[Row]]] = {}
        self._left_out: dict[str, list[tuple[int, str, str]]] = defaultdict(list)

    def see(self, number: int, page: Page) -> None:
        margin = _MARGIN * page.height
        upright = [word for word in page.words if word.turn == 0] if len(page.words) < _MOST_WORDS else []
        top = rows_of(pieces(word for word in upright if word.base < margin))
        foot = rows_of(pieces(word for word in upright if word.base > page.height - margin))
        top, foot = top[: 2 * _MOST], foot[: -2 * _MOST - 1 : -1]
        self._margins[number] = top, foot
        for row in (*top, *foot):
            for piece in row:
                pattern, place = _seen(number, piece)
                self._places[pattern].append(place)

    def without(self, number: int, page: Page) -> tuple[Page, list[Block]]:
        """The page without what runs over pages, and of that what has not been kept before."""
        running: set[tuple[float, float]] = set()
        kept: list[Block] = []
        for rows, name in zip(self._margins.pop(number), ("header", "footer"), strict=True):
            runs = [all(self._runs(*_seen(number, piece)) for piece in row) for row in rows]
            lines = (*runs, False).index(False)  # from the edge inwards, as long as whole lines run
            for row in rows[: lines if lines <= _MOST else 1]:
                running.update((word.left, word.base) for piece in row for word in piece.words)
                kept.extend(self._kept(number, row, name))
        words = [word for word in page.words if word.turn or (word.left, word.base) not in running]
        return page._replace(words=words), kept

    def gaps(self) -> Iterator[str]:
        """What was left out, each once."""
        named = [found for found in self._left_out.values() if any(c.isalpha() for c in found[0][1])]
        for found in named[:_NAMED]:
            page, text, name = found[0]
            yield f"running {name} left out after page {page + 1}: “{text}”"
        if len(named) > _NAMED:
            yield f"other running headers and footers left out after they first occur: {len(named) - _NAMED}"
        unnamed = [found for found in self._left_out.values() if found not in named]
        numbers = sorted((page, text) for found in unnamed for page, text, _ in found)
        if numbers:
            yield f"page numbers left out: “{numbers[0][1]}” to “{numbers[-1][1]}”"

    def _kept(self, number: int, row: Sequence[Piece], name: str) -> Iterator[Block]:
        for piece in row:
            pattern, _ = _seen(number, piece)
            if not self._left_out[pattern] and any(c.isalpha() for c in piece.text):
                yield Block([piece.line], kind="note")
            self._left_out[pattern].append((number, piece.text, name))

    def _runs(self, pattern: str, place: _Place) -> bool:
        found: set[int] = set()
        for other in reversed(self._places[pattern]):
            if other.page < place.page - AHEAD:
                break
            if _same(place, other):
                found.add(other.page)
        return len(found) >= _LEAST


def _seen(number: int, piece: Piece) -> tuple[str, _Place]:
    text = piece.text
    numbers = tuple(map(int, _DIGITS.findall(text)))
    return _DIGITS.sub("#", text).casefold(), _Place(number, piece.left, piece.right, piece.base, numbers)


def _same(one: _Place, other: _Place) -> bool:
    """Whether two lines of the same wording stand at the same place, and their numbers at most count the pages."""
    pages = other.page - one.page
    counted = all(b - a in (0, pages) for a, b in zip(one.numbers, other.numbers, strict=True))
    shifts = (other.left - one.left, other.right - one.right, (other.left + other.right - one.left - one.right) / 2)
    return counted and abs(other.base - one.base) < _LEVEL and min(map(abs, shifts)) < _NEAR
