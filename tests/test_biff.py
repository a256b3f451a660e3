"""Workbooks of Excel 97: the cells that a library reads, and what their records hold beside them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache

import pytest
from compound import Compound
from packages import package, places

from rag.documents import sheets
from rag.documents.extract import Extract, Rejected, settled
from rag.errors import EncryptedDocument, UnreadableDocument


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def narrow(text: str, length: str = "H") -> bytes:
    return struct.pack(f"<{length}B", len(text), 0) + text.encode("latin-1")


def wide(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def cell(row: int, column: int, value: str | float) -> bytes:
    start = struct.pack("<HHH", row, column, 0)
    return (
        record(0x204, start + wide(value))
        if isinstance(value, str)
        else record(0x203, start + struct.pack("<d", value))
    )


def begins(kind: int) -> bytes:
    return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0))


def note(number: int, kind: int, text: str) -> bytes:
    """An object with a text, which two further records hold: characters, then formats."""
    half = len(text) // 2
    head = record(0x5D, struct.pack("<HHHH14x", 0x15, 18, kind, number)) + record(
        0x1B6, struct.pack("<10xHHI", len(text), 8, 0)
    )
    pieces = (b"\0" + text[:half].encode("latin-1"), b"\1" + text[half:].encode("utf-16-le"), bytes(8))
    return head + b"".join(record(0x3C, piece) for piece in pieces)


def xls(sheets_of: dict[str, tuple[int, bytes]], *extra: bytes, **storages: dict[str, bytes]) -> bytes:
    """A workbook of sheets, each with its state (1: hidden) and records."""
    listed = sum(len(record(0x85, struct.pack("<IH", 0, 0) + narrow(name, "B"))) for name in sheets_of)
    start = len(begins(5)) + sum(map(len, extra)) + listed + len(record(0x0A))
    bodies, places_of = b"", b""
    for name, (state, records) in sheets_of.items():
        places_of += record(0x85, struct.pack("<IH", start + len(bodies), state) + narrow(name, "B"))
        bodies += begins(0x10) + records + record(0x0A)
    stream = begins(5) + b"".join(extra) + places_of + record(0x0A) + bodies
    return Compound({"Workbook": stream.ljust(4096, b"\0"), **storages}).data()


@cache
def old() -> Extract:
    chart = begins(0x20) + record(0x100D, struct.pack("<H", 0) + narrow("Charttitle", "B")) + record(0x0A)
    owner = struct.pack("<HHHH", 4, 1, 0, 7) + narrow("Ada")
    first = (
        record(0x14, narrow("&CHeaded")) + record(0x15, wide("Footed"))
        + cell(0, 0, "Town") + cell(0, 1, "Share") + cell(1, 0, "Łódź") + cell(1, 1, 0.1 + 0.2) + cell(9, 3, 7.0)
        + note(7, 0x19, "Commented") + note(8, 6, "Boxed") + record(0x1C, owner) + chart
    )  # fmt: skip
    blips = struct.pack("<HHI", 0xF, 0xF000, 8) + struct.pack("<HHI", 0x2F, 0xF001, 0)
    package_of = {"Package": b"PK\3\4 Embedded xl/workbook.xml"}
    data = xls({"Costs": (0, first), "Aside": (1, cell(0, 0, "Hidden"))}, record(0xEB, blips), MBD0001=package_of)
    return settled(sheets.read(data))


@pytest.mark.parametrize(
    ("sentinel", "where"),
    [
        ("Costs\nTown | Share\nŁódź | 0.3\n\n7", ["sheet Costs"]), ("Boxed", ["sheet Costs"]),
        ("Charttitle", ["sheet Costs"]), ("B5, Ada: Commented", ["sheet Costs, comments"]),
        ("Headed", ["sheet Costs, header and footer"]), ("Footed", ["sheet Costs, header and footer"]),
        ("Hidden", ["sheet Aside (hidden)"]), ("Embedded", ["member MBD0001.xlsx"]), ("pictures not read: 2", ["gap"]),
    ],
)  # fmt: skip
def test_each_structure_of_an_old_workbook_is_read_in_its_place(sentinel: str, where: list[str]) -> None:
    assert places(old(), sentinel) == where


def test_rows_at_the_far_end_of_an_old_workbook_take_no_more_memory_than_others() -> None:
    import resource

    far = cell(0, 0, "Near") + cell(65_535, 255, "Far")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = settled(sheets.read(xls({f"S{n}": (0, far) for n in range(8)})))
    assert found.text.startswith("S0\nNear\n\nFar\n\nS1\nNear")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_workbook_of_excel_4_is_read() -> None:
    def at(row: int, column: int, style: int, value: bytes) -> bytes:
        return struct.pack("<HHH", row, column, style) + value

    def short(text: bytes, length: str = "H") -> bytes:
        return struct.pack(f"<{length}", len(text)) + text

    formats = b"".join(record(0x41E, b"\0\0" + short(code, "B")) for code in (b"General", b"0%", b"d/m/yy"))
    styles = b"".join(record(0x443, bytes((0, number)) + bytes(10)) for number in (0, 1, 2))
    cells = (
        record(0x204, at(0, 0, 0, short(b"Stra\xdfe"))) + record(0x204, at(0, 1, 0, short(b"Share")))
        + record(0x203, at(1, 1, 1, struct.pack("<d", 0.25)))
        + record(0x27E, at(1, 2, 0, struct.pack("<i", 1234 << 2 | 3)))
        + record(0x27E, at(1, 3, 2, struct.pack("<d", 36_000.0)[4:])) + record(0x205, at(1, 4, 0, b"\1\0"))
        + record(0x205, at(1, 5, 0, b"\x2a\1")) + record(0x406, at(1, 6, 0, struct.pack("<d", 7.5) + bytes(4)))
        + record(0x406, at(1, 0, 0, b"\0\0\0\0\0\0\xff\xff")) + record(0x207, short(b"Text"))
        + record(0x406, at(2, 0, 0, b"\1\0\1\0\0\0\xff\xff")) + record(0x1C, struct.pack("<HH", 1, 0) + short(b"Noted"))
        + record(0x14, short(b"&CHeaded", "B"))
    )  # fmt: skip
    start = record(0x409, bytes.fromhex("00001000d310")) + record(0x42, struct.pack("<H", 1252))
    found = settled(sheets.read(start + formats + styles + cells + record(0x0A)))
    rows = "Straße | Share\nText | 25% | 12.34 | 1998-07-24 | TRUE | #N/A | 7.5\nTRUE"
    assert found.text == f"{rows}\n\nA2: Noted\n\nHeaded"
    assert [name for _, name in found.parts] == ["sheet 1", "sheet 1, comments", "sheet 1, header and footer"]


@pytest.mark.parametrize(
    ("data", "reason", "kind"),
    [
        (lambda: xls({"S": (0, b"")}, record(0x2F, bytes(6))), "protected by a password", EncryptedDocument),
        (lambda: Compound({"EncryptedPackage": b"x"}).data(), "protected by a password", EncryptedDocument),
        (lambda: Compound({"WordDocument": b"x"}).data(), "it is no workbook", UnreadableDocument),
        (lambda: record(0x409, bytes(6)) + record(0x2F, bytes(4)), "protected by a password", EncryptedDocument),
        (lambda: record(0x009, bytes(4)), "a workbook of Excel 2", UnreadableDocument),
        (lambda: b"<html><table></table></html>", "a web page or XML", UnreadableDocument),
        (lambda: b"a,b\n", "damaged or not of the kind", UnreadableDocument),
        (lambda: package({"a.xml": "<a/>"}, {}), "damaged or no workbook", UnreadableDocument),
    ],
)
def test_what_is_no_readable_workbook_is_rejected_with_its_reason(
    data: Callable[[], bytes], reason: str, kind: type[Exception]
) -> None:
    with pytest.raises(Rejected, match=reason) as caught:
        sheets.read(data())
    assert caught.value.kind is kind
