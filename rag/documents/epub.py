"""E-books (.epub): the chapters in the order in which they are read, under their names in the table of contents."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from rag.documents.archive import unpacked, xml
from rag.documents.dates import iso_date
from rag.documents.encoding import decode
from rag.documents.extract import Block, Extract, Rejected, clean_author, clean_title, one_line
from rag.documents.hypertext import declared, parsed, visible
from rag.documents.sections import joined
from rag.errors import EncryptedDocument, UnreadableDocument

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_HYPERTEXT = ("application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml", "text/xml")
_CONTENTS = "application/x-dtbncx+xml"
_LISTED = "contents"  # the part that is the table of contents, where readers see it as a page
_NAMED = re.compile(r"(?:chapter|part|book|section|kapitel|teil|chapitre|appendix|prologue|epilogue)\b", re.IGNORECASE)
_EVENTS = ("publication", "original-publication", "", "ops-publication", "issued", "creation")
_MARK = "\ue000"  # stands before a place that the table of contents names, until the text is cut there


class _Item(NamedTuple):
    path: str
    kind: str
    properties: str


class _Package(NamedTuple):
    """What the package document says: metadata element, items by id, ids in reading order.

    A table of contents that is not read in turn (`linear="no"`) is not in the order.
    """

    metadata: Any
    items: dict[str, _Item]
    spine: list[str]


def read(data: bytes) -> Extract:
    with unpacked(data) as archive:
        package = _package(archive)
        _refuse_locked(archive, {package.items[name].path for name in package.spine if name in package.items})
        contents = _contents(archive, package)
        gaps: list[str] = []
        stretches = [one for name in package.spine for one in _chapter(archive, package, name, contents, gaps)]
    pictures = sum(stretch.pictures for stretch in stretches)
    text, headings, parts = joined(_sections(stretches))
    lost = (*gaps, f"pictures not read: {pictures}") if pictures else tuple(gaps)
    return Extract(text=text, headings=headings, parts=parts, gaps=lost, **_stated(package.metadata))


# The package


def _package(archive: zipfile.ZipFile) -> _Package:
    path = _package_path(archive)
    root = _parsed(archive, path)
    if root is None:
        raise Rejected(UnreadableDocument, "it is no e-book: its package document is missing or damaged")
    items = {}
    for item in _all(root, "item"):
        href = _joined(path, item.get("href", ""))
        items[item.get("id", "")] = _Item(href, item.get("media-type", ""), item.get("properties", ""))
    ordered = [(one.get("idref", ""), one.get("linear") != "no") for one in _all(root, "itemref")]
    spine = [name for name, in_turn in ordered if in_turn or not _is_contents(items.get(name))]
    return _Package(next(_all(root, "metadata"), root), items, spine)


def _is_contents(item: _Item | None) -> bool:
    return item is not None and "nav" in item.properties.split()


def _package_path(archive: zipfile.ZipFile) -> str:
    container = _parsed(archive, _CONTAINER)
    named = [file.get("full-path", "") for file in _all(container, "rootfile")] if container is not None else []
    opf = (name for name in archive.namelist() if name.endswith(".opf"))
    return next((str(name) for name in (*named, *opf)), "")


def _refuse_locked(archive: zipfile.ZipFile, chapters: set[str]) -> None:
    """Raise where chapters are encrypted; fonts often are, which hides no text."""
    encryption = _parsed(archive, _ENCRYPTION)
    locked = (
        [unquote(one.get("URI", "")) for one in _all(encryption, "CipherReference")] if encryption is not None else []
    )
    if chapters.intersection(locked):
        raise Rejected(EncryptedDocument, "it is protected by digital rights management")


def _stated(metadata: Any) -> dict[str, Any]:
    """Title, authors, publisher and days."""
    values: dict[str, list[tuple[Any, str]]] = {}
    for element in metadata.iter():
        values.setdefault(_local(element), []).append((element, one_line("".join(element.itertext()))))
    people = [name for element, name in values.get("creator", []) if _attribute(element, "role") in ("", "aut")]
    dates = {_attribute(element, "event"): value for element, value in reversed(values.get("date", []))}
    changed = [value for element, value in values.get("meta", []) if element.get("property") == "dcterms:modified"]
    return {
        "title": clean_title(next((value for _, value in values.get("title", []) if value), "")),
        "author": clean_author(", ".join(people)),
        "outlet": clean_author(next((value for _, value in values.get("publisher", []) if value), "")),
        "date": next(filter(None, (iso_date(dates.get(event, "")) for event in _EVENTS)), None),
        "updated": iso_date((changed or [dates.get("modification", "")])[0]),
    }


# The table of contents


_Contents = dict[str, list[tuple[str, str]]]  # by path: fragment and name of each place, in order


def _contents(archive: zipfile.ZipFile, package: _Package) -> _Contents:
    found: _Contents = {}
    for item in sorted(package.items.values(), key=lambda item: item.kind == _CONTENTS):  # the newer form first
        root = _parsed(archive, item.path) if item.kind == _CONTENTS or _is_contents(item) else None
        if root is None or found:
            continue
        for target, name in _places(root):
            path, _, fragment = target.partition("#")
            if name:
                found.setdefault(_joined(item.path, path), []).append((unquote(fragment), name))
    return found


def _places(root: Any) -> Iterator[tuple[str, str]]:
    for point in _all(root, "navPoint"):
        label, content = next(_all(point, "navLabel"), None), next(_all(point, "content"), None)
        if label is not None and content is not None:
            yield content.get("src", ""), one_line("".join(label.itertext()))
    for nav in _all(root, "nav"):
        if _attribute(nav, "type") in ("toc", ""):
            yield from ((link.get("href", ""), one_line("".join(link.itertext()))) for link in _all(nav, "a"))


# Chapters


class _Stretch(NamedTuple):
    """Some of a file of the book, its name in the table of contents or "", and how many pictures the file shows."""

    name: str
    blocks: list[Block]
    pictures: int = 0


def _chapter(
    archive: zipfile.ZipFile, package: _Package, name: str, contents: _Contents, gaps: list[str]
) -> Iterator[_Stretch]:
    """One file of the book, cut where the table of contents names a place in it."""
    item = package.items.get(name)
    if item is None or item.kind not in _HYPERTEXT:
        gaps.append(f"not read: {item.path if item else name}")
        return
    page = _page(archive, item.path, gaps)
    if page is None:
        return
    pictures = sum(1 for _ in page.iter("img", "image"))
    places = contents.get(item.path, [])
    _mark(page, places)
    blocks: list[Block] = []
    named = _LISTED if _is_contents(item) else next((name for fragment, name in places if not fragment), "")
    for piece in visible(page):
        if piece.block.text.startswith(_MARK):
            yield _Stretch(named, blocks)
            blocks, named = [], places[int(piece.block.text[1:])][1]
        else:
            blocks.append(piece.block._replace(text=re.sub(rf"{_MARK}\d+", "", piece.block.text)))
    yield _Stretch(named, blocks, pictures)


def _sections(stretches: list[_Stretch]) -> Iterator[tuple[str, list[Block]]]:
    """Each stretch under its name, or its heading where it begins with one, or as more of what came before."""
    last = "front matter"
    for name, blocks, _ in stretches:
        if name == _LISTED:
            yield name, blocks
            continue
        if blocks and (title := name or (one_line(blocks[0].text) if blocks[0].heading else "")):
            last = title if _NAMED.match(title) else f"chapter: {title}"
        yield last, blocks


def _mark(page: Any, places: list[tuple[str, str]]) -> None:
    """Put a mark before the paragraph that each place of the table of contents is in."""
    from lxml import html

    by_id = {
        element.get("id") or element.get("name"): element for element in reversed(list(page.iter())) if element.attrib
    }
    for number, (fragment, _) in enumerate(places):
        target = by_id.get(fragment) if fragment else None
        while (
            target is not None
            and target.getparent() is not None
            and target.getparent().tag not in ("body", "div", "section")
        ):
            target = target.getparent()
        if target is not None and target.getparent() is not None:
            mark = html.Element("p")
            mark.text = f"{_MARK}{number}"
            target.addprevious(mark)


def _page(archive: zipfile.ZipFile, path: str, gaps: list[str]) -> Any:
    """A chapter's tree, by its XML where that is sound: an empty element is then no open one."""
    from lxml import etree

    data = _bytes(archive, path)
    if data is None:
        gaps.append(f"missing or damaged: {path}")
        return None
    try:
        root = xml(data)
        for element in root.iter():
            element.tag = _local(element)
        markup = etree.tostring(root, method="html", encoding="unicode")
    except Rejected:
        try:
            markup, lost = decode(data, declared(data))
            gaps += [f"{path}: {gap}" for gap in lost]
        except Rejected as rejected:
            gaps.append(f"{path}: {rejected.reason}")
            return None
    page, deep = parsed(markup)
    gaps += [f"{path}: {gap}" for gap in deep]
    return page


# XML within the archive


def _parsed(archive: zipfile.ZipFile, path: str) -> Any:
    """The root of an XML entry, or None where there is none or it is damaged."""
    data = _bytes(archive, path)
    try:
        return xml(data) if data is not None else None
    except Rejected:
        return None


def _bytes(archive: zipfile.ZipFile, path: str) -> bytes | None:
    try:
        return archive.read(path)
    except (KeyError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return None


def _joined(base: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(href))) if href else base


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(root: Any, name: str) -> Iterator[Any]:
    return (element for element in root.iter() if _local(element) == name)


def _attribute(element: Any, name: str) -> str:
    """An attribute by its local name: writers differ in its namespace."""
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
