"""What old Office files say of themselves: title, author and days (MS-OLEPS).

By code of our own: olefile reads as many properties as a damaged file claims to have, which takes hours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from rag.documents.extract import clean_author, clean_title

_STREAM = "\x05SummaryInformation"
_CODE_PAGE, _TITLE, _AUTHOR, _MADE, _SAVED = 1, 2, 4, 12, 13
_NARROW, _WIDE, _TIME = 30, 31, 64
_MOST = 100  # properties; 19 are known
_NO_DAY = 1980  # years up to it stand for none

Properties = dict[int, tuple[int, bytes]]  # kind, and what follows it, by number


def stated(container: Any) -> dict[str, Any]:
    """The fields of an Extract that the file names; none where it is damaged."""
    if not container.exists(_STREAM):
        return {}
    data: bytes = container.openstream(_STREAM).read()
    try:
        found = dict(_properties(data))
    except struct.error:
        return {}
    made, saved = _day(found.get(_MADE)), _day(found.get(_SAVED))
    page = int.from_bytes(found.get(_CODE_PAGE, (0, b""))[1][:2], "little") or 1252
    return {
        "title": clean_title(_text(found.get(_TITLE), page)) or None,
        "author": clean_author(_text(found.get(_AUTHOR), page)),
        "date": made,
        "updated": saved if made and saved and saved > made else None,
    }


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    (start,) = struct.unpack_from("<I", data, 44)
    (count,) = struct.unpack_from("<I", data, start + 4)
    for place in range(min(count, _MOST)):
        number, offset = struct.unpack_from("<II", data, start + 8 + 8 * place)
        kind = data[start + offset : start + offset + 2]
        yield number, (int.from_bytes(kind, "little"), data[start + offset + 4 :])


def _text(found: tuple[int, bytes] | None, page: int) -> str:
    """A string after its length, in the code page that the file names or in UTF-16."""
    kind, data = found or (0, b"")
    length = int.from_bytes(data[:4], "little")
    if kind == _WIDE:
        return data[4 : 4 + 2 * length].decode("utf-16-le", "replace").rstrip("\0")
    if kind != _NARROW:
        return ""
    names = {65001: "utf-8", 10000: "mac-roman", 1200: "utf-16-le"}
    try:
        return data[4 : 4 + length].decode(names.get(page, f"cp{page}"), "replace").rstrip("\0")
    except LookupError:
        return data[4 : 4 + length].decode("cp1252", "replace").rstrip("\0")


def _day(found: tuple[int, bytes] | None) -> str | None:
    kind, data = found or (0, b"")
    ticks = int.from_bytes(data[:8], "little") if kind == _TIME else 0
    try:
        when = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return when.date().isoformat() if when.year > _NO_DAY else None
