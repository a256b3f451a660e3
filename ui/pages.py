"""The pages that a quote stands on: drawn apart, one at a time for all sessions, and kept for a while."""

from __future__ import annotations

import base64
import logging
import os
import threading
import weakref
from collections import OrderedDict
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from rag.config import DocumentSettings
from rag.documents.pdf_image import CHANGED, Mark
from rag.documents.sandbox import PageImage, Sandbox
from rag.errors import DocumentError, RagError
from rag.types import Box, Document, Span

log = logging.getLogger(__name__)

_SECONDS = 10  # to draw a page
_KEPT = 30_000_000  # bytes of pages that are not drawn again
_MOST = 3  # pages of one quote
_WITHIN = "This document lies within another file; its pages are not shown."
_GONE = "The file is no longer where it was; its page is not shown."


class Sheet(NamedTuple):
    """A page drawn: an address of its image, its size in points, and how far down the quote begins, 0 to 1."""

    number: int
    image: str
    width: float
    height: float
    top: float


class Pages:
    """Draws in a process with limits, which ends with this object; for any number of threads."""

    def __init__(self, settings: DocumentSettings) -> None:
        self._sandbox = Sandbox(settings.model_copy(update={"seconds": min(settings.seconds, _SECONDS)}))
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], PageImage | str] = OrderedDict()
        self._bytes = 0
        self.close = weakref.finalize(self, self._sandbox.close)

    def of(self, document: Document, span: Span) -> tuple[tuple[Sheet, ...], str]:
        """The pages that `span` stands on, marked where it does, and a note where one is not shown."""
        sheets: list[Sheet] = []
        for number, marks in _places(document, span).items():
            image = self._image(document, number, marks)
            if isinstance(image, str):
                return tuple(sheets), image
            address = "data:image/webp;base64," + base64.b64encode(image.webp).decode()
            top = min((mark.top for mark in marks), default=0.0) / max(image.height, 1.0)
            sheets.append(Sheet(number, address, image.width, image.height, min(max(top, 0.0), 1.0)))
        return tuple(sheets), ""

    def _image(self, document: Document, number: int, marks: list[Mark]) -> PageImage | str:
        try:
            now = os.stat(document.path)
        except OSError:
            within = any(parent.is_file() for parent in Path(document.path).parents)
            return _WITHIN if within else _GONE
        key = (document.path, document.sha256, number, *marks, now.st_mtime_ns, now.st_size, now.st_ino)
        with self._lock:
            if key not in self._kept:
                self._keep(key, self._drawn(document, number, marks))
            self._kept.move_to_end(key)
            return self._kept[key]

    def _drawn(self, document: Document, number: int, marks: list[Mark]) -> PageImage | str:
        boxes: list[Any] = list(marks)
        try:
            return self._sandbox.page(document.path, number=number, sha256=document.sha256, boxes=boxes)
        except DocumentError as error:
            reason = error.message.removeprefix(f"{error.path}: ").split(". ")[0].rstrip(".")
            if reason == CHANGED:
                return "The file has changed since it was indexed; its page is not shown."
            return f"The page is not shown: {reason}."
        except RagError:
            log.exception("a page could not be drawn")
            return "The page is not shown: the program's log says why."

    def _keep(self, key: tuple[object, ...], image: PageImage | str) -> None:
        self._kept[key] = image
        self._bytes += _size(image)
        while self._bytes > _KEPT and len(self._kept) > 1:
            self._bytes -= _size(self._kept.popitem(last=False)[1])


def has_pages(document: Document) -> bool:
    """Whether pages of it can be drawn: only those of a PDF can."""
    return bool(document.pages) and PurePath(document.path).suffix.lower() == ".pdf"


def _places(document: Document, span: Span) -> dict[int, list[Mark]]:
    """The numbers of the first pages that hold a span, with what it covers of the lines on each."""
    if not has_pages(document):
        return {}
    first = document.page_at(span.start) or 1
    last = document.page_at(span.end - 1) or first
    places: dict[int, list[Mark]] = {number: [] for number in range(first, min(last, first + _MOST - 1) + 1)}
    for box in document.boxes_of(span):
        if (number := document.page_at(box.start)) in places:
            places[number].append(_mark(document.text, box, span))
    return {number: marks for number, marks in places.items() if marks or number == first}


def _mark(text: str, box: Box, span: Span) -> Mark:
    start, end = max(box.start, span.start), min(box.end, span.end)
    counts = (_written(text[first:last]) for first, last in ((box.start, start), (start, end), (end, box.end)))
    return Mark(box.left, box.top, box.right, box.bottom, *counts)


def _written(text: str) -> int:
    return len("".join(text.split()))


def _size(image: PageImage | str) -> int:
    return 500 + (len(image) if isinstance(image, str) else len(image.webp))
