"""OpenDocument files: texts (.odt), presentations (.odp), spreadsheets (.ods)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rag.documents.archive import unpacked
from rag.documents.dates import iso_date
from rag.documents.extract import Block, Extract, Rejected, clean_author, clean_title
from rag.documents.odf import DC, MANIFEST, META, OFFICE, STYLE, File, Flow, body
from rag.documents.odf_pages import pages
from rag.documents.odf_sheets import tables
from rag.documents.sections import joined
from rag.errors import EncryptedDocument, UnreadableDocument

Section = tuple[str, Iterable[Block]]

_MARGINS = tuple(f"{STYLE}{name}{which}" for name in ("header", "footer") for which in ("", "-left", "-first"))


def read(data: bytes) -> Extract:
    with unpacked(data) as archive:
        file = File(archive)
        manifest = file.root("META-INF/manifest.xml")
        if manifest is not None and any(True for _ in manifest.iter(f"{MANIFEST}encryption-data")):
            raise Rejected(EncryptedDocument, "it is protected by a password", "Save a copy without the password.")
        content = file.root("content.xml")
        if body(content) is None:
            why = f" ({'; '.join(file.gaps)})" if file.gaps else ""
            raise Rejected(UnreadableDocument, f"it is damaged or no OpenDocument file{why}")
        flow = Flow(file)
        text, headings, parts = joined(_sections(flow, content, file.root("styles.xml")))
        stated = _stated(file.root("meta.xml"))
        is_book = body(content).tag == f"{OFFICE}spreadsheet"
    pictures = (f"pictures not read: {flow.pictures}",) if flow.pictures else ()
    titled = stated.pop("title", "")
    return Extract(
        text=text,
        title=titled or (None if is_book else ""),
        headings=headings,
        parts=tuple(part for part in parts if part[1]),
        members=tuple(flow.members),
        gaps=(*file.gaps, *pictures),
        **stated,
    )


def _sections(flow: Flow, content: Any, styles: Any) -> Iterator[Section]:
    shown = body(content)
    if shown.tag == f"{OFFICE}spreadsheet":
        yield from tables(flow, content, shown)
    elif shown.tag in (f"{OFFICE}presentation", f"{OFFICE}drawing"):
        yield from pages(flow, content, shown, styles)
    else:
        yield "", list(flow.blocks(shown))
    yield "footnotes", flow.notes["footnote"]
    yield "endnotes", flow.notes["endnote"]
    margins = list(styles.iter(*_MARGINS)) if styles is not None else []
    found: dict[str, list[Block]] = {"header": [], "footer": []}
    for margin in margins:
        found["header" if "header" in margin.tag else "footer"] += flow.blocks(margin)
    comments, flow.comments = flow.comments, []
    yield "comments", comments
    yield from ((name, list(dict.fromkeys(blocks))) for name, blocks in found.items())


def _stated(meta: Any) -> dict[str, Any]:
    """Title, author and days."""
    found = meta.find(f"{OFFICE}meta") if meta is not None else None
    if found is None:
        return {}
    date, changed = (iso_date(found.findtext(name) or "") for name in (f"{META}creation-date", f"{DC}date"))
    return {
        "title": clean_title(found.findtext(f"{DC}title")),
        "author": clean_author(found.findtext(f"{META}initial-creator") or found.findtext(f"{DC}creator")),
        "date": date,
        "updated": changed if date and changed and changed > date else None,
    }
