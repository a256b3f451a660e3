"""Tables without ruling lines, told from columns of a text by where their cells stand."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Literal

from rag.documents.lines import Block, Line, Piece, Row
from rag.documents.pdf_page import Word

Gutter = tuple[float, float]
Cell = list[Line]

_NUMBER = re.compile(r"[^A-Za-z]*\d[^a-z]*")
_MARK = re.compile(r"\W{1,3}|[(\[]?(?:\d{1,4}|[A-Za-z]|[ivxl]{1,5}|[IVXL]{1,5})[.)\]]?|\.?\d+(?:\.\d+)*")


def judged(rows: Sequence[Row], gutters: Sequence[Gutter]) -> tuple[Literal["lines", "columns", "table"], list[Gutter]]:
    """What a band is, and the gutters that count: those beside bullets and numbers of items do not."""
    cells = [columns(row, gutters) for row in rows] if gutters else []
    kept = [g for number, g in enumerate(gutters) if not _marks([row[number] for row in cells])]
    if not kept:
        return "lines", []
    if len(kept) < len(gutters):
        cells = [columns(row, kept) for row in rows]
    filled = [[row[number] for row in cells if row[number]] for number in range(len(kept) + 1)]
    prose = [_is_prose([Line.of(cell) for cell in column]) for column in filled]
    shared = [row for row in cells if sum(map(bool, row)) > 1]
    level = [row for row in shared if _is_level(row)]
    fewer = sorted(map(len, filled))[-2]
    independent = len(level) < 0.4 * fewer and fewer > 2
    if sum(prose) > 1 or (independent and (any(prose) or not shared)):
        return "columns", kept
    enough = len(level) >= max(0.6 * fewer, 2 if len(kept) > 1 else 3)
    if enough and (len(level) > 4 or not _are_justified(rows)):
        return "table", kept
    return "lines", []


def columns(row: Sequence[Piece], gutters: Sequence[Gutter]) -> list[list[Piece]]:
    """The pieces between gutters; a piece that one runs through is cut there."""
    found: list[list[Piece]] = [[] for _ in range(len(gutters) + 1)]
    middles = [(left + right) / 2 for left, right in gutters]
    for piece in row:
        if piece.rows or not any(piece.left < middle < piece.right for middle in middles):
            found[sum(middle <= piece.left for middle in middles)].append(piece)
            continue
        parts: dict[int, list[Word]] = defaultdict(list)
        for word in piece.words:
            parts[sum(middle <= word.left for middle in middles)].append(word)
        for number, words in parts.items():
            found[number].append(Piece.of(words))
    return found


def aligned(rows: Sequence[Row], gutters: Sequence[Gutter]) -> Iterator[Block | Row]:
    """A block for each row of a table without ruling lines; lines that stand outside of it as they are."""
    lines = [[Line.of(cell) if cell else None for cell in columns(row, gutters)] for row in rows]
    groups = _grouped(lines)
    alone = [last - first == 1 and len(rows[first]) - _is_mark(rows[first][0].text) < 2 for first, last in groups]
    within = [number for number, single in enumerate(alone) if not single]
    for number, (first, last) in enumerate(groups):
        near = alone[number - 1 : number] + alone[number + 1 : number + 2]
        if alone[number] and (any(near) or not within[0] < number < within[-1]):
            yield rows[first]
        elif last - first == 1:
            yield row_of([[Line.of(cell)] for cell in columns(rows[first], _gaps(rows[first])) if cell])
        else:
            cells = [[line for line in column if line] for column in zip(*lines[first:last], strict=True)]
            yield row_of(cells)


def _gaps(row: Row) -> list[Gutter]:
    spans = sorted(span for piece in row for span in piece.spans())
    return [(before[1], after[0]) for before, after in pairwise(spans) if before[1] < after[0]]


def row_of(cells: Sequence[Cell]) -> Block:
    """A row of a table; the lines of a cell are joined by a space."""
    cells = [cell for cell in cells if cell]
    lines = [line for cell in cells for line in cell]
    joints = [joint for cell in cells for joint in (*[" "] * (len(cell) - 1), " | ")][:-1]
    return Block(lines, joints, kind="row")


def _grouped(lines: Sequence[Sequence[Line | None]]) -> list[tuple[int, int]]:
    """Which lines make a row of a table: the first column may name each row, or gaps part them; else each is one."""
    starts = _named(lines) or _parted(lines) or list(range(len(lines)))
    return list(pairwise([*starts, len(lines)]))


def _named(lines: Sequence[Sequence[Line | None]]) -> list[int]:
    """Where rows begin if one column holds prose and each line with a first cell begins a row; else nothing."""
    starts = [number for number, cells in enumerate(lines) if cells[0]]
    prose = [_is_prose([line for line in column if line]) for column in zip(*lines, strict=True)]
    whole = all(sum(map(bool, lines[number])) > 1 for number in starts)
    return starts if starts[:1] == [0] and len(starts) > 2 and whole and any(prose[1:]) and not prose[0] else []


def _parted(lines: Sequence[Sequence[Line | None]]) -> list[int]:
    """Where rows begin if wider gaps part them; nothing if what they would hold looks like rows of its own."""
    bases = [max(line.base for line in cells if line) for cells in lines]
    distances = [b - a for a, b in pairwise(bases)]
    if len(distances) < 2:
        return []
    usual = sorted(distances)[len(distances) // 5]
    starts = [0, *(number for number, distance in enumerate(distances, start=1) if distance > 1.25 * usual)]
    groups = [lines[first:last] for first, last in pairwise([*starts, len(lines)])]
    own = any(_is_own(cells) for group in groups for cells in group[1:])
    own = own or any(sum(map(any, zip(*group, strict=True))) == 1 for group in groups if len(group) > 1)
    return [] if own or len(starts) < 3 or len(starts) == len(lines) else starts


def _is_own(cells: Sequence[Line | None]) -> bool:
    """Whether a line is a row by itself rather than where cells of the row above go on."""
    filled = [line.text for line in cells if line]
    return len(filled) > 1 and (cells[0] is not None or any(map(is_number, filled)))


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _is_mark(text: str) -> bool:
    return _MARK.fullmatch(text) is not None


def _marks(column: Sequence[Row]) -> bool:
    found = [Line.of(cell) for cell in column if cell]
    return all(_is_mark(line.text) for line in found) and median(line.right - line.left for line in found) < (
        2.5 * found[0].size
    )


def _is_prose(lines: Sequence[Line]) -> bool:
    """Whether lines are those of a text that was wrapped: long and even, and many begin within a sentence."""
    if len(lines) < 3 or sum(len(line.text) for line in lines) < 12 * len(lines):
        return False
    text = "".join(line.text for line in lines)
    if sum(map(str.isalpha, text)) < len(text) / 2:
        return False
    widths = [line.right - line.left for line in lines]
    even = median(widths) / max(widths)
    cased = [line.text[0] for line in lines if line.text[0].lower() != line.text[0].upper()]
    if len(cased) < len(lines) / 3:
        return even > 0.75 and len(lines) > 3
    return even > 0.35 and sum(map(str.islower, cased)) >= 0.25 * len(lines)


def _are_justified(rows: Sequence[Row]) -> bool:
    """Whether lines look stretched to the width of a column: they end level, and their words are equally far apart."""
    ends = [max(piece.right for piece in row) for row in rows]
    if max(ends) - min(ends) > rows[0][0].size:
        return False
    for row in rows:
        words = sorted((word.left, word.right) for piece in row for word in piece.words)
        gaps = [after[0] - before[1] for before, after in pairwise(words)]
        if gaps and max(gaps) > 1.5 * min(gaps):
            return False
    return True


def _is_level(row: Sequence[Row]) -> bool:
    bases = [cell[0].base for cell in row if cell]
    size = next(cell[0].size for cell in row if cell)
    return max(bases) - min(bases) < 0.1 * size
