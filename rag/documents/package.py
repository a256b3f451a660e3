"""The packages that Office files are (ECMA-376, part 2): parts, and the relationships that lead from one to another."""

from __future__ import annotations

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from rag.documents.archive import unpacked, xml
from rag.documents.dates import iso_date
from rag.documents.extract import Member, Rejected, clean_author, clean_title, one_line
from rag.documents.objects import member
from rag.errors import UnreadableDocument

# What reading an entry of an archive raises where there is none of its name, or it is damaged.
DAMAGED = (KeyError, ValueError, OSError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_STRICT = re.compile(rb"""(\bxmlns(?::[\w.-]+)?\s*=\s*["'])http://purl\.oclc\.org/ooxml/(\w+)/""")
_TRANSITIONAL = rb"\1http://schemas.openxmlformats.org/\2/2006/"
_EMBEDDED = ("package", "oleObject")
_MEDIA = ("video", "audio", "media")
# The templates of python-docx and python-pptx, whose documents keep when and by whom they were made.
_TEMPLATES = {"2013-12-23T23:15:00Z": "python-docx", "2013-01-27T09:14:16Z": "Steve Canny"}


class Link(NamedTuple):
    """A relationship: the last step of its type, such as "footnotes", and the part that it leads to, or an address."""

    kind: str
    target: str
    external: bool


class Package:
    """The parts of an Office file by name. What of them cannot be read becomes a line in `gaps`."""

    def __init__(self, data: bytes) -> None:
        self.gaps: list[str] = []
        self._archive = unpacked(data)
        self._names = {name.lower(): name for name in self._archive.namelist()}  # part names have no case
        self._links: dict[str, dict[str, Link]] = {}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def main(self, what: str) -> str:
        """The part that the package is about; raises Rejected where there is none."""
        for link in self.links("").values():
            if link.kind == "officeDocument" and link.target in self:
                return link.target
        raise Rejected(UnreadableDocument, f"it is damaged or {what}")

    def bytes(self, name: str) -> bytes | None:
        """The content of a part, or None and a gap where it is missing or damaged."""
        try:
            return self._archive.read(self._names[name.lower()])
        except DAMAGED:
            self.gaps.append(f"missing or damaged: {name}")
            return None

    def root(self, name: str) -> Any:
        """The root element of a part, or None and a gap; of alternative contents, one is left."""
        data = self.bytes(name)
        if data is None:
            return None
        try:
            root = xml(_usual(data))
        except Rejected as rejected:
            self.gaps.append(f"{name} not read: {rejected.reason}")
            return None
        _decide(root)
        return root

    def elements(self, name: str, *tags: str) -> Iterator[Any]:
        """The elements of some names in a part that may be huge, each complete and gone before the next one."""
        from lxml import etree

        data = self.bytes(name)
        if data is None:
            return
        found = etree.iterparse(
            io.BytesIO(_usual(data)), tag=tags, resolve_entities=False, load_dtd=False, no_network=True,
            huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        try:
            for _, element in found:
                if element.getroottree().docinfo.internalDTD is not None:  # no part may have one
                    self.gaps.append(f"{name} not read: its XML declares types, behind which text can hide")
                    return
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            self.gaps.append(f"{name} not read to its end: its XML is damaged ({one_line(str(error))[:120]})")

    def main_root(self, name: str) -> Any:
        """As `root`, of the part without which there is no document: raises Rejected."""
        before = len(self.gaps)
        root = self.root(name)
        if root is None:
            raise Rejected(UnreadableDocument, f"it is damaged ({'; '.join(self.gaps[before:])})")
        return root

    def links(self, name: str) -> dict[str, Link]:
        """The relationships of a part by their id; of the package itself for ""."""
        if name not in self._links:
            folder, last = posixpath.split(name)
            source = posixpath.join(folder, "_rels", f"{last}.rels")
            root = self.root(source) if source in self else None
            found = [] if root is None else [one for one in root if one.get("Target") is not None]
            self._links[name] = {one.get("Id", ""): _link(folder, one) for one in found}
        return self._links[name]

    def linked(self, name: str, *kinds: str) -> Iterator[str]:
        """The parts that a part leads to by relationships of some kinds, each once."""
        yield from dict.fromkeys(
            link.target for link in self.links(name).values() if link.kind in kinds and not link.external
        )

    def target(self, name: str, link_id: str | None) -> str:
        """The part that a relationship of a part leads to, or "" where it leads out of the file or to nothing."""
        link = self.links(name).get(link_id or "")
        return link.target if link and not link.external else ""

    def members(self, names: Iterator[str]) -> Iterator[Member]:
        """The files that are embedded in some parts, each once; a gap for what is none."""
        for target in dict.fromkeys(target for name in names for target in self.linked(name, *_EMBEDDED)):
            data = self.bytes(target)
            found = member(posixpath.basename(target), data) if data is not None else ""
            if isinstance(found, Member):
                yield found
            elif found:
                self.gaps.append(found)

    def unread(self, names: list[str]) -> Iterator[str]:
        """Gaps for the pictures, sounds and films in some parts."""
        for kinds, what in ((("image",), "pictures"), (_MEDIA, "audio and video")):
            count = len({target for name in names for target in self.linked(name, *kinds)})
            if count:
                yield f"{what} not read: {count}"

    def properties(self) -> dict[str, Any]:
        """Title, author and days that the file states of itself."""
        part = next(self.linked("", "core-properties"), "")
        root = self.root(part) if part in self else None
        if root is None:
            return {}
        stated = {str(one.tag).rpartition("}")[2]: one.text or "" for one in root.iter()}
        created, author = stated.get("created", ""), stated.get("creator", "")
        date = None if created in _TEMPLATES else iso_date(created)
        changed = iso_date(stated.get("modified", ""))
        return {
            "title": clean_title(stated.get("title")),
            "author": None if _TEMPLATES.get(created) == author else clean_author(author),
            "date": date,
            "updated": changed if date and changed and changed > date else None,
        }


def _link(folder: str, element: Any) -> Link:
    target, kind = element.get("Target"), element.get("Type", "").rpartition("/")[2]
    if element.get("TargetMode") == "External":
        return Link(kind, target, True)
    path = posixpath.normpath(posixpath.join("/", folder, unquote(target.partition("#")[0])))
    return Link(kind, path.lstrip("/"), False)


def _decide(root: Any) -> None:
    """Keep one of each set of ways in which a file says the same: the first that says anything, old ways last."""
    for element in list(root.iter(f"{_MC}AlternateContent")):
        ways = list(element.iterchildren(f"{_MC}Choice", f"{_MC}Fallback"))
        kept = next((way for way in ways if any(map(_says, way.iter()))), None)
        for way in ways:
            if way is not kept:
                element.remove(way)


def _says(element: Any) -> bool:
    """Whether an element has text, or leads to another part such as that of a chart."""
    own = str(element.tag).endswith("}t") and bool((element.text or "").strip())
    return own or any(key.startswith(R) for key in element.attrib)


def _usual(data: bytes) -> bytes:
    """XML with the names of the standard's strict form turned into those of the other, which all programs write."""
    return _STRICT.sub(_TRANSITIONAL, data)
