"""Word 97–2003 files as they are stored: characters by position, and where in them notes, boxes and headers begin.

MS-DOC. A position counts characters, an offset bytes of the stream "WordDocument". Nothing is read beyond a stream:
what a damaged file promises and does not hold is counted as missing, or the file is rejected.
"""

from __future__ import annotations

import bisect
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from rag.documents import word_set
from rag.documents.extract import Rejected
from rag.documents.word_set import PAGE, Run, Runs, Set, is_on
from rag.errors import EncryptedDocument, UnreadableDocument

FILLER = "\ufdd0"  # stands for a character that is not shown, so that all others keep their positions
STORIES = ("text", "footnotes", "header", "macros", "comments", "endnotes", "boxes", "header boxes")
# Numbers of what the head of the file points to (2.5.6).
COMMENTS, COMMENT_TEXTS, HEADERS, AUTHORS, SHAPES, HEADER_SHAPES, BOXES, HEADER_BOXES = 4, 5, 11, 36, 40, 41, 56, 58
_STYLES, _CHARACTERS, _PARAGRAPHS, _PIECES = 1, 12, 13, 33
_ENCRYPTED, _SECOND_TABLE, _NARROW = 0x0100, 0x0200, 0x4000_0000
_HEADINGS = (*range(1, 10), 62)  # built-in styles: nine headings, and the title
_BODY_LEVEL = 9
_NO_STYLE = 0xFFF
_DEEPEST_STYLE = 20
_ENDS = re.compile("[^\r\x07]")


class Paragraph(NamedTuple):
    """What is set for a paragraph, as far as it matters to the text; `inner` ends a cell of a table within a cell."""

    heading: bool = False
    in_table: bool = False
    row_end: bool = False
    inner: bool = False


class _Piece(NamedTuple):
    start: int  # position
    stop: int
    offset: int
    width: int  # bytes of a character
    set: Set


class WordFile:
    """`text` holds all stories one after another, and `ranges` says where each is.

    `missing` counts characters that should be in the file, `vague` pages on which it is damaged what is set for them.
    Raises Rejected where it is encrypted or no text can be found in it.
    """

    def __init__(self, main: bytes, streams: dict[str, bytes]) -> None:
        self._main = main
        flags = number(main, 10, "H")
        if flags & _ENCRYPTED:
            raise Rejected(EncryptedDocument, "it is protected by a password", "Save a copy without the password.")
        self._table = streams.get("1Table" if flags & _SECOND_TABLE else "0Table", b"")
        longs = 34 + 2 * number(main, 32, "H")
        self._fields = longs + 2 + 4 * number(main, longs, "H")
        self.missing = self.vague = 0
        self._pieces = list(self._stored())
        self._starts = [piece.start for piece in self._pieces]
        text = "".join(map(self._characters, self._pieces))
        self.ranges, beyond = ranges(main, longs + 14, len(text))
        self.missing += beyond
        data = streams.get("Data", b"")
        self._paragraphs = Runs(self._runs(_PARAGRAPHS, lambda page: word_set.paragraphs(page, data)))
        self._headings = self._heading_styles()
        self.text = patched(text, self._changes(text))

    def gaps(self) -> Iterator[str]:
        if self.missing:
            yield f"characters missing in the file: {self.missing:,}"
        if self.vague:
            yield f"damaged pages of what is set for the text, by which its tables and headings are told: {self.vague}"

    def part(self, field: int) -> bytes:
        """The bytes that a field of the head points to; none if it is not there."""
        if field >= number(self._main, self._fields, "H"):
            return b""
        start, length = struct.unpack_from("<II", self._main, self._fields + 2 + 8 * field)
        if start + length > len(self._table):
            raise damaged("a table of it is cut short")
        return self._table[start : start + length]

    def entries(self, field: int, size: int) -> tuple[list[int], list[bytes]]:
        """Positions, and an entry of so many bytes for each stretch between two of them (2.2.2)."""
        data = self.part(field)
        count = max(0, len(data) - 4) // (4 + size)
        positions = list(struct.unpack_from(f"<{count + 1}I", data)) if data else []
        first = 4 * (count + 1)
        return positions, [data[first + size * place : first + size * (place + 1)] for place in range(count)]

    def paragraph(self, position: int) -> Paragraph | None:
        """What is set for the paragraph that ends here; None where the file does not say."""
        piece = self._pieces[bisect.bisect_right(self._starts, position) - 1]
        run = self._paragraphs.at(piece.offset + piece.width * (position - piece.start))
        if run is None:
            return None
        own = run.set | piece.set
        level = own.get(word_set.LEVEL)
        return Paragraph(
            heading=level[0] < _BODY_LEVEL if level else run.style in self._headings,
            in_table=is_on(own, word_set.IN_TABLE),
            row_end=is_on(own, word_set.ROW_END),
            inner=is_on(own, word_set.INNER_CELL) or is_on(own, word_set.INNER_ROW_END),
        )

    def _stored(self) -> Iterator[_Piece]:
        """The pieces of the text in its order (2.9.38): fast-saved files have many, others few."""
        clx, position, lists = self.part(_PIECES), 0, list[Set]()
        while clx[position : position + 1] == b"\1":
            length = number(clx, position + 1, "H")
            lists.append(word_set.settings(clx[position + 3 : position + 3 + length]))
            position += 3 + length
        if clx[position : position + 1] != b"\2":
            raise damaged("it does not say where its text is")
        yield from pieces(clx[position + 5 : position + 5 + number(clx, position + 1, "I")], self._main, lists)

    def _characters(self, piece: _Piece) -> str:
        count = piece.stop - piece.start
        data = self._main[piece.offset : piece.offset + piece.width * count]
        text = _wide(data) if piece.width == 2 else narrow(data)
        self.missing += count - len(text)
        return text + FILLER * (count - len(text))

    def _changes(self, text: str) -> Iterator[tuple[int, int, str]]:
        """From, to, and what stands there: nothing for what was deleted and is kept, characters of symbol fonts."""
        found = self._runs(_CHARACTERS, word_set.characters)
        runs = Runs(run for run in found if is_on(run.set, word_set.DELETED) or word_set.SYMBOL in run.set)
        for piece in self._pieces:
            if is_on(piece.set, word_set.DELETED):
                yield piece.start, piece.stop, hidden(text[piece.start : piece.stop])
                continue
            end = piece.offset + piece.width * (piece.stop - piece.start)
            for run in runs.between(piece.offset, end):
                first = piece.start + (max(run.start, piece.offset) - piece.offset) // piece.width
                last = piece.start + (min(run.stop, end) - piece.offset) // piece.width
                symbol = run.set.get(word_set.SYMBOL, b"")[2:4]
                deleted = is_on(run.set, word_set.DELETED)
                shown = hidden(text[first:last]) if deleted else _wide(symbol) * (last - first)
                yield first, last, shown

    def _runs(self, field: int, read: Callable[[bytes], Iterable[Run]]) -> Iterator[Run]:
        """What the pages that a field lists say (2.8.5, 2.8.6)."""
        _, places = self.entries(field, 4)
        for place in dict.fromkeys(int.from_bytes(one, "little") & 0x3FFFFF for one in places):
            try:
                yield from list(read(self._main[PAGE * place : PAGE * (place + 1)]))
            except (ValueError, IndexError):
                self.vague += 1

    def _heading_styles(self) -> set[int]:
        """Numbers of the styles that are a heading or the title, or are based on one (2.9.271, 2.9.260)."""
        data = self.part(_STYLES)
        position = 2 + int.from_bytes(data[:2], "little")
        styles: list[tuple[int, int]] = []  # built-in number, and the style that it is based on
        while position + 2 <= len(data):
            length = number(data, position, "H")
            first, second = struct.unpack("<HH", data[position + 2 : position + 6].ljust(4, b"\xff"))
            styles.append((first & 0xFFF, second >> 4) if length >= 4 else (_NO_STYLE, _NO_STYLE))
            position += 2 + length

        def is_heading(style: int, depth: int = _DEEPEST_STYLE) -> bool:
            built_in, base = styles[style] if style < len(styles) else (_NO_STYLE, _NO_STYLE)
            return built_in in _HEADINGS or (base != _NO_STYLE and depth > 0 and is_heading(base, depth - 1))

        return {style for style in range(len(styles)) if is_heading(style)}


def ranges(main: bytes, start: int, length: int) -> tuple[dict[str, tuple[int, int]], int]:
    """Where each story is in a text of this length, by the counts at `start`; and how many characters it lacks.

    What is beyond all of them is the "rest": in a sound file, the end of a paragraph.
    """
    found, position = {}, 0
    for name, count in zip(STORIES, struct.unpack_from(f"<{len(STORIES)}I", main, start), strict=True):
        found[name] = (min(position, length), min(position + count, length))
        position += count
    found["rest"] = (min(position, length), length)
    return found, max(0, position - length)


def pieces(data: bytes, main: bytes, lists: list[Set]) -> Iterator[_Piece]:
    """The pieces that a table lists (2.8.35)."""
    count = max(0, len(data) - 4) // 12
    positions = struct.unpack_from(f"<{count + 1}I", data)
    if positions[0] or list(positions) != sorted(positions) or positions[-1] > len(main):
        raise damaged("the pieces of its text overlap")
    for place in range(count):
        _, offset, change = struct.unpack_from("<HIH", data, 4 * (count + 1) + 8 * place)
        width = 1 if offset & _NARROW else 2
        offset = (offset & ~_NARROW) // 2 if width == 1 else offset
        yield _Piece(positions[place], positions[place + 1], offset, width, word_set.change(change, lists))


def patched(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """A text with other characters, as many, at some positions; of changes that overlap the first one counts."""
    parts, position = [], 0
    for start, stop, shown in sorted(changes, key=lambda change: change[:2]):
        if start >= position and len(shown) == stop - start:
            parts += [text[position:start], shown]
            position = stop
    return "".join([*parts, text[position:]])


def hidden(text: str) -> str:
    """As many characters that are not shown; what ends paragraphs and cells stays."""
    return _ENDS.sub(FILLER, text)


def narrow(data: bytes, encoding: str = "cp1252") -> str:
    """A character for each byte; one that the encoding lacks is shown as lost."""
    return data.decode(encoding, "replace")


def _wide(data: bytes) -> str:
    """A character for each two bytes: halves of surrogate pairs stay apart, for each has a position."""
    return "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])))


def number(data: bytes, position: int, code: str) -> int:
    (found,) = struct.unpack_from(f"<{code}", data, position)
    return int(found)


def damaged(why: str) -> Rejected:
    return Rejected(UnreadableDocument, f"it is damaged: {why}")
