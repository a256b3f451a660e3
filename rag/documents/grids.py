"""Tables that ruling lines enclose: what stands in each cell, whatever the distance between its lines."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from rag.documents.lines import Block, Line, Piece, pieces, rows_of
from rag.documents.pdf_page import Word
from rag.documents.pdf_view import Rect
from rag.documents.tables import Cell, is_number, row_of

_NEAR = 3.0  # points between lines that touch, and between edges that are one
_MOST_RULINGS = 600  # of a page: drawings have more
_MOST_CROSSINGS = 40_000
_TALLEST_CELL = 25  # lines; more, or several with wide gaps, are a text or a table within a frame


class _Ruling(NamedTuple):
    """A horizontal or vertical line: where it is, and from where to where it runs."""

    at: float
    start: float
    end: float

    def covers(self, place: float) -> bool:
        return self.start - _NEAR <= place <= self.end + _NEAR


def ruled(words: Sequence[Word], rulings: Sequence[Rect]) -> tuple[list[Piece], list[Word]]:
    """The tables within ruling lines, each as a piece that takes their place, and the other words."""
    if not 4 <= len(rulings) <= _MOST_RULINGS:
        return [], list(words)
    found: list[Piece] = []
    loose = list(words)
    for across, down in _grids(rulings):
        grid = _Grid(across, down)
        inside = [word for word in loose if grid.holds(word)]
        rows = grid.rows(inside)
        if rows:
            taken = set(map(id, inside))
            loose = [word for word in loose if id(word) not in taken]
            size = median(word.size for word in inside)
            found.append(Piece(inside, grid.xs[0], grid.xs[-1], grid.ys[0] + size, size, rows))
    return found, loose


def _grids(rulings: Sequence[Rect]) -> Iterator[tuple[list[_Ruling], list[_Ruling]]]:
    """Horizontal and vertical lines that hang together and could make a table."""
    flat = [box for box in rulings if box[2] - box[0] >= box[3] - box[1]]
    across = _merged([_Ruling((box[1] + box[3]) / 2, box[0], box[2]) for box in flat])
    down = _merged([_Ruling((box[0] + box[2]) / 2, box[1], box[3]) for box in rulings if box not in flat])
    if len(across) * len(down) > _MOST_CROSSINGS:
        return
    group = list(range(len(across) + len(down)))

    def root(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    for i, one in enumerate(across):
        for j, other in enumerate(down):
            if one.covers(other.at) and other.covers(one.at):
                group[root(len(across) + j)] = root(i)
    parts: dict[int, tuple[list[_Ruling], list[_Ruling]]] = defaultdict(lambda: ([], []))
    for number, ruling in enumerate((*across, *down)):
        parts[root(number)][number >= len(across)].append(ruling)
    yield from ((lines, columns) for lines, columns in parts.values() if len(lines) > 1 and columns)


def _merged(rulings: Sequence[_Ruling]) -> list[_Ruling]:
    """Rulings that go on in each other as one, as cells that are framed one by one draw them."""
    merged: list[_Ruling] = []
    for ruling in sorted(rulings, key=lambda ruling: (round(ruling.at / _NEAR), ruling.start)):
        last = merged[-1] if merged else None
        if last and abs(last.at - ruling.at) < _NEAR and ruling.start <= last.end + _NEAR:
            merged[-1] = last._replace(end=max(last.end, ruling.end))
        else:
            merged.append(ruling)
    return merged


def _edges(places: Sequence[float]) -> list[float]:
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > _NEAR:
            found.append(place)
    return found


class _Grid:
    """Cells between lines, where a line that is missing between two of them joins them."""

    def __init__(self, across: Sequence[_Ruling], down: Sequence[_Ruling]) -> None:
        self._across, self._down = across, down
        self.xs = _edges([*(line.at for line in down), min(r.start for r in across), max(r.end for r in across)])
        self.ys = _edges([*(line.at for line in across), min(r.start for r in down), max(r.end for r in down)])

    def holds(self, word: Word) -> bool:
        x, y = (word.left + word.right) / 2, word.base - word.size / 3
        return self.xs[0] < x < self.xs[-1] and self.ys[0] < y < self.ys[-1]

    def rows(self, words: Sequence[Word]) -> list[Block]:
        """A block for each row, or nothing where the lines are no table."""
        if len(self.xs) < 3 or len(self.ys) < 3:
            return []
        cells: dict[tuple[int, int], list[Word]] = defaultdict(list)
        for word in words:
            row = bisect_right(self.ys, word.base - word.size / 3) - 1
            cells[self._first(row, bisect_right(self.xs, (word.left + word.right) / 2) - 1)].append(word)
        if len({column for _, column in cells}) < 2 or len({row for row, _ in cells}) < 2:
            return []
        parts = {place: rows_of(pieces(words)) for place, words in cells.items()}
        if any(len(cell) > _TALLEST_CELL or sum(len(row) > 1 for row in cell) > 1 for cell in parts.values()):
            return []
        lines = {place: [Line.of(row) for row in cell] for place, cell in parts.items()}
        rows: dict[int, list[tuple[int, Cell]]] = defaultdict(list)
        for (row, column), cell in sorted(lines.items()):
            rows[row].append((column, cell))
        return [block for row in sorted(rows) for block in self._split(rows[row])]

    def _first(self, row: int, column: int) -> tuple[int, int]:
        """The first of the cells that are joined with this one."""
        middle = (self.ys[row] + self.ys[row + 1]) / 2
        while column and not _drawn(self._down, self.xs[column], middle):
            column -= 1
        middle = (self.xs[column] + self.xs[column + 1]) / 2
        while row and not _drawn(self._across, self.ys[row], middle):
            row -= 1
        return row, column

    def _split(self, row: Sequence[tuple[int, Cell]]) -> Iterator[Block]:
        """A row, or as many as its cells list line by line where no line parts them."""
        tall = [(column, cell) for column, cell in row if len(cell) > 1]
        if len(tall) < 2 or not (_numbered(row) or all(self._listed(column, cell) for column, cell in tall)):
            yield row_of([cell for _, cell in row])
            return
        lines = {
            Piece([], one.left, one.right, one.base, one.size): (column, one) for column, cell in row for one in cell
        }
        for level in rows_of(lines):
            cells: dict[int, Cell] = defaultdict(list)
            for column, line in sorted(lines[piece] for piece in level):
                cells[column].append(line)
            yield row_of(list(cells.values()))

    def _listed(self, column: int, cell: Cell) -> bool:
        """Whether the lines of a cell end before its edge makes them."""
        edge = next((x for x in self.xs[column + 1 :]), self.xs[-1])
        short = [edge - abs(line.right) > following.head + line.size for line, following in pairwise(cell)]
        return sum(short) >= 0.7 * len(short)


def _numbered(row: Sequence[tuple[int, Cell]]) -> bool:
    """Whether all cells have as many lines, each with a number."""
    lines = zip(*(cell for _, cell in row[1:]), strict=False)
    equal = len({len(cell) for _, cell in row}) == 1
    return equal and all(any(is_number(line.text) for line in cells) for cells in lines)


def _drawn(rulings: Sequence[_Ruling], at: float, place: float) -> bool:
    return any(abs(ruling.at - at) <= _NEAR and ruling.covers(place) for ruling in rulings)
