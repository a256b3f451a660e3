"""Workbooks of Excel 3 and 4, in which statistics of the nineties were published, read without a library.

Records and their numbers: OpenOffice.org's documentation of the Microsoft Excel file format, chapters 5 and 6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from rag.documents.biff import Record, records
from rag.documents.cells import Row, blocks, comment, margin, reference
from rag.documents.extract import Block, Extract, Rejected
from rag.documents.numbers import shown
from rag.documents.sections import joined
from rag.errors import EncryptedDocument

STARTS = (b"\x09\x02", b"\x09\x04")
_BOF, _SHEET_NAME, _CODE_PAGE, _FROM_1904, _FILEPASS = (0x209, 0x409), 0x8F, 0x42, 0x22, 0x2F
_FORMATS, _STYLES = (0x1E, 0x41E), (0x243, 0x443)
_NUMBER, _RK, _LABEL, _BOOLEAN, _STRING, _FORMULAS = 0x203, 0x27E, 0x204, 0x205, 0x207, (0x206, 0x406)
_MARGINS, _NOTE = (0x14, 0x15), 0x1C
_WORKBOOK = 0x100  # what begins, if it is no sheet
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}

Section = tuple[str, Iterator[Block] | list[Block]]


class _Sheet:
    """The records of one sheet, as they come."""

    def __init__(self, number: int, name: str, page: str) -> None:
        self._name = name
        self._place = f"sheet {name or number}"
        self._rows: dict[int, Row] = {}
        self._comments: list[Block] = []
        self._margins: dict[str, None] = {}
        self._page = page
        self._codes: list[str] = []
        self._styles: list[int] = []
        self._from_1904 = False
        self._formula: tuple[int, int] | None = None  # one whose text follows

    def take(self, record: Record) -> None:
        kind, data = record.kind, record.data
        if kind == _CODE_PAGE:
            page = int.from_bytes(data[:2], "little")
            self._page = {0x8000: "mac_roman", 0x8001: "cp1252"}.get(page, f"cp{page}")
        elif kind == _FROM_1904:
            self._from_1904 = data[:1] == b"\1"
        elif kind in _FORMATS:
            self._codes.append(self._text(data[2:] if kind > 0xFF else data, 1))
        elif kind in _STYLES:
            self._styles.append(data[1])
        elif kind in _MARGINS and data:
            self._margins[margin(self._text(data, 1))] = None
        elif kind == _NOTE:
            row, column = struct.unpack_from("<HH", data)
            self._comments.append(comment(reference(column, row), "", self._text(data[4:], 2)))
        elif kind == _STRING and self._formula:
            self._put(*self._formula, self._text(data, 2))
        elif kind in (_NUMBER, _RK, _LABEL, _BOOLEAN, *_FORMULAS):
            self._cell(kind, data)

    def _cell(self, kind: int, data: bytes) -> None:
        row, column, style = struct.unpack_from("<HHH", data)
        value = data[6:]
        self._formula = None
        if kind == _LABEL:
            self._put(row, column, self._text(value, 2))
        elif kind == _BOOLEAN:
            self._put(row, column, _truth(value[0], value[1]))
        elif kind == _RK:
            self._put(row, column, self._shown(_compact(value), style))
        elif kind == _NUMBER or value[6:8] != b"\xff\xff":
            self._put(row, column, self._shown(struct.unpack_from("<d", value)[0], style))
        elif value[0] in (1, 2):
            self._put(row, column, _truth(value[2], value[0] - 1))
        else:
            self._formula = row, column

    def _put(self, row: int, column: int, text: str) -> None:
        self._rows.setdefault(row, {})[column] = text

    def _shown(self, value: float, style: int) -> str:
        number = self._styles[style] if style < len(self._styles) else 0
        code = self._codes[number] if number < len(self._codes) else ""
        return shown(value, code, from_1904=self._from_1904)

    def _text(self, data: bytes, size: int) -> str:
        length = int.from_bytes(data[:size], "little")
        try:
            return data[size : size + length].decode(self._page, "replace")
        except LookupError:
            return data[size : size + length].decode("cp1252", "replace")

    def sections(self) -> Iterator[Section]:
        yield from ((self._place, table) for table in blocks(sorted(self._rows.items()), self._name))
        yield f"{self._place}, comments", self._comments
        yield f"{self._place}, header and footer", list(map(Block, self._margins))


def read(data: bytes) -> Extract:
    sheets: list[_Sheet] = []
    name, page = "", "cp1252"
    for record in records(data):
        if record.kind == _FILEPASS:
            raise Rejected(EncryptedDocument, "it is protected by a password", "Save a copy without the password.")
        if record.kind == _SHEET_NAME:
            name = record.data[5 : 5 + record.data[4]].decode(page, "replace")
        elif record.kind in _BOF and record.data[2:4] != _WORKBOOK.to_bytes(2, "little"):
            sheets.append(_Sheet(len(sheets) + 1, name, page))
        elif sheets:
            sheets[-1].take(record)
    text, headings, parts = joined(section for sheet in sheets for section in sheet.sections())
    return Extract(text=text, title=None, headings=headings, parts=parts)


def _compact(value: bytes) -> float:
    """A number in four bytes: an integer or the upper half of a float, perhaps a hundred times as large."""
    (bits,) = struct.unpack_from("<i", value)
    number = float(bits >> 2) if bits & 2 else struct.unpack("<d", bytes(4) + struct.pack("<i", bits & ~3))[0]
    return float(number / 100 if bits & 1 else number)


def _truth(value: int, is_error: int) -> str:
    return _ERRORS.get(value, "#N/A") if is_error else ("TRUE" if value else "FALSE")
