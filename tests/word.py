"""A small writer of Word 97 documents."""

from __future__ import annotations

import struct
from typing import Any

from compound import Compound

FIRST = 1024  # where the text begins
HEADING, TITLE, BODY, OWN = 1, 2, 0, 3  # styles of the documents made here
STORIES = ("text", "footnotes", "header", "macros", "comments", "endnotes", "boxes", "header boxes")


def positions(*starts: int, entries: tuple[bytes, ...] = ()) -> bytes:
    return struct.pack(f"<{len(starts)}I", *starts) + b"".join(entries)


def style(built_in: int, base: int = 0xFFF) -> bytes:
    return struct.pack("<HHHHHH", 10, built_in, base << 4 | 1, 0, 0, 0)


STYLES = struct.pack("<H", 4) + struct.pack("<HH", 4, 10) + style(0) + style(2) + style(62) + style(4094, HEADING)


def units(text: str) -> str:
    """A character for each 16 bits, as positions count them."""
    data = text.encode("utf-16-le")
    return "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data)))


class Word:
    """The streams of a Word 97 document; `pieces` cut its text at positions, each narrow or wide, last one first."""

    def __init__(self, text: str = "", **beside: str) -> None:
        self.stories = {name: units(story) for name, story in {"text": text, **beside}.items()}
        self.text = "".join(self.stories.get(name, "") for name in STORIES)
        self.pieces: list[tuple[int, bool]] = [(0, False)]
        self.set: dict[int, tuple[int, bytes]] = {}  # style and settings of the paragraph that ends at a position
        self.marked: dict[tuple[int, int], bytes] = {}  # settings of characters
        self.parts: dict[int, bytes] = {1: STYLES}
        self.lists: tuple[bytes, ...] = ()
        self.changes: dict[int, int] = {}  # what is set for a piece
        self.flags = 0x0200
        self.storages: dict[str, Any] = {}

    def paragraph(self, ending: str, style: int = BODY, settings: bytes = b"") -> Word:
        """Set something for the paragraph that ends with these words."""
        assert self.text.count(ending) == 1
        self.set[self.text.index(ending) + len(ending) - 1] = (style, settings)
        return self

    def mark(self, words: str, settings: bytes) -> Word:
        start = self.text.index(words)
        self.marked[start, start + len(words)] = settings
        return self

    def data(self) -> bytes:
        return Compound(self.tree()).data()

    def tree(self) -> dict[str, Any]:
        main, offsets = bytearray(FIRST), [0] * len(self.text)
        cuts = [start for start, _ in self.pieces] + [len(self.text)]
        stored = [b""] * len(self.pieces)
        for number in reversed(range(len(self.pieces))):
            wide, piece = self.pieces[number][1], self.text[cuts[number] : cuts[number + 1]]
            for place in range(len(piece)):
                offsets[cuts[number] + place] = len(main) + place * (2 if wide else 1)
            at = len(main) if wide else 0x4000_0000 | 2 * len(main)
            stored[number] = struct.pack("<HIH", 0, at, self.changes.get(number, 0))
            main += piece.encode("utf-16-le", "surrogatepass") if wide else piece.encode("cp1252")
        end = len(main)
        table = positions(*cuts, entries=tuple(stored))
        lists = b"".join(b"\1" + struct.pack("<H", len(one)) + one for one in self.lists)
        self.parts[33] = lists + b"\2" + struct.pack("<I", len(table)) + table
        ends = sorted((offsets[end], style, settings) for end, (style, settings) in self.set.items())
        self._page(main, 13, [(at, at + 1, struct.pack("<H", style) + settings) for at, style, settings in ends])
        spans = sorted((offsets[start], offsets[stop - 1] + 1, own) for (start, stop), own in self.marked.items())
        self._page(main, 12, spans)
        tables = bytearray()
        fields = [b"\0" * 8] * 93
        for field, content in self.parts.items():
            fields[field] = struct.pack("<II", len(tables), len(content))
            tables += content
        counts = [len(self.stories.get(name, "")) for name in STORIES]
        struct.pack_into("<HHH", main, 0, 0xA5EC, 0xC1, 0)
        struct.pack_into("<H", main, 10, self.flags)
        struct.pack_into("<II", main, 24, FIRST, end)
        struct.pack_into("<H28xH22I", main, 32, 14, 22, 0, 0, 0, *counts, *[0] * 11)
        struct.pack_into("<H", main, 152, 93)
        main[154 : 154 + 744] = b"".join(fields)
        return {"WordDocument": bytes(main), "1Table": bytes(tables), **self.storages}

    def _page(self, main: bytearray, field: int, runs: list[tuple[int, int, bytes]]) -> None:
        """Write the page on which it is said what is set for stretches of the file."""
        main += bytes(-len(main) % 512)
        page, width, starts = bytearray(512), 13 if field == 13 else 1, [0]
        held, last = [b""], 0
        for start, stop, settings in runs:
            if start > last:
                starts.append(start)
                held.append(b"")
            starts[-1], held[-1], last = start, settings, stop
            starts.append(stop)
            held.append(b"")
        starts.append(0x7FFF_FFFF)
        place = 510
        for number, settings in enumerate(held):
            struct.pack_into("<I", page, 4 * number, starts[number])
            if settings:
                entry = settings + bytes(len(settings) % 2 == 0 and field == 13)
                size = (len(entry) + 1) // 2 if field == 13 else len(entry)
                place = (place - len(entry) - 1) // 2 * 2
                page[place] = size
                page[place + 1 : place + 1 + len(entry)] = entry
                page[4 * len(starts) + width * number] = place // 2
        struct.pack_into("<I", page, 4 * len(held), starts[-1])
        page[511] = len(held)
        self.parts[field] = positions(0, 0x7FFF_FFFF, entries=(struct.pack("<I", len(main) // 512),))
        main += page
