"""Word documents of Word 6 to 2003 (.doc): paragraphs, tables and text boxes in order; then the rest as parts.

Scanned by code of our own, for no library reads them; `word_file` says what is stored where.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Any

from rag.documents import html, markup, objects, office, rtf, summary
from rag.documents.cells import comment
from rag.documents.extract import Block, Extract, Member, Rejected
from rag.documents.sections import joined
from rag.documents.word95 import OldFile
from rag.documents.word_file import (
    AUTHORS,
    BOXES,
    COMMENT_TEXTS,
    COMMENTS,
    HEADER_BOXES,
    HEADER_SHAPES,
    HEADERS,
    SHAPES,
    WordFile,
    number,
)
from rag.documents.word_story import Anchored, Story
from rag.errors import EncryptedDocument, UnreadableDocument

_STREAM, _POOL = "WordDocument", "ObjectPool"
_STREAMS = (_STREAM, "0Table", "1Table", "Data")
_WORD, _OLD, _OLDER = 0xA5EC, 0xA5DC, (0xA59B, 0xA59C, 0xA697, 0xA698, 0xA699, 0xDBA5)
_SINCE_97 = 0xC1  # the first version of the form
_SAVE = "Save it as .docx."
_MARKED_UP = (b"<", b"\xef\xbb\xbf<")
_PAGE = (b"<html", b"<!doctype html", b"<body", b"<meta")
_SEPARATORS = 6  # of notes, before the headers of sections
_HEADS = (0, 1, 4)  # of the six that a section has: of even, odd and first pages


def read(data: bytes) -> Extract:
    if not data.startswith(objects.OLE):
        return _other(data)
    from olefile import OleFileIO

    with OleFileIO(io.BytesIO(data)) as container:
        if container.exists("EncryptedPackage"):
            raise Rejected(EncryptedDocument, "it is protected by a password", "Save a copy without the password.")
        return _document(container, [], summary.stated(container))


def _other(data: bytes) -> Extract:
    """What programs also save under this suffix, by its first bytes."""
    beginning = data[:1024].lstrip()
    if beginning.startswith(b"{\\rtf"):
        return rtf.read(data)
    if beginning.startswith(b"PK\3\4"):
        return office.read_docx(data)
    if beginning.startswith(_MARKED_UP):
        return html.read(data) if any(mark in beginning.lower() for mark in _PAGE) else markup.read(data)
    if len(data) > 1 and number(data, 0, "H") in _OLDER:
        raise Rejected(UnreadableDocument, "it is of a Word before Word 6", _SAVE)
    raise Rejected(UnreadableDocument, "it is no Word document", _SAVE)


def _document(container: Any, storage: list[str], stated: dict[str, Any]) -> Extract:
    if not container.exists([*storage, _STREAM]):
        raise Rejected(UnreadableDocument, "it is no Word document", _SAVE)
    try:
        reader = _Reader(_file({name: _stream(container, [*storage, name]) for name in _STREAMS}))
        text, headings, parts = joined(reader.sections())
    except struct.error as error:
        raise Rejected(UnreadableDocument, "it is damaged: it is cut short") from error
    members = tuple(_embedded(container, [*storage, _POOL]))
    return Extract(
        text=text,
        headings=headings,
        parts=tuple(part for part in parts if part[1]),
        members=tuple(one for one in members if isinstance(one, Member)),
        gaps=(*reader.gaps(text), *(one for one in members if isinstance(one, str))),
        **stated,
    )


def _stream(container: Any, path: list[str]) -> bytes:
    return container.openstream(path).read() if container.exists(path) else b""


def _file(streams: dict[str, bytes]) -> WordFile | OldFile:
    main = streams[_STREAM]
    mark, version = struct.unpack_from("<HH", main)
    if mark not in (_WORD, _OLD):
        raise Rejected(UnreadableDocument, "it is of a Word before Word 6", _SAVE)
    return WordFile(main, streams) if version >= _SINCE_97 else OldFile(main)


def _embedded(container: Any, pool: list[str]) -> Iterator[Member | str]:
    """Files and documents embedded in it, or the gap where one cannot be taken out."""
    below = (path for path in container.listdir() if path[: len(pool)] == pool and len(path) > len(pool) + 1)
    for place, name in enumerate(dict.fromkeys(path[len(pool)] for path in below), start=1):
        called, storage = f"embedded {place}", [*pool, name]
        if not container.exists([*storage, _STREAM]):
            yield objects.stored(container, storage, f"{called}.bin")
            continue
        try:
            yield Member(f"{called}.doc", _document(container, storage, {}))
        except Rejected as rejected:
            yield f"{called}.doc: {rejected.reason}"


class _Reader:
    """Reads the stories of one document."""

    def __init__(self, file: WordFile | OldFile) -> None:
        self._file = file
        self._story = Story(file.text, file.ranges.values(), file.paragraph)

    def sections(self) -> Iterator[tuple[str, list[Block]]]:
        boxes = self._boxes("text", "boxes", SHAPES, BOXES)
        yield "", [*self._all("text", boxes), *chain.from_iterable(boxes.values())]
        yield "footnotes", self._all("footnotes")
        yield "endnotes", self._all("endnotes")
        yield "comments", list(self._comments())
        margins = self._margins()
        for name in ("header", "footer"):
            yield name, list(dict.fromkeys(margins[name]))
        yield "rest of the text", [*self._all("macros"), *self._all("rest")]

    def gaps(self, text: str) -> Iterator[str]:
        yield from self._file.gaps()
        if lost := text.count("\ufffd"):
            yield f"characters that its encoding lacks, shown as \ufffd: {lost}"
        yield from self._story.gaps()

    def _all(self, name: str, anchored: Anchored | None = None) -> list[Block]:
        return self._story.blocks(*self._file.ranges[name], anchored)

    def _parted(self, name: str, positions: Sequence[int]) -> list[tuple[int, int]]:
        """A story cut at positions within it; the last stretch is what is beyond them, and nothing is left out."""
        start, stop = self._file.ranges[name]
        cuts = [start, *accumulate((min(start + one, stop) for one in positions[1:]), max)]
        return list(zip(cuts, [*cuts[1:], stop], strict=True))

    def _boxes(self, story: str, name: str, shapes: int, texts: int) -> Anchored:
        """The text boxes by the position in a story that each is anchored at; of one without, by the end."""
        first, end = self._file.ranges[story]
        anchors, drawn = self._file.entries(shapes, 26)
        at = {shape[:4]: first + anchor for anchor, shape in zip(anchors, drawn, strict=False)}
        positions, entries = self._file.entries(texts, 22)
        found: Anchored = {}
        for place, stretch in enumerate(self._parted(name, positions)):
            shape = entries[place][14:18] if place < len(entries) else b""
            found.setdefault(at.get(shape, end), []).extend(self._story.blocks(*stretch))
        return found

    def _comments(self) -> Iterator[Block]:
        authors = list(_strings(self._file.part(AUTHORS)))
        _, notes = self._file.entries(COMMENTS, 30)
        positions, _ = self._file.entries(COMMENT_TEXTS, 0)
        for place, stretch in enumerate(self._parted("comments", positions)):
            by = int.from_bytes(notes[place][20:22], "little") if place < len(notes) else len(authors)
            text = "\n".join(block.text for block in self._story.blocks(*stretch))
            yield comment("", authors[by] if by < len(authors) else "", text) if text.strip() else Block("")

    def _margins(self) -> dict[str, list[Block]]:
        """Headers and footers, of which each section has six; before them come what parts notes from the text."""
        found: dict[str, list[Block]] = {"header": [], "footer": []}
        positions, _ = self._file.entries(HEADERS, 0)
        boxes = self._boxes("header", "header boxes", HEADER_SHAPES, HEADER_BOXES)
        for place, stretch in enumerate(self._parted("header", positions)):
            heads = place >= _SEPARATORS and (place - _SEPARATORS) % 6 in _HEADS
            found["header" if heads or not positions else "footer"] += self._story.blocks(*stretch, boxes)
        found["header"] += chain.from_iterable(boxes.values())
        return found


def _strings(data: bytes) -> Iterator[str]:
    """Texts after the number of their characters (2.9.355)."""
    position = 0
    while position + 2 <= len(data):
        length = 2 * number(data, position, "H")
        yield data[position + 2 : position + 2 + length].decode("utf-16-le", "replace")
        position += 2 + length
