"""Spreadsheets: each sheet a part, each row a line of cells. What kind a file is, its first bytes tell."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from rag.documents import biff, biff4, objects, opendocument, summary, workbook
from rag.documents.archive import unpacked
from rag.documents.cells import Row, blocks, comment, margin, reference
from rag.documents.extract import Block, Extract, Member, Rejected
from rag.documents.numbers import clock, number
from rag.documents.sections import joined
from rag.errors import EncryptedDocument, UnreadableDocument

_BINARY = "xl/workbook.bin"
_OLDEST = b"\x09\x00"  # how those of Excel 2 begin
_MARKED_UP = (b"<", b"\xef\xbb\xbf<")
_UNREAD = "comments, drawings, headers and footers of binary workbooks are not read"

Section = tuple[str, Iterable[Block]]


def read(data: bytes) -> Extract:
    if data.startswith(objects.OLE):
        return _old(data)
    if data.startswith(biff4.STARTS):
        return biff4.read(data)
    if data.startswith(_OLDEST):
        raise Rejected(UnreadableDocument, "it is a workbook of Excel 2", "Save it as .xlsx.")
    if data.lstrip().startswith(_MARKED_UP):
        raise Rejected(UnreadableDocument, "it is a web page or XML under the name of a workbook", "Save it as .xlsx.")
    with unpacked(data) as archive:
        names = set(archive.namelist())
    if "content.xml" in names:
        return opendocument.read(data)
    if _BINARY in names:
        text, headings, parts = joined(_cells(data, {}))
        return Extract(text=text, title=None, headings=headings, parts=parts, gaps=(_UNREAD,))
    return workbook.read(data)


def _old(data: bytes) -> Extract:
    """A workbook of Excel 97, or what else is kept in the same container."""
    from olefile import OleFileIO

    file = io.BytesIO(data)
    with OleFileIO(file, write_mode=True) as container:
        if container.exists("EncryptedPackage"):
            raise Rejected(EncryptedDocument, "it is protected by a password", "Save a copy without the password.")
        stream = next((name for name in ("Workbook", "Book") if container.exists(name)), "")
        if not stream:
            raise Rejected(UnreadableDocument, "it is no workbook")
        book = container.openstream(stream).read()
        if biff.is_encrypted(book):
            raise Rejected(EncryptedDocument, "it is protected by a password", "Save a copy without the password.")
        storages = dict.fromkeys(path[0] for path in container.listdir() if path[0].startswith("MBD"))
        extras = list(biff.extras(book)) if stream == "Workbook" else []
        moved, rows_of = biff.dense(book) if stream == "Workbook" else (book, {})
        found = [objects.stored(container, [name], name) for name in storages]
        stated = summary.stated(container)
        if rows_of:
            container.write_stream(stream, moved)
        data = file.getvalue()
    text, headings, parts = joined(itertools.chain(_cells(data, rows_of), _beside(extras)))
    pictures = biff.pictures(book)
    return Extract(
        text=text,
        headings=headings,
        parts=parts,
        members=tuple(one for one in found if isinstance(one, Member)),
        gaps=(
            *(one for one in found if isinstance(one, str)),
            *((f"pictures not read: {pictures}",) if pictures else ()),
        ),
        **stated,
    )


def _cells(data: bytes, rows_of: dict[str, list[int]]) -> Iterator[Section]:
    """The tables of each sheet; `rows_of` are the numbers of rows that were moved together before."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as error:
        raise Rejected(
            EncryptedDocument, "it is protected by a password", "Save a copy without the password."
        ) from error
    for sheet in book.sheets_metadata:
        place = _place(sheet.name, sheet.visible != SheetVisibleEnum.Visible)
        numbers = rows_of.get(sheet.name) or itertools.count()
        rows = zip(numbers, map(_row, book.get_sheet_by_name(sheet.name).iter_rows()), strict=False)
        yield from ((place, table) for table in blocks(rows, sheet.name))


def _place(name: str, hidden: bool) -> str:
    return f"sheet {name}" + (" (hidden)" if hidden else "")


def _row(values: Iterable[object]) -> Row:
    return {column: _text(value) for column, value in enumerate(values) if value != ""}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, datetime):
        return f"{value.date().isoformat()} {_text(value.time())}"
    if isinstance(value, timedelta):
        return clock(round(value.total_seconds()))
    if isinstance(value, time):
        return clock(value.hour * 3600 + value.minute * 60 + value.second)
    return value.isoformat() if isinstance(value, date) else str(value)


def _beside(extras: Iterable[biff.Extras]) -> Iterator[Section]:
    for sheet in extras:
        place = _place(sheet.name, sheet.hidden)
        yield place, list(map(Block, sheet.texts))
        yield f"{place}, comments", [comment(reference(n.column, n.row), n.author, n.text) for n in sheet.notes]
        yield f"{place}, header and footer", list(map(Block, dict.fromkeys(map(margin, sheet.codes))))
