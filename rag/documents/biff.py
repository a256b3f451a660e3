"""What workbooks of Excel 97 (.xls) hold beside cells: comments, text boxes, titles of charts, headers and footers.

Records and their numbers: MS-XLS, 2.3 and 2.4.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_BOF, _EOF, _CONTINUE, _FILEPASS, _SHEET = 0x809, 0x0A, 0x3C, 0x2F, 0x85
_HEADER, _FOOTER, _NOTE, _OBJECT, _TEXT, _CHART_TEXT, _DRAWINGS = 0x14, 0x15, 0x1C, 0x5D, 0x1B6, 0x100D, 0xEB
_CELLS = (0x06, 0xBD, 0xD6, 0xFD, 0x203, 0x204, 0x205, 0x27E)  # which begin with the number of their row
_COMMENT = 0x19  # the kind of an object
_BLIPS = 0xF001  # the pictures, in MS-ODRAW


class Note(NamedTuple):
    row: int
    column: int
    author: str
    text: str


class Extras(NamedTuple):
    """What one sheet holds beside cells; `codes` are those of its header and footer."""

    name: str
    hidden: bool
    codes: list[str]
    texts: list[str]
    notes: list[Note]


def dense(stream: bytes) -> tuple[bytes, dict[str, list[int]]]:
    """The workbook with its rows moved together, and the number that each row had in the sheets where any moved.

    What reads the cells makes room for all from the first to the last one, of which a sheet of this kind has millions.
    """
    moved = bytearray(stream)
    rows_of: dict[str, list[int]] = {}
    found = list(records(stream))
    for name, _, first in _sheets(found):
        cells = [one for one in _part(found, first) if one.kind in _CELLS and len(one.data) > 1]
        numbers = sorted({int.from_bytes(cell.data[:2], "little") for cell in cells})
        if numbers and numbers[-1] >= 2 * len(numbers):
            rows_of[name] = numbers
            places = {number: place for place, number in enumerate(numbers)}
            for cell in cells:
                struct.pack_into("<H", moved, cell.start + 4, places[int.from_bytes(cell.data[:2], "little")])
    return bytes(moved), rows_of


class Record(NamedTuple):
    start: int
    kind: int
    data: bytes
    more: list[bytes]  # the data of the records that continue it


def is_encrypted(stream: bytes) -> bool:
    return any(record.kind == _FILEPASS for record in records(stream[:2000]))


def pictures(stream: bytes) -> int:
    """How many pictures the workbook holds."""
    for record in records(stream):
        if record.kind == _DRAWINGS:
            position = 8  # within the container of all
            while position + 8 <= len(record.data):
                version, kind, length = struct.unpack_from("<HHI", record.data, position)
                if kind == _BLIPS:
                    return int(version >> 4)
                position += 8 + length
    return 0


def extras(stream: bytes) -> Iterator[Extras]:
    """Of each sheet in the order of the workbook."""
    found = list(records(stream))
    for name, hidden, first in _sheets(found):
        yield _extras(name, hidden, _part(found, first))


def _sheets(records: list[Record]) -> Iterator[tuple[str, bool, int]]:
    """Name, whether it is hidden, and first record of each sheet."""
    by_start = {record.start: number for number, record in enumerate(records)}
    for record in records:
        if record.kind == _SHEET and len(record.data) > 8:
            start, state = struct.unpack_from("<IH", record.data)
            name = _characters(record.data[7:], record.data[6])
            yield name, bool(state & 3), by_start.get(start, len(records))


def _part(records: list[Record], first: int) -> Iterator[Record]:
    """The records of one part, with those of the charts within it."""
    depth = 0
    for record in itertools.islice(records, first, None):
        depth += (record.kind == _BOF) - (record.kind == _EOF)
        if depth <= 0:
            return
        yield record


def _extras(name: str, hidden: bool, records: Iterable[Record]) -> Extras:
    found = Extras(name, hidden, [], [], [])
    texts: dict[int, str] = {}
    notes: list[tuple[int, int, int, str]] = []
    kind = number = 0
    for record in records:
        data = record.data
        if record.kind in (_HEADER, _FOOTER) and len(data) > 3:
            found.codes.append(_characters(data[2:], struct.unpack_from("<H", data)[0]))
        elif record.kind == _OBJECT and len(data) >= 8:
            kind, number = struct.unpack_from("<HH", data, 4)
        elif record.kind == _TEXT and len(data) >= 12:
            text = _continued(record.more, struct.unpack_from("<H", data, 10)[0])
            if kind == _COMMENT:
                texts[number] = text
            else:
                found.texts.append(text)
        elif record.kind == _NOTE and len(data) > 11:
            row, column, _, owner, length = struct.unpack_from("<HHHHH", data)
            notes.append((row, column, owner, _characters(data[10:], length)))
        elif record.kind == _CHART_TEXT and len(data) > 3:
            found.texts.append(_characters(data[3:], data[2]))
    found.notes.extend(Note(row, column, author, texts.get(owner, "")) for row, column, owner, author in notes)
    return found


def records(stream: bytes) -> Iterator[Record]:
    """The records of a workbook, each with those that continue it."""
    position = 0
    last: Record | None = None
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        data = stream[position + 4 : position + 4 + length]
        if kind == _CONTINUE and last is not None:
            last.more.append(data)
        else:
            if last is not None:
                yield last
            last = Record(position, kind, data, [])
        position += 4 + length
    if last is not None:
        yield last


def _characters(data: bytes, count: int) -> str:
    """A string after its length: a byte that says whether its characters take one byte each or two."""
    return data[1 : 1 + 2 * count].decode("utf-16-le", "replace") if data[:1] == b"\1" else _narrow(data[1 : 1 + count])


def _continued(pieces: list[bytes], count: int) -> str:
    """A string in several records, each of which says how many bytes its characters take; formats follow it."""
    text = ""
    for piece in pieces:
        if len(text) < count:
            text += _characters(piece, count - len(text))
    return text


def _narrow(data: bytes) -> str:
    return data.decode("latin-1")
