"""What a PDF holds beside the text of its pages: metadata, filled-in form fields, comments and attached files."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rag.documents.dates import iso_date, pdf_date
from rag.documents.extract import Member, clean_author, clean_title, newlines, one_line
from rag.documents.lines import Block, Line
from rag.documents.pdf_view import View

_LARGEST_FILE = 100_000_000  # bytes of an attached file
_MOST_NOTES = 2_000  # fields and comments of a page
_HIDDEN = 0b10_0010  # annotation flags: hidden, or not to be shown on a screen
_PASSWORD = 1 << 13  # flag of a text field whose value is not shown
_XMP = re.compile(rb"<x:xmpmeta\b.{1,1000000}?</x:xmpmeta\s*>", re.DOTALL)
_NAMES = {"dc": "http://purl.org/dc/elements/1.1/", "xmp": "http://ns.adobe.com/xap/1.0/",
          "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}  # fmt: skip
_EMPTY = {"off", ""}


class Stated(NamedTuple):
    """What a file says of itself; "" or None where it says nothing."""

    title: str
    author: str | None
    date: str | None
    updated: str | None


def stated(pdf: Any, data: bytes) -> Stated:
    """The metadata of a PDF: its Info dictionary, and where that is silent the last XMP packet of the file."""
    created, modified = _info(pdf, "CreationDate"), _info(pdf, "ModDate")
    xmp = _xmp(data)
    date = pdf_date(created) or iso_date(_said(xmp, "dc:date", "xmp:CreateDate"))
    updated = pdf_date(modified) or iso_date(_said(xmp, "xmp:ModifyDate"))
    return Stated(
        title=clean_title(_info(pdf, "Title")) or clean_title(_said(xmp, "dc:title")),
        author=clean_author(_info(pdf, "Author")) or clean_author(_said(xmp, "dc:creator")),
        date=date,
        updated=updated if date and updated and updated > date else None,
    )


def _info(pdf: Any, key: str) -> str:
    """A value of the Info dictionary, or "" where it is no text: that says nothing of the pages."""
    try:
        return str(pdf.get_metadata_value(key))
    except UnicodeDecodeError:
        return ""


def _xmp(data: bytes) -> Any:
    from lxml import etree

    packets = _XMP.findall(data)
    if not packets:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    return etree.fromstring(packets[-1], parser)


def _said(xmp: Any, *names: str) -> str:
    """The value of the first property that has one; several authors are joined."""
    for name in names if xmp is not None else ():
        items = xmp.xpath(f".//{name}//rdf:li/text() | .//{name}/text() | .//@{name}", namespaces=_NAMES)
        found = [one_line(str(item)) for item in items if one_line(str(item))]
        if found and "\\376" not in found[0]:  # PDF's own encoding, put there undecoded
            return ", ".join(found) if name == "dc:creator" else found[0]
    return ""


@dataclass(slots=True)
class Extras:
    """Collects, page by page, what stands beside the text: `notes` gives a page's fields and comments as blocks."""

    pdf: Any
    members: list[Member] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the form, which has to happen before pages are opened, and take the attached files."""
        import pypdfium2
        import pypdfium2.raw as pdfium

        kind = self.pdf.get_formtype()
        if kind != pdfium.FORMTYPE_NONE:
            config = pdfium.FPDF_FORMFILLINFO(version=2)
            form = pdfium.FPDFDOC_InitFormFillEnvironment(self.pdf, config)
            self.pdf.formenv = pypdfium2.PdfFormEnv(form, config) if form else None  # the document closes it
        if kind in (pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND):
            self._miss("its XFA form is not read")
        for index in range(self.pdf.count_attachments()):
            self._attach(pdfium.FPDFDoc_GetAttachment(self.pdf, index))

    def gaps(self) -> Iterator[str]:
        yield from (f"{what}: {count}" if count > 1 else what for what, count in self.unread.items())

    def notes(self, page: Any) -> list[Block]:
        import pypdfium2.raw as pdfium

        view = View.of(page)
        found: dict[str, Block] = {}
        count = pdfium.FPDFPage_GetAnnotCount(page)
        if count > _MOST_NOTES:
            self._miss("fields and comments of a page with very many of them not read")
        for index in range(min(count, _MOST_NOTES)):
            annotation = pdfium.FPDFPage_GetAnnot(page, index)
            if not annotation:
                continue
            try:
                text = self._text(annotation)
                if text:
                    found.setdefault(text, _block(text, annotation, view))
            finally:
                pdfium.FPDFPage_CloseAnnot(annotation)
        return list(found.values())

    def _text(self, annotation: Any) -> str:
        import pypdfium2.raw as pdfium

        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        hidden = bool(pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN)
        if kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
            self._attach(pdfium.FPDFAnnot_GetFileAttachment(annotation))
        if kind == pdfium.FPDF_ANNOT_WIDGET:
            text = self._field(annotation)
        elif kind in (pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_LINK):
            return ""
        else:
            text = _comment(annotation)
        if text and hidden:
            self._miss("hidden form fields and comments not read")
        return "" if hidden else text

    def _field(self, annotation: Any) -> str:
        """What is filled in or chosen, labelled by the field's name."""
        import pypdfium2.raw as pdfium

        form = self.pdf.formenv
        if form is None:
            return ""
        kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
        if kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
            chosen = pdfium.FPDFAnnot_IsChecked(form, annotation)
            exported = _wide(pdfium.FPDFAnnot_GetFormFieldExportValue, form, annotation)
            value = (exported if kind == pdfium.FPDF_FORMFIELD_RADIOBUTTON else "") or "checked" if chosen else ""
        elif kind in (pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX):
            options = range(max(0, min(pdfium.FPDFAnnot_GetOptionCount(form, annotation), _MOST_NOTES)))
            chosen = [i for i in options if pdfium.FPDFAnnot_IsOptionSelected(form, annotation, i)]
            labels = [_wide(pdfium.FPDFAnnot_GetOptionLabel, form, annotation, i) for i in chosen]
            value = ", ".join(filter(None, labels)) or _wide(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
        elif kind == pdfium.FPDF_FORMFIELD_TEXTFIELD:
            value = _wide(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
            if value and pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
                self._miss("form fields that hold a password not read")
                value = ""
        else:
            return ""
        name = _wide(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation) or _wide(
            pdfium.FPDFAnnot_GetFormFieldName, form, annotation
        )
        return f"{one_line(name) or 'Field'}: {value.strip()}" if value.strip() else ""

    def _attach(self, attachment: Any) -> None:
        import pypdfium2.raw as pdfium

        if not attachment:
            return
        name = one_line(_wide(pdfium.FPDFAttachment_GetName, attachment)) or "attachment"
        size = ctypes.c_ulong()
        pdfium.FPDFAttachment_GetFile(attachment, None, 0, size)
        if not 0 < size.value <= _LARGEST_FILE:
            self._miss(f"attached file “{name}” is empty or too large, and not read")
            return
        room = ctypes.create_string_buffer(size.value)
        if pdfium.FPDFAttachment_GetFile(attachment, room, size.value, size):
            self.members.append(Member(name, room.raw))
        else:
            self._miss(f"attached file “{name}” is damaged")

    def _miss(self, what: str) -> None:
        self.unread[what] = self.unread.get(what, 0) + 1


def _comment(annotation: Any) -> str:
    import pypdfium2.raw as pdfium

    text = _wide(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
    author = one_line(_wide(pdfium.FPDFAnnot_GetStringValue, annotation, b"T"))
    if not text.strip():
        return ""
    if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_FREETEXT:
        return text.strip()
    return f"Comment by {author}: {text.strip()}" if author else f"Comment: {text.strip()}"


def _block(text: str, annotation: Any, view: View) -> Block:
    import pypdfium2.raw as pdfium

    rect = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(annotation, rect)
    ink = view.clipped(view.rect(rect.left, rect.bottom, rect.right, rect.top))
    lines = [Line(one_line(line), ink) for line in newlines(text).split("\n") if line.strip()]
    return Block(lines, ["\n"] * (len(lines) - 1), kind="note")


def _wide(call: Callable[..., int], *given: Any) -> str:
    """A text that pdfium writes as UTF-16 into the room that it is given."""
    size = call(*given, None, 0)
    if size <= 2:
        return ""
    room = ctypes.create_string_buffer(size)
    import pypdfium2.raw as pdfium

    call(*given, ctypes.cast(room, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    text = room.raw[: size - 2].decode("utf-16-le", "replace")
    return "".join(c for c in newlines(text) if c in "\n\t" or c.isprintable() or c.isspace())
