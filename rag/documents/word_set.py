"""What a Word 97–2003 file sets for stretches of its text: deleted, a heading, the end of a row (MS-DOC, 2.6)."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

DELETED, SYMBOL = 0x0800, 0x6A09
IN_TABLE, ROW_END, LEVEL, ELSEWHERE = 0x2416, 0x2417, 0x2640, 0x6646
INNER_CELL, INNER_ROW_END = 0x244B, 0x244C
PAGE = 512  # bytes
_LONG, _TABS = (0xD606, 0xD608), 0xC615
_NO_LENGTH = 255  # of tabs
_SHORT_FORM = {0x18: IN_TABLE, 0x19: ROW_END, 0x41: DELETED}  # of what is set for a piece
_OPERANDS = (1, 1, 2, 4, 2, 2, 0, 3)  # bytes, by the three highest bits; 0: the first one tells

Set = dict[int, bytes]  # operands, by the number of what is set


class Run(NamedTuple):
    """From one offset to another; `style` is that of a paragraph."""

    start: int
    stop: int
    style: int
    set: Set


class Runs:
    """Stretches of the file, by their offsets."""

    def __init__(self, found: Iterable[Run]) -> None:
        self._runs = sorted(found, key=lambda run: run[:2])
        self._starts = [run.start for run in self._runs]

    def at(self, offset: int) -> Run | None:
        number = bisect.bisect_right(self._starts, offset) - 1
        return self._runs[number] if number >= 0 and offset < self._runs[number].stop else None

    def between(self, start: int, stop: int) -> Iterator[Run]:
        """Those that have something of a stretch."""
        number = max(0, bisect.bisect_right(self._starts, start) - 1)
        while number < len(self._runs) and self._runs[number].start < stop:
            if self._runs[number].stop > start:
                yield self._runs[number]
            number += 1


def paragraphs(page: bytes, data: bytes) -> Iterator[Run]:
    """The paragraphs that a page tells of (2.9.175); `data` holds what is set for one beyond what a page holds."""
    for start, stop, place in _entries(page, 13):
        size, first = 2 * page[place] - 1, place + 1
        if size < 0:
            size, first = 2 * page[place + 1], place + 2
        held = page[first : first + size] if place else b""
        own = settings(held[2:])
        if len(elsewhere := own.get(ELSEWHERE, b"")) == 4:
            at = int.from_bytes(elsewhere, "little")
            own |= settings(data[at + 2 : at + 2 + int.from_bytes(data[at : at + 2], "little")])
        yield Run(start, stop, int.from_bytes(held[:2], "little"), own)


def characters(page: bytes) -> Iterator[Run]:
    """The stretches of characters that a page tells of (2.9.33)."""
    for start, stop, place in _entries(page, 1):
        held = page[place + 1 : place + 1 + page[place]] if place else b""
        yield Run(start, stop, 0, settings(held))


def _entries(page: bytes, width: int) -> Iterator[tuple[int, int, int]]:
    """From, to, and where in the page it is said what is set; raises ValueError for a page that is none."""
    count = page[PAGE - 1]
    places = 4 * (count + 1)
    if places + width * count >= PAGE:
        raise ValueError("a page that overlaps")
    offsets = struct.unpack_from(f"<{count + 1}I", page)
    for run in range(count):
        yield offsets[run], offsets[run + 1], 2 * page[places + width * run]


def settings(data: bytes) -> Set:
    """What a list sets, up to where it is damaged."""
    found: Set = {}
    position = 0
    while position + 2 < len(data):
        number = int.from_bytes(data[position : position + 2], "little")
        position += 2
        size = _OPERANDS[number >> 13]
        if number in _LONG:
            size = 1 + int.from_bytes(data[position : position + 2], "little")
        elif not size:
            size = 1 + data[position]
            if number == _TABS and size > _NO_LENGTH:
                return found
        found[number] = data[position : position + size]
        position += size
    return found


def change(number: int, lists: list[Set]) -> Set:
    """What is set for a piece of the text: one thing in a short form, or one of the lists (2.9.212)."""
    if number & 1:
        return lists[number >> 1] if number >> 1 < len(lists) else {}
    name = _SHORT_FORM.get(number >> 1 & 0x7F)
    return {name: bytes([number >> 8])} if name is not None else {}


def is_on(own: Set, number: int) -> bool:
    return own.get(number, b"\0")[:1] not in (b"", b"\0")
