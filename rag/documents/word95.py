"""Word 6 and Word 95 files (.doc): one text in the character set of its language, without what is set for it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from rag.documents.extract import Rejected
from rag.documents.word_file import Paragraph, damaged, narrow, number, ranges
from rag.errors import EncryptedDocument, UnreadableDocument

_FAST_SAVED, _ENCRYPTED, _WIDE = 0x0004, 0x0100, 0x1000
_LANGUAGE, _FLAGS, _FIRST, _COUNTS, _PIECES = 6, 10, 0x18, 0x34, 0x160
_PRIMARY = 0x3FF  # of a language, without its country
_CHARACTER_SETS = {0x01: "cp1256", 0x02: "cp1251", 0x05: "cp1250", 0x08: "cp1253", 0x0D: "cp1255", 0x0E: "cp1250",
                   0x15: "cp1250", 0x18: "cp1250", 0x19: "cp1251", 0x1B: "cp1250", 0x1F: "cp1254", 0x22: "cp1251",
                   0x23: "cp1251", 0x24: "cp1250", 0x25: "cp1257", 0x26: "cp1257", 0x27: "cp1257"}  # fmt: skip
_SEVERAL_BYTES = (0x04, 0x11, 0x12, 0x1E)  # Chinese, Japanese, Korean, Thai
_SAVE = "Save it as .docx."


class OldFile:
    """As `WordFile`; where rows end, which paragraphs are headings and where boxes are anchored is not read."""

    def __init__(self, main: bytes) -> None:
        flags, language = number(main, _FLAGS, "H"), number(main, _LANGUAGE, "H") & _PRIMARY
        if flags & _ENCRYPTED:
            raise Rejected(EncryptedDocument, "it is protected by a password", "Save a copy without the password.")
        if flags & _WIDE or language in _SEVERAL_BYTES:
            raise Rejected(UnreadableDocument, "it is of Word 6 or 95 and in a script of many characters", _SAVE)
        first, last = struct.unpack_from("<II", main, _FIRST)
        data = b"".join(_pieces(main)) if flags & _FAST_SAVED else main[first:last]
        self.text = narrow(data, _CHARACTER_SETS.get(language, "cp1252"))
        self.ranges, self._missing = ranges(main, _COUNTS, len(self.text))

    def part(self, field: int) -> bytes:
        return b""

    def entries(self, field: int, size: int) -> tuple[list[int], list[bytes]]:
        return [], []

    def paragraph(self, position: int) -> Paragraph | None:
        return None

    def gaps(self) -> Iterator[str]:
        if self._missing:
            yield f"characters missing in the file: {self._missing:,}"


def _pieces(main: bytes) -> Iterator[bytes]:
    """The text of a fast-saved file, by the table of its pieces."""
    start, length = struct.unpack_from("<II", main, _PIECES)
    table, position = main[start : start + length], 0
    while table[position : position + 1] == b"\1":
        position += 3 + number(table, position + 1, "H")
    if table[position : position + 1] != b"\2":
        raise damaged("it does not say where its text is")
    held = table[position + 5 : position + 5 + number(table, position + 1, "I")]
    count = max(0, len(held) - 4) // 12
    positions = struct.unpack_from(f"<{count + 1}I", held)
    if list(positions) != sorted(positions) or positions[-1] > len(main):
        raise damaged("the pieces of its text overlap")
    for place in range(count):
        offset = number(held, 4 * (count + 1) + 8 * place + 2, "I")
        yield main[offset : offset + positions[place + 1] - positions[place]]
