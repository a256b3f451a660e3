"""A page of a PDF as an image on which lines are marked: what the chat shows beside a quote."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rag.documents.extract import Rejected
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


def page_image(path: str, *, number: int, sha256: str, boxes: Sequence[Rect]) -> bytes:
    """Page `number`, counted from 1: its SIZE in points, then WebP; the lines in `boxes` lie under translucent yellow.

    Raises Rejected where the file is no longer the one with this SHA-256, or has no such page.
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


def _drawn(page: Any, boxes: Sequence[Rect]) -> Any:
    from PIL import Image, ImageChops, ImageDraw

    width, height = page.get_size()
    scale = min(_SCALE, _LONGEST / max(width, height, 1.0))
    with closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
        image = bitmap.to_pil().convert("RGB")
    marks = Image.new("RGB", image.size, "white")
    places = [_pixels(box, scale) for box in boxes]
    for place in places:
        ImageDraw.Draw(marks).rectangle(place, fill=_MARK)
    marked = ImageChops.multiply(image, marks)  # the text below stays as dark as it is
    for place in places:
        ImageDraw.Draw(marked).rectangle(place, outline=_EDGE)
    return marked


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
