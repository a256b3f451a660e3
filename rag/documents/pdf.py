"""PDF through pdfium: the text of each page in reading order, and where each line stands."""

from __future__ import annotations

import importlib.util
import itertools
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from rag.documents import ocr
from rag.documents.extract import Extract, Rejected, clean_title
from rag.documents.flow import flow
from rag.documents.layout import blocks
from rag.documents.lines import Block
from rag.documents.pdf_extras import Extras, stated
from rag.documents.pdf_page import Page, read_page
from rag.documents.running import AHEAD, Running
from rag.errors import EmptyDocument, EncryptedDocument, UnreadableDocument

_SECONDS = 20.0  # for all pages: what has not been read by then is listed
_SHARE = 2 / 3  # of the seconds that the process has, where they are limited
_FEW = 100  # characters on a page below which an image over most of it is taken for a scan
_MOST = 0.5  # share of a page
_DAMAGED = "damaged"
_PDFIUM = threading.Lock()  # pdfium keeps global state: one call at a time in a process


def read(data: bytes) -> Extract:
    import pypdfium2

    with _PDFIUM:
        deadline = time.monotonic() + _seconds()
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
                reason = "it is protected by a password"
                raise Rejected(EncryptedDocument, reason, "Save a copy without the password.") from error
            raise Rejected(UnreadableDocument, "it is damaged or no PDF at all") from error
        try:
            return _extract(pdf, data, deadline)
        finally:
            pdf.close()


def _seconds() -> float:
    """How long reading may take: where the sandbox limits this process, a share of that."""
    if importlib.util.find_spec("resource") is None:  # not on Windows
        return _SECONDS
    import resource

    most = resource.getrlimit(resource.RLIMIT_CPU)[0]
    return _SECONDS if most == resource.RLIM_INFINITY else _SHARE * most


def _extract(pdf: Any, data: bytes, deadline: float) -> Extract:
    extras = Extras(pdf)
    pages = _Pages(pdf, extras, deadline)
    pages.read()
    pages.recognise()
    written = flow(pages.blocks)
    lost = written.text.count("\ufffd")
    unknown = [f"characters that stand for no text, shown as \ufffd: {lost}"] if lost else []
    gaps = (*pages.gaps(), *unknown, *extras.gaps())
    if not written.text.strip() and not extras.members:
        raise Rejected(EmptyDocument, *pages.why_empty())
    said = stated(pdf, data)
    return Extract(
        text=written.text,
        title=said.title or clean_title(written.title),
        date=said.date,
        author=said.author,
        updated=said.updated,
        pages=written.pages,
        boxes=written.boxes,
        headings=written.headings,
        gaps=gaps,
        members=tuple(extras.members),
    )


class _Pages:
    """Reads the pages of a PDF within the time allowed: `blocks` of each in reading order, and what is missing."""

    def __init__(self, pdf: Any, extras: Extras, deadline: float) -> None:
        self.blocks: list[list[Block]] = []
        self._pdf, self._extras, self._deadline = pdf, extras, deadline
        self._running = Running()
        self._said: dict[int, str] = {}
        self._scans: dict[int, str] = {}  # page: what it is
        self._outside = self._unmapped = 0

    def read(self) -> None:
        count = len(self._pdf)
        waiting: deque[tuple[int, Page]] = deque()
        for number in range(count):
            if time.monotonic() > self._deadline:
                self._said |= dict.fromkeys(range(number, count), ocr.LATE)
                break
            self.blocks.append([])
            page = self._page(number)
            if page is not None:
                self._running.see(number, page)
                waiting.append((number, page))
            if len(waiting) > AHEAD:
                self._lay_out(*waiting.popleft())
        for number, page in waiting:
            self._lay_out(number, page)
        while self.blocks and not self.blocks[-1] and self._said.get(len(self.blocks) - 1) == _DAMAGED:
            self.blocks.pop()  # a file may claim a million pages

    def recognise(self) -> None:
        """Read scanned pages by text recognition, as many as the time allows."""
        if ocr.program() is None:
            for number, what in self._scans.items():
                self._said[number] = f"{what}, not read: text recognition needs Tesseract, which is not installed"
            return
        numbers = list(self._scans)
        while numbers:
            batch, numbers = numbers[: ocr.PAGES], numbers[ocr.PAGES :]
            late = time.monotonic() > self._deadline
            scans: list[ocr.Scan] = []
            for number in () if late else batch:
                with closing(self._pdf[number]) as page:
                    scans.append(ocr.Scan.of(page))
            results = [ocr.LATE] * len(batch) if late else ocr.recognised(scans, self._deadline)
            for number, found in zip(batch, results, strict=True):
                what = self._scans[number]
                self._said[number] = f"{what}, {found}" if isinstance(found, str) else self._taken(number, found)

    def gaps(self) -> Iterator[str]:
        numbers = sorted(self._said)
        for what, group in itertools.groupby(enumerate(numbers), lambda item: (item[1] - item[0], self._said[item[1]])):
            first, *_, last = [number + 1 for _, number in group] * 2
            yield f"page {first}: {what[1]}" if first == last else f"pages {first}–{last}: {what[1]}"
        if self._outside:
            yield f"words beyond the edges of pages not read: {self._outside}"
        if self._unmapped:
            yield f"words that may be wrong, as their fonts do not say what characters stand for: {self._unmapped}"
        yield from self._running.gaps()

    def why_empty(self) -> tuple[str, str]:
        """The reason, and what to do about it."""
        told = list(itertools.islice(self.gaps(), 3))
        reason = "its pages hold no text" + (f" ({'; '.join(told)})" if told else "")
        missing = self._scans and ocr.program() is None
        return reason, "Install Tesseract, or run text recognition (OCR) on it first." if missing else ""

    def _page(self, number: int) -> Page | None:
        """A page as pdfium sees it, or None where it makes nothing of it."""
        import pypdfium2

        try:
            with closing(self._pdf[number]) as opened:
                page = read_page(opened)
                self.blocks[number] = self._extras.notes(opened)
        except pypdfium2.PdfiumError:
            self._said[number] = _DAMAGED
            return None
        self._outside += page.outside
        length = sum(len(word.text) for word in page.words)
        if page.unmapped > _MOST * len(page.words):
            self._scans[number] = "a page whose fonts do not say what their characters stand for"
            return page._replace(words=[])
        self._unmapped += page.unmapped
        if length < _FEW and (page.pictured > _MOST or (page.drawn and not length)):
            self._scans[number] = "an image"
        elif not length and not self.blocks[number]:
            self._said[number] = "no text"
        return page

    def _lay_out(self, number: int, page: Page) -> None:
        page, kept = self._running.without(number, page)
        self.blocks[number] = [*blocks(page), *kept, *self.blocks[number]]

    def _taken(self, number: int, page: Page) -> str:
        """Take what was recognised on a page, unless the page has as much text; return what is to be said of it."""
        found, known = blocks(page), self.blocks[number]
        text = [block for block in known if block.kind != "note"]
        if _length(found) < _length(text) + (_FEW if text else 1):
            return f"{self._scans[number]}, in which text recognition found no {'more ' if text else ''}text"
        self.blocks[number] = [*found, *(block for block in known if block.kind == "note")]
        return "read by text recognition, may hold errors"


def _length(blocks: list[Block]) -> int:
    return sum(len(line.text) for block in blocks for line in block.lines)
