"""Workbooks of Excel since 2007 (.xlsx, .xlsm): cells, comments, text boxes, titles of charts, headers and footers.

The sheets are read as they stream by, so that one whose last cell is filled takes no more memory than its cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from rag.documents import drawing
from rag.documents.cells import Row, blocks, comment, margin
from rag.documents.extract import Block, Extract, one_line
from rag.documents.numbers import BUILT_IN, whole, written
from rag.documents.package import Package, R
from rag.documents.sections import joined

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_THREADED = "{http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments}"
_ROW, _CELL, _VALUE, _FORMULA = (f"{_S}{name}" for name in ("row", "c", "v", "f"))
_MOST_LETTERS = 3  # of the name of a column
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Other = TypeVar("Other", str, None)
Section = tuple[str, Iterable[Block]]


class _Book(NamedTuple):
    """What all sheets share: texts of cells, a format code for each style, the first day, names of people by id."""

    package: Package
    texts: list[str]
    codes: list[str]
    from_1904: bool
    people: dict[str, str]


def read(data: bytes) -> Extract:
    package = Package(data)
    main = package.main("no workbook")
    root = package.main_root(main)
    book = _book(package, main, root)
    sheets = [(sheet, package.target(main, sheet.get(f"{R}id"))) for sheet in root.iter(f"{_S}sheet")]
    text, headings, parts = joined(section for sheet, part in sheets if part for section in _sheet(book, sheet, part))
    drawn = [one for _, part in sheets if part for one in package.linked(part, "drawing")]
    members = tuple(package.members(part for _, part in sheets if part))
    stated = package.properties()
    return Extract(
        text=text,
        title=stated.pop("title", None) or None,
        headings=headings,
        parts=parts,
        members=members,
        gaps=(*package.gaps, *package.unread(drawn)),
        **stated,
    )


def _book(package: Package, main: str, root: Any) -> _Book:
    strings = next(package.linked(main, "sharedStrings"), "")
    styles = next(package.linked(main, "styles"), "")
    texts = [_text(item) for item in package.elements(strings, f"{_S}si")] if strings else []
    settings = root.find(f"{_S}workbookPr")
    from_1904 = settings is not None and settings.get("date1904") in ("1", "true")
    people: dict[str, str] = {}
    for part in package.linked(main, "person"):
        persons = package.root(part)
        people |= {one.get("id", ""): one.get("displayName", "") for one in persons} if persons is not None else {}
    return _Book(package, texts, _codes(package.root(styles)) if styles else [], from_1904, people)


def _codes(root: Any) -> list[str]:
    if root is None:
        return []
    own = {one.get("numFmtId"): one.get("formatCode", "") for one in root.iter(f"{_S}numFmt")}
    numbers = [one.get("numFmtId", "0") for one in root.iterfind(f"{_S}cellXfs/{_S}xf")]
    return [own.get(number) or BUILT_IN.get(whole(number) or 0, "") for number in numbers]


def _sheet(book: _Book, sheet: Any, part: str) -> Iterator[Section]:
    """The tables of a sheet, what is drawn on it, its comments, its header and footer."""
    name = one_line(sheet.get("name"))
    place = f"sheet {name}" + (" (hidden)" if sheet.get("state", "visible") != "visible" else "")
    margins: list[Block] = []
    lost: list[str] = []
    yield from ((place, table) for table in blocks(_rows(book, part, margins, lost), name))
    if lost:
        book.package.gaps.append(f"{place}: cells whose value was not saved: {len(lost)}, such as {lost[0]}")
    for target in book.package.linked(part, "drawing"):
        root = book.package.root(target)
        if root is not None:
            yield place, list(map(Block, drawing.paragraphs(root)))
            yield place, list(drawing.linked(book.package, target, root, values=False))
    yield f"{place}, comments", list(_comments(book, part))
    yield f"{place}, header and footer", margins


def _rows(book: _Book, part: str, margins: list[Block], lost: list[str]) -> Iterator[tuple[int, Row]]:
    """The rows by number; the texts of headers and footers are added, and the cells without a value that should be."""
    number = 0
    for element in book.package.elements(part, _ROW, f"{_S}headerFooter"):
        if element.tag != _ROW:
            margins += [Block(text) for text in dict.fromkeys(margin(one.text or "") for one in element)]
            continue
        number = whole(element.get("r")) or number + 1
        row: Row = {}
        column = 0
        for cell in element.iterchildren(_CELL):
            reference = cell.get("r", "")
            column = _column(reference.rstrip("0123456789")) or column + 1
            text = _value(book, cell)
            if text is None:
                lost.append(reference or f"in row {number}")
            elif text:
                row[column] = text
        yield number, row


@cache
def _column(letters: str) -> int:
    """The number of the column that the letters of a reference name, from 1; 0 where they name none."""
    number = 0
    for letter in letters if len(letters) <= _MOST_LETTERS else "":
        number = number * 26 + ord(letter) - 64
    return number


def _value(book: _Book, cell: Any) -> str | None:
    """What a cell shows, or None where the file should say it and does not."""
    kind, value, computed = cell.get("t", "n"), None, False
    for child in cell:
        if child.tag == _VALUE:
            value = child.text or ""
        elif child.tag == _FORMULA:
            computed = True
        elif kind == "inlineStr" and child.tag == f"{_S}is":
            value = _text(child)
    if value is None:
        return None if computed or kind == "s" else ""
    if kind == "s":
        return _item(book.texts, value, None)
    if kind == "n":
        return written(value, _item(book.codes, cell.get("s", "0"), ""), from_1904=book.from_1904)
    if kind == "b":
        return {"0": "FALSE", "1": "TRUE"}.get(value, value)
    return value.replace("T", " ").removesuffix(" 00:00:00") if kind == "d" else _unescaped(value)


def _item(items: Sequence[str], number: str | None, other: Other) -> str | Other:
    """The item that a file names by its number, or another one where there is none."""
    place = whole(number)
    return items[place] if place is not None and place < len(items) else other


def _text(item: Any) -> str:
    """The text of a cell, comment or shared string, without the reading aids of East Asian scripts."""
    pieces = (one.text or "" for one in item.iter(f"{_S}t") if one.getparent().tag != f"{_S}rPh")
    return _unescaped("".join(pieces))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _comments(book: _Book, part: str) -> Iterator[Block]:
    """Each comment with its cell and author; of one with answers only these, for old programs get a copy of it."""
    threads: set[str] = set()
    for target in book.package.linked(part, "threadedComment"):
        root = book.package.root(target)
        for one in root if root is not None else ():
            threads.add(one.get("ref", ""))
            author = book.people.get(one.get("personId", ""), "")
            yield comment(one.get("ref", ""), author, one.findtext(f"{_THREADED}text") or "")
    for target in book.package.linked(part, "comments"):
        root = book.package.root(target)
        authors = [one.text or "" for one in root.iter(f"{_S}author")] if root is not None else []
        for one in root.iter(f"{_S}comment") if root is not None else ():
            if one.get("ref", "") not in threads:
                yield comment(one.get("ref", ""), _item(authors, one.get("authorId"), ""), _text(one))
