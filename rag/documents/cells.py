"""Rows of cells to blocks: what workbooks and delimited texts share. The names of columns become a heading.

A passage of a long table then carries them as its section, and a bare row of numbers can be found by what they are.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rag.documents.extract import Block, one_line

Row = dict[int, str]  # the cells of a row that hold something, by their column

_LONGEST_GAP = 8  # empty cells between two others that are shown: a sheet can have a cell in any of 16,384 columns
_LONGEST_NAME = 60  # characters of a column's name
_MOST_LEADING = 5  # rows until the first one below titles and names
_LOOKED_AT = 20  # rows
_QUANTITY = re.compile(r"[\W_]*\d[\d\W_]*(?:[eE]\d+)?[^\d\s]{0,3}")
# ECMA-376, part 1, 18.3.1.39: && is a character; &"font", &12, &K0000FF and the like are no text.
_MARGIN_CODE = re.compile(r'&(?:(&)|"[^"]*"|\d+|K(?:[0-9A-Fa-f]{6}|\d\d[+-]\d{3})|([LCR])|.)', re.DOTALL)
_YEAR = re.compile(r"(?:19|20)\d\d")


def line(cells: Sequence[str]) -> str:
    """Cells joined by " | ", those at the end left out if empty; "" if all are."""
    return _line({number: cell for number, cell in enumerate(cells) if cell}, range(len(cells)))


def blocks(rows: Iterable[tuple[int, Row]], name: str = "") -> Iterator[Iterator[Block]]:
    """The tables of a sheet, which empty rows part, as blocks; `rows` are numbered, empty ones may be left out.

    The sheet's name and the names of columns make one heading. Columns that are empty throughout are left out.
    """
    for number, table in enumerate(_joined(_parted(rows))):
        yield _blocks(table, "" if number else name)


def _blocks(table: list[Row], name: str) -> Iterator[Block]:
    columns = sorted({column for row in table for column in row})
    places = {column: place for place, column in enumerate(columns)}
    names = _names(table)
    head = [_line(row, places) for row in table[:names]]
    if name and head[:1] != [name]:
        head.insert(0, name)
    if head:
        yield Block("\n".join(head), heading=True, row=True)
    for row in itertools.islice(table, names, None):
        yield Block(_line(row, places), row=True)


def _line(row: Row, places: dict[int, int] | range) -> str:
    kept: list[str] = []
    last = -1
    for column in sorted(row):
        kept += [""] * min(places[column] - last - 1, _LONGEST_GAP)
        kept.append(row[column])
        last = places[column]
    return " | ".join(kept)


def _parted(rows: Iterable[tuple[int, Row]]) -> Iterator[list[Row]]:
    table: list[Row] = []
    last = 0
    for number, row in rows:
        cells = {column: text for column, cell in row.items() if (text := one_line(cell))}
        if not cells:
            continue
        if table and number > last + 1:
            yield table
            table = []
        table.append(cells)
        last = number
    if table:
        yield table


def _joined(tables: Iterable[list[Row]]) -> Iterator[list[Row]]:
    """Put names of columns that stand alone above an empty row back on top of their table."""
    alone: list[Row] = []
    for table in tables:
        if alone and not alone[0].keys() ^ table[0].keys():
            table = alone + table
        elif alone:
            yield alone
        alone = table if len(table) == 1 and len(table[0]) > 1 and _is_text(table[0]) else []
        if not alone:
            yield table
    if alone:
        yield alone


def _names(table: Sequence[Row]) -> int:
    """How many rows at the top name the columns, titles above them included: 0 where they look like all others.

    Names may take several rows where cells are merged: a row belongs to them while it names further columns.
    """
    beginning = table[:_LOOKED_AT]
    full = [row for row in beginning if len(row) > 1]
    filled = Counter(column for row in full for column in row)
    columns = {column for column, count in filled.items() if 2 * count >= len(full)}
    named: set[int] = set()
    rows = 0
    for row in beginning[: min(_MOST_LEADING, len(table)) - 1]:
        new = columns & row.keys() - named
        if not _is_text(row) or (not new and 2 * len(named) >= len(columns)):
            break
        named |= new
        rows += 1
    return rows if len(named) > 1 and 2 * len(named) >= len(columns) else 0


def _is_text(row: Row) -> bool:
    """Whether each cell is short and no quantity, or a year beside texts."""
    cells = list(row.values())
    texts = [cell for cell in cells if not _QUANTITY.fullmatch(cell)]
    short = all(len(cell) <= _LONGEST_NAME for cell in cells)
    return bool(texts) and short and all(_YEAR.fullmatch(cell) for cell in cells if _QUANTITY.fullmatch(cell))


def comment(cell: str, author: str, text: str) -> Block:
    """A comment below the cell that it is on and its author, whom programs often write into the text too."""
    text = text.strip()
    own = text.removeprefix(f"{author}:").strip() if author else text
    return Block(": ".join(filter(None, (", ".join(filter(None, (cell, author))), own))) if own else "")


def margin(code: str) -> str:
    """The text of a header or footer of Excel, its left, middle and right on lines of their own."""
    text = _MARGIN_CODE.sub(lambda match: match[1] or ("\n" if match[2] else ""), code)
    return "\n".join(filter(None, map(one_line, text.split("\n"))))


def reference(column: int, row: int) -> str:
    """The name of a cell, of which the first is A1; both are counted from 0."""
    letters = ""
    while column >= 0:
        column, letter = divmod(column, 26)
        letters = chr(65 + letter) + letters
        column -= 1
    return f"{letters}{row + 1}"
