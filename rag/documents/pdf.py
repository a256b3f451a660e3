"""PDF through pdfium: the text of each page in the order in which the file draws it."""

from __future__ import annotations

import re
import threading
from typing import Any

from rag.documents.dates import pdf_date
from rag.documents.extract import Extract, Rejected, clean_author, clean_title, newlines
from rag.errors import EmptyDocument, EncryptedDocument, UnreadableDocument

_PAGE_BREAK = "\n\n"
_PDFIUM = threading.Lock()  # pdfium keeps global state: one call at a time in a process


def read(data: bytes) -> Extract:
    import pypdfium2

    with _PDFIUM:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
                reason = "it is protected by a password"
                raise Rejected(EncryptedDocument, reason, "Save a copy without the password.") from error
            raise Rejected(UnreadableDocument, "it is damaged or no PDF at all") from error
        try:
            return _extract(pdf)
        finally:
            pdf.close()


def _extract(pdf: Any) -> Extract:
    pages = [_page(pdf, number) for number in range(len(pdf))]
    gaps = [
        f"page {number}: damaged" if text is None else f"page {number}: no text (a scanned image?)"
        for number, text in enumerate(pages, start=1)
        if not (text or "").strip()
    ]
    if pages and len(gaps) == len(pages):
        reason = "its pages hold no text: they seem to be scanned images, and text recognition is not built in"
        raise Rejected(EmptyDocument, reason, "Run text recognition (OCR) on it first.")
    texts = _unhyphenated([text or "" for text in pages])
    return Extract(
        text=_PAGE_BREAK.join(texts),
        title=clean_title(_stated(pdf, "Title")),
        date=pdf_date(_stated(pdf, "CreationDate")),
        author=clean_author(_stated(pdf, "Author")),
        pages=tuple(_starts(texts)),
        gaps=(*gaps, *_unread(pdf)),
    )


def _stated(pdf: Any, key: str) -> str:
    """A value of the file's metadata, or "" where it is no text: that says nothing of the pages."""
    try:
        return str(pdf.get_metadata_value(key))
    except UnicodeDecodeError:
        return ""


def _page(pdf: Any, index: int) -> str | None:
    """The text of a page, or None where pdfium cannot make one of it."""
    import pypdfium2

    try:
        page = pdf[index]
    except pypdfium2.PdfiumError:
        return None
    try:
        textpage = page.get_textpage()
        try:
            # Over the whole page: characters drawn outside of its visible box were not meant to be read.
            return newlines(textpage.get_text_bounded(errors="replace"))
        finally:
            textpage.close()
    except pypdfium2.PdfiumError:
        return None
    finally:
        page.close()


def _unhyphenated(texts: list[str]) -> list[str]:
    """Write out pdfium's U+0002, which stands for a hyphen at the end of a line together with the line break.

    The hyphen belongs to the word where the document writes the same word with one elsewhere, or where
    no lower-case letter follows it; otherwise the line had broken the word.
    """
    if not any("\x02" in text for text in texts):
        return texts
    compounds = {word.lower() for text in texts for word in re.findall(r"\b\w{1,40}-\w{1,40}\b", text)}

    def joined(match: re.Match[str]) -> str:
        before, after = match.groups()
        keep = not after[:1].islower() or f"{before}-{after}".lower() in compounds
        return f"{before}-{after}" if keep else before + after

    return [re.sub(r"(\w{0,40})\x02(\w{0,40})", joined, text) for text in texts]


def _starts(texts: list[str]) -> list[int]:
    starts = []
    position = 0
    for text in texts:
        starts.append(position)
        position += len(text) + len(_PAGE_BREAK)
    return starts


def _unread(pdf: Any) -> list[str]:
    import pypdfium2

    attachments = pdf.count_attachments()
    form = pdf.get_formtype() != pypdfium2.raw.FORMTYPE_NONE
    files = [f"attached files not read: {attachments}"] if attachments else []
    return [*files, "what is filled into its form is not read"] if form else files
