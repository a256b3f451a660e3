"""The reading order of a page: a recursive cut into bands, columns and tables, and of their lines into blocks.

A band is a run of rows that leave the same gutters free. Where at least two of the columns between its gutters hold
prose they are read one after the other; where cells stand on common baselines each row is one of a table; otherwise,
and always when unsure, lines are read as they stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from statistics import median

from rag.documents import tables
from rag.documents.grids import ruled
from rag.documents.lines import ITEM, Block, Line, Piece, Row, ends, pieces, rows_of, runs_on
from rag.documents.pdf_page import Page, Word
from rag.documents.tables import Gutter

_FAR = 1e9
_GUTTER = 0.6  # ems: the width of a gutter at least
_NARROWEST = 4.0  # points
_MUCH = 0.2  # share of the text on either side of a gutter that matters
_MOST_WORDS = 15_000  # of a page; a page of a newspaper has 6,000
_DEEPEST = 8  # columns within bands within columns …
_NEAR = 1.4  # ems between the baselines of lines of one paragraph
_LOOSE = 1.3  # times the usual distance of lines: a wider gap parts paragraphs
_LARGER = 1.12  # times the size: a line of another size begins a block


def blocks(page: Page) -> list[Block]:
    """The blocks of a page in the order in which they are read; text that is turned comes after the rest.

    A page with more words than anybody reads is taken in the order in which it is drawn.
    """
    if len(page.words) > _MOST_WORDS:
        return list(_read_down([[Piece.of([word])] for word in page.words], page.width))
    turns: dict[int, list[Word]] = defaultdict(list)
    for word in page.words:
        turns[word.turn].append(word)
    weight = {turn: sum(len(word.text) for word in words) for turn, words in turns.items()}
    found: list[Block] = []
    for turn in sorted(turns, key=lambda turn: (-weight[turn], turn)):
        grids, loose = ruled(turns[turn], page.rulings) if turn == 0 else ([], turns[turn])
        ordered = list(_ordered([*grids, *pieces(loose)], 0))
        if found:
            ordered = [replace(block, kind="note") for block in ordered]
        found.extend(ordered)
    return found


def _ordered(region: Sequence[Piece], depth: int) -> Iterator[Block]:
    """The blocks of a part of a page, such as a column."""
    edge = max((piece.line.right for piece in region if not piece.rows), default=0.0)
    plain: list[Row] = []
    for rows, gutters in _bands(region):
        kind, gutters = tables.judged(rows, gutters)
        if kind == "lines" or depth == _DEEPEST:
            plain.extend(rows)
            continue
        if kind == "table":
            for part in tables.aligned(rows, gutters):
                if isinstance(part, Block):
                    yield from _read_down(plain, edge)
                    plain = []
                    yield part
                else:
                    plain.append(part)
            continue
        yield from _read_down(plain, edge)
        plain = []
        for column in tables.columns([piece for row in rows for piece in row], gutters):
            yield from _ordered(column, depth + 1)
    yield from _read_down(plain, edge)


def _read_down(rows: Sequence[Row], edge: float) -> Iterator[Block]:
    lines: list[Line] = []
    for row in rows:
        if any(piece.rows for piece in row):
            yield from _paragraphs(lines, edge)
            lines = []
            for piece in row:
                yield from piece.rows or _paragraphs([piece.line], edge)
        else:
            lines.append(Line.of(row))
    yield from _paragraphs(lines, edge)


def _bands(region: Sequence[Piece]) -> list[tuple[list[Row], list[Gutter]]]:
    """Cut a region into runs of rows with the gutters that all rows of a run leave free; without any, one row each."""
    if not region:
        return []
    narrowest = max(_NARROWEST, _GUTTER * median(piece.size for piece in region))
    rows = rows_of(region)
    free = [_free(row, narrowest) for row in rows]
    bands: list[tuple[int, int, list[Gutter]]] = []
    start, common = 0, free[0]
    for number in range(1, len(rows)):
        narrowed = _common(common, free[number], narrowest)
        if not _inner(narrowed) or _loses(rows[start:number], common, narrowed):
            bands.append((start, number, common))
            start, narrowed = number, free[number]
        common = narrowed
    bands.append((start, len(rows), common))
    return [(rows[first:last], _inner(gutters)) for first, last, gutters in _settled(rows, free, bands, narrowest)]


def _loses(rows: Sequence[Row], before: list[Gutter], after: list[Gutter]) -> bool:
    """Whether the next row takes a gutter away that has much text on both sides."""
    if len(rows) < 2:
        return False
    for left, right in _inner(before):
        if not any(left <= a and b <= right for a, b in after):
            texts = [(word.right <= left, len(word.text)) for row in rows for piece in row for word in piece.words]
            share = sum(length for on_left, length in texts if on_left) / sum(length for _, length in texts)
            if _MUCH < share < 1 - _MUCH:
                return True
    return False


def _settled(
    rows: list[Row], free: list[list[Gutter]], bands: list[tuple[int, int, list[Gutter]]], narrowest: float
) -> list[tuple[int, int, list[Gutter]]]:
    """Let bands with gutters begin earlier where rows above them fit, but not with the last line of a paragraph."""
    settled: list[tuple[int, int, list[Gutter]]] = []
    for start, end, common in bands:
        count = len(_inner(common))
        while count and settled:
            first, last, others = settled[-1]
            narrowed = _common(common, free[last - 1], narrowest)
            if (_inner(others) and last - first >= end - start) or len(_inner(narrowed)) < count:
                break
            start, common = last - 1, narrowed
            settled.pop()
            if first < start:
                settled.append((first, start, _all_common(free[first:start], narrowest)))
        while count and end - start > 2 and settled and _belongs_above(rows, free, start):
            settled.append((start, start + 1, free[start]))
            start += 1
        settled.append((start, end, _all_common(free[start:end], narrowest)))
    return settled


def _all_common(free: list[list[Gutter]], narrowest: float) -> list[Gutter]:
    return reduce(lambda one, other: _common(one, other, narrowest), free)


def _belongs_above(rows: list[Row], free: list[list[Gutter]], number: int) -> bool:
    """Whether a row that stands alone is nearer to the one above it than to the one below."""
    above, row, below = (rows[n][0] for n in (number - 1, number, number + 1))
    distance = row.base - above.base
    return not _inner(free[number]) and distance < _NEAR * row.size and below.base - row.base > 1.15 * distance


def _free(row: Row, narrowest: float) -> list[Gutter]:
    """What a row leaves free, with the outer parts; gaps that are too narrow for a gutter count as covered."""
    found: list[Gutter] = []
    edge = -_FAR
    for left, right in sorted(span for piece in row for span in piece.spans()):
        if left - edge >= narrowest:
            found.append((edge, left))
        edge = max(edge, right)
    return [*found, (edge, _FAR)]


def _common(one: list[Gutter], other: list[Gutter], narrowest: float) -> list[Gutter]:
    shared = ((max(a, c), min(b, d)) for a, b in one for c, d in other if a < d and c < b)
    return [(left, right) for left, right in shared if right - left >= narrowest]


def _inner(gutters: list[Gutter]) -> list[Gutter]:
    return [(left, right) for left, right in gutters if left > -_FAR and right < _FAR]


def _paragraphs(lines: Sequence[Line], edge: float) -> Iterator[Block]:
    """Cut lines into blocks where their size or the distance between them says so."""
    leading = _leading(lines)
    start = 0
    for number in range(1, len(lines) + 1):
        if number == len(lines) or _apart(lines[number - 1], lines[number], leading):
            yield _block(lines[start:number], edge)
            start = number


def _leading(lines: Sequence[Line]) -> float:
    """The usual distance between the baselines of two lines, in ems; low rather than high where it varies."""
    found = sorted((b.base - a.base) / b.size for a, b in pairwise(lines) if _alike(a, b) and b.base - a.base > 0)
    return found[len(found) // 3] if len(found) > 2 else 1.25


def _apart(line: Line, following: Line, leading: float) -> bool:
    distance = following.base - line.base
    return not (0 <= distance <= _LOOSE * leading * max(line.size, following.size) and _alike(line, following))


def _alike(line: Line, following: Line) -> bool:
    return max(line.size, following.size) < _LARGER * min(line.size, following.size)


def _block(lines: Sequence[Line], edge: float) -> Block:
    """A block of lines that may run to `edge`: tell line ends from ends of paragraphs."""
    own = max(line.right for line in lines)
    near = sum(own - line.right < line.size for line in lines[:-1])
    if len(lines) > 3 and near >= 0.7 * (len(lines) - 1):  # set off from the edge on both sides, such as a quotation
        edge = own
    joints = [_joint(line, following, edge) for line, following in pairwise(lines)]
    return Block(list(lines), joints, edge=edge)


def _joint(line: Line, following: Line, edge: float) -> str:
    indented = ends(line.text) and following.left - line.left > 0.8 * line.size
    return "\n" if indented or ITEM.match(following.text) or not runs_on(line, following, edge) else " "
