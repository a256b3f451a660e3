"""A page of a PDF as an image on which lines are marked: what the chat shows beside a quote."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from rag.documents.extract import Rejected
from rag.documents.pdf_page import RIGHT_TO_LEFT, Word, read_page
from rag.documents.pdf_view import Rect
from rag.errors import UnreadableDocument

SIZE = struct.Struct(">ff")
CHANGED = "it has changed since it was indexed"
_SCALE = 110 / 72  # pixels per point
_LONGEST = 1600  # pixels of either side
_BYTES = 290_000  # 400,000 characters as base64
_QUALITIES = (80, 60, 40, 20, 5)
_MARK, _EDGE = "#fde68a", "#b45309"
_MARGIN = 1.0  # points around a line
_UNWRITTEN = 1  # characters that a line has on its page and not in the text: the hyphen that breaks its last word


class Mark(NamedTuple):
    """A line on a page, and of its characters that are no white space: how many stand before what is to be marked
    of it, within, and after it."""

    left: float
    top: float
    right: float
    bottom: float
    before: int = 0
    within: int = 0
    after: int = 0


def page_image(path: str, *, number: int, sha256: str, boxes: Sequence[Sequence[float]]) -> bytes:
    """Page `number`, counted from 1: its SIZE in points, then WebP; what `boxes` mark lies under translucent yellow.

    Each of these is a Mark, or a Rect, which is marked whole. Raises Rejected where the file is no longer the one with
    this SHA-256, or has no such page.
    """
    import pypdfium2

    data = _bytes(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Rejected(UnreadableDocument, CHANGED)
    try:
        with closing(pypdfium2.PdfDocument(data)) as pdf:
            pdf.init_forms()  # what was filled in is drawn too
            with closing(pdf[number - 1]) as page:
                return SIZE.pack(*page.get_size()) + _encoded(_drawn(page, boxes))
    except (pypdfium2.PdfiumError, IndexError, ValueError) as error:
        raise Rejected(UnreadableDocument, "its page cannot be drawn") from error


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Rejected(UnreadableDocument, f"it cannot be read: {error.strerror}") from error


def _drawn(page: Any, boxes: Sequence[Sequence[float]]) -> Any:
    from PIL import Image, ImageChops, ImageDraw

    width, height = page.get_size()
    scale = min(_SCALE, _LONGEST / max(width, height, 1.0))
    with closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
        image = bitmap.to_pil().convert("RGB")
    marks = Image.new("RGB", image.size, "white")
    places = [_pixels(place, scale) for place in _places(page, [Mark._make((*box, 0, 0, 0)[:7]) for box in boxes])]
    for place in places:
        ImageDraw.Draw(marks).rectangle(place, fill=_MARK)
    marked = ImageChops.multiply(image, marks)  # the text below stays as dark as it is
    for place in places:
        ImageDraw.Draw(marked).rectangle(place, outline=_EDGE)
    return marked


def _places(page: Any, marks: Sequence[Mark]) -> Iterator[Rect]:
    """Each mark, cut to what is meant of its line; all of a line where the page spells it otherwise than the text."""
    parted = [mark for mark in marks if mark.within and (mark.before or mark.after)]
    words = read_page(page).words if parted else []
    for mark in marks:
        line = [word for word in words if _holds(mark, word.ink)] if mark in parted else []
        yield _cut(mark, line) if _spells(line, mark) else mark[:4]


def _holds(mark: Mark, ink: Rect) -> bool:
    across, down = (ink[0] + ink[2]) / 2, (ink[1] + ink[3]) / 2
    return mark.left <= across <= mark.right and mark.top <= down <= mark.bottom


def _spells(line: Sequence[Word], mark: Mark) -> bool:
    more = sum(len(word.text) for word in line) - (mark.before + mark.within + mark.after)
    return bool(line) and 0 <= more <= _UNWRITTEN and not any(word.turn for word in line)


def _cut(mark: Mark, line: Sequence[Word]) -> Rect:
    """From the first character meant to the last one; within a word they are taken to be equally wide."""
    from_right = any(RIGHT_TO_LEFT.search(word.text) for word in line)
    at, end, edges = 0, mark.before + mark.within, []
    for word in sorted(line, key=lambda word: word.ink[0], reverse=from_right):
        left, _, right, _ = word.ink
        size, first, last = len(word.text), max(mark.before - at, 0), min(end - at, len(word.text))
        if first < last:
            shares = (first / size, last / size) if not from_right else (1 - last / size, 1 - first / size)
            edges += [left + share * (right - left) for share in shares]
        at += size
    return min(edges), mark.top, max(edges), mark.bottom


def _pixels(box: Rect, scale: float) -> Rect:
    left, top, right, bottom = box
    return (left - _MARGIN) * scale, (top - _MARGIN) * scale, (right + _MARGIN) * scale, (bottom + _MARGIN) * scale


def _encoded(image: Any) -> bytes:
    """The best quality that is small enough, on fewer pixels where none is."""
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            image.save(out, "WEBP", quality=quality, method=2)
            if out.tell() <= _BYTES:
                return out.getvalue()
        image = image.reduce(2)
