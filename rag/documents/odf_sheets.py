"""Spreadsheets of OpenDocument: each sheet a part, its rows with the values that cells hold, comments and drawings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rag.documents.cells import Row, blocks, reference
from rag.documents.extract import Block, one_line
from rag.documents.numbers import number
from rag.documents.odf import DRAW, OFFICE, STYLE, TABLE, TEXT, Flow, times

Section = tuple[str, Iterable[Block]]

_MOST_CELLS = 2_000_000  # a cell can stand for millions of equal ones
_MOST_COLUMNS = 16_384
_CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")
_UNIT = re.compile(r"[^\W\d_]{2,}|[€$£¥%°]")


def tables(flow: Flow, content: Any, book: Any) -> Iterator[Section]:
    """Each sheet, what is drawn on it and its comments."""
    hidden = {
        style.get(f"{STYLE}name")
        for style in content.iter(f"{STYLE}style")
        for one in style.iter(f"{STYLE}table-properties")
        if one.get(f"{TABLE}display") == "false"
    }
    for table in book.iterchildren(f"{TABLE}table"):
        name = one_line(table.get(f"{TABLE}name"))
        place = f"sheet {name}" + (" (hidden)" if table.get(f"{TABLE}style-name") in hidden else "")
        yield from ((place, found) for found in blocks(_rows(flow, table, place), name))
        drawn = [*table.iterfind(f"{TABLE}shapes/*"), *table.iterfind(f".//{TABLE}table-cell/{DRAW}frame")]
        yield from ((place, list(flow.shown(shape, values=False))) for shape in drawn)
        comments, flow.comments = flow.comments, []
        yield f"{place}, comments", comments


def _rows(flow: Flow, table: Any, place: str) -> Iterator[tuple[int, Row]]:
    position, left = 0, _MOST_CELLS
    for element in table.iter(f"{TABLE}table-row"):
        if next(element.iterancestors(f"{TABLE}table")) is not table:
            continue
        repeated = times(element, f"{TABLE}number-rows-repeated")
        row = _row(flow, element, position)
        shown = min(repeated, left // len(row)) if row else 0
        left -= shown * len(row)
        yield from ((position + more, row) for more in range(shown))
        if row and shown < repeated:
            flow.file.gaps.append(f"{place}: rows not read: {repeated - shown:,} like row {position + 1:,}")
        position += repeated


def _row(flow: Flow, element: Any, position: int) -> Row:
    row: Row = {}
    column = 0
    for cell in element.iterchildren(*_CELLS):
        repeated = times(cell, f"{TABLE}number-columns-repeated")
        for annotation in cell.iterchildren(f"{OFFICE}annotation"):
            flow.comments.append(flow.comment(annotation, reference(column, position)))
        text = _value(flow, cell)
        if text:
            row |= dict.fromkeys(range(column, column + min(repeated, _MOST_COLUMNS)), text)
        column += repeated
    return row


def _value(flow: Flow, cell: Any) -> str:
    """What a cell holds: numbers with all their digits, days in ISO 8601, all else as the file shows it."""
    kind = cell.get(f"{OFFICE}value-type", "")
    paragraphs = (flow.text(one) for one in cell.iterchildren(f"{TEXT}p"))
    text = one_line(" ".join(paragraphs)) or cell.get(f"{OFFICE}string-value", "")
    if kind == "date":
        return str(cell.get(f"{OFFICE}date-value", text)).replace("T", " ").removesuffix(":00").removesuffix(" 00:00")
    try:
        value = float(cell.get(f"{OFFICE}value", ""))
    except ValueError:
        return text
    if kind == "percentage":
        return f"{number(100 * value)}%"
    return number(value) if kind == "float" and not _UNIT.search(text) else text or number(value)
