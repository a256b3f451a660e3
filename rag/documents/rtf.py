"""Rich Text Format: paragraphs and tables, then notes, comments, headers and footers as parts.

Scanned once, so that no file takes long, and by code of our own, so that each text goes where it belongs: striprtf
leaves out notes, headers and text boxes, and breaks characters of several bytes.
"""

from __future__ import annotations

import codecs
import copy
import re
import struct
from dataclasses import dataclass
from typing import Any

from rag.documents.cells import comment
from rag.documents.dates import iso_date
from rag.documents.extract import Block, Extract, Member, Rejected, clean_author, clean_title
from rag.documents.objects import member
from rag.documents.rtf_flow import Flow, whole
from rag.documents.rtf_words import BESIDE, BREAKS, CHARACTERS, CHARSETS, HIDDEN, PAGES, SAID, SHOWN, SIGNS
from rag.documents.sections import joined
from rag.errors import UnreadableDocument

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|([^\\{}\r\n\0]+)", re.DOTALL
)
_HEADING = re.compile(r"(?:heading \d|title)", re.IGNORECASE)
_NO_BODY_TEXT = 9  # the level that is none of an outline
_DEEPEST = 10_000  # groups; Word itself gives up far earlier
_ONCE = ("author", "title", "creatim", "revtim")
_ORDER = ("", "footnotes", "endnotes", "comments", "header", "footer")


def read(data: bytes) -> Extract:
    start = data[:1024].find(b"{\\rtf")
    if start < 0:
        raise Rejected(UnreadableDocument, "it is no Rich Text")
    reader = _Reader()
    reader.scan(data, start)
    reader.sections[""] = reader.body.ended()
    unique = {"header", "footer"}
    found = ((part, reader.sections.get(part, [])) for part in _ORDER)
    text, headings, parts = joined((p, list(dict.fromkeys(blocks)) if p in unique else blocks) for p, blocks in found)
    return Extract(
        text=text,
        headings=headings,
        parts=tuple(part for part in parts if part[1]),
        members=tuple(reader.members),
        gaps=tuple(reader.all_gaps()),
        **reader.stated(),
    )


@dataclass(slots=True)
class _Group:
    """What holds until the next closing brace."""

    flow: Flow
    hidden: bool = False
    says: str = ""  # of the file, for what is no text of it
    encoding: str = ""
    fallback: int = 1  # characters that stand in for one of Unicode
    heading: bool = False
    in_table: bool = False
    deleted: bool = False
    above: Flow | None = None  # where a text beside the body is anchored
    twice: bool = False  # whether what is hidden stands there once more, in Unicode


class _Reader:
    def __init__(self) -> None:
        self.body = Flow("")
        self.sections: dict[str, list[Block]] = {}
        self.members: list[Member] = []
        self._gaps: list[str] = []
        self._pictures = self._lost = 0
        self._said: dict[str, list[str]] = {}
        self._page = "cp1252"
        self._fonts: dict[int, str] = {}
        self._styles: set[int] = set()  # those of headings
        self._entry = 0  # of the table of fonts or of styles
        self._raw = bytearray()
        self._skip = 0
        self._group = _Group(self.body)
        self._outer: list[_Group] = []

    def scan(self, data: bytes, position: int) -> None:
        starred = False
        while match := _TOKEN.search(data, position):
            position = match.end()
            word, value, code, sign, brace, plain = match.groups()
            if plain or code:
                self._bytes(plain or bytes([int(code, 16)]))
            elif word:
                name, number = word.decode("ascii"), int(value) if value else None
                if name == "bin":
                    position += max(0, number or 0)
                elif not self._skipped():
                    self._word(name, number, starred=starred)
            elif sign:
                if not self._skipped():
                    self._sign(sign.decode("latin-1"))
            elif brace == b"{":
                self._open()
            elif self._outer:
                self._close()
                if not self._outer:
                    return
            starred = sign == b"*"
        self._gaps.append("it ends before it is complete")
        while self._outer:
            self._close()

    def all_gaps(self) -> list[str]:
        pictures = [f"pictures not read: {self._pictures}"] if self._pictures else []
        lost = [f"bytes that are not of their encoding, shown as \ufffd: {self._lost}"] if self._lost else []
        return [*self._gaps, *lost, *pictures]

    def stated(self) -> dict[str, Any]:
        """Title, author and days."""
        said = {name: whole(pieces) for name, pieces in self._said.items()}
        date, changed = (iso_date("-".join(self._said.get(name, [])[:3])) for name in ("creatim", "revtim"))
        return {
            "title": clean_title(said.get("title")),
            "author": clean_author(said.get("author")),
            "date": date,
            "updated": changed if date and changed and changed > date else None,
        }

    # Text

    def _skipped(self) -> bool:
        """Whether a token only stands in for a character of Unicode before it."""
        if self._skip:
            self._skip -= 1
            return True
        return False

    def _bytes(self, given: bytes) -> None:
        stands_in = min(self._skip, len(given))
        self._skip -= stands_in
        if not self._group.hidden and not self._group.deleted:
            self._raw += given[stands_in:]

    def _add(self, text: str) -> None:
        self._flush()
        if self._group.says:
            self._said.setdefault(self._group.says, []).append(text)
        elif not self._group.hidden and not self._group.deleted:
            self._group.flow.text.append(text)

    def _flush(self) -> None:
        if self._raw:
            text = self._raw.decode(self._group.encoding or self._page, "replace")
            self._raw.clear()
            self._lost += text.count("\ufffd")
            self._add(text)

    def _sign(self, sign: str) -> None:
        if sign in "\r\n":
            self._paragraph()
        elif sign in SIGNS:
            self._add(SIGNS[sign])

    def _paragraph(self) -> None:
        self._flush()
        if not self._group.hidden:
            self._group.flow.end_paragraph(heading=self._group.heading, in_table=self._group.in_table)

    # Groups

    def _open(self) -> None:
        self._flush()
        self._skip = 0
        if len(self._outer) == _DEEPEST:
            raise Rejected(UnreadableDocument, "its groups are nested too deep")
        self._outer.append(self._group)
        self._group = copy.copy(self._group)
        self._group.above = None

    def _close(self) -> None:
        self._flush()
        self._skip = 0
        group, self._group = self._group, self._outer.pop()
        if group.above is not None:
            self._put(group.flow, group.above)
        if group.says == "stylesheet":
            if _HEADING.fullmatch(whole(self._said.pop("stylesheet", [])).strip(" ;")):
                self._styles.add(self._entry)
        elif group.says == "objdata" and self._group.says != "objdata":
            self._object("".join(self._said.pop("objdata", [])))

    def _put(self, flow: Flow, above: Flow) -> None:
        """Take up a text that stood beside another one and is complete."""
        blocks = flow.ended()
        if flow.part == "comments":
            author = whole(self._said.pop("atnauthor", []))
            blocks = [comment("", author, "\n".join(block.text for block in blocks))]
        (self.sections.setdefault(flow.part, []) if flow.part else above.anchored).extend(blocks)

    def _object(self, digits: str) -> None:
        """An embedded file: after the names of its kind, the container that Office files have too (MS-OLEDS, 2.2.5)."""
        data = bytes.fromhex("".join(digits.split()))
        position = 8
        for _ in range(3):
            position += 4 + int.from_bytes(data[position : position + 4], "little")
        (size,) = struct.unpack_from("<I", data, position)
        found = member("object.bin", data[position + 4 : position + 4 + size])
        if isinstance(found, Member):
            self.members.append(found)
        else:
            self._gaps.append(found)

    # Control words

    def _word(self, name: str, number: int | None, *, starred: bool) -> None:
        group = self._group
        if group.hidden:
            if name == "ud" and group.twice:
                group.hidden = False
        elif name in CHARACTERS:
            self._add(CHARACTERS[name])
        elif name == "u":
            self._add(chr((number or 0) % 65536))
            self._skip = group.fallback
        elif name in BREAKS:
            self._paragraph()
        elif name in HIDDEN or (starred and name not in SHOWN):
            self._flush()
            self._pictures += name == "pict"
            group.hidden, group.twice = True, name == "upr"
        elif name in SAID:
            self._flush()
            group.says = name
            group.hidden = name in _ONCE and name in self._said
        elif name in BESIDE:
            self._flush()
            group.above, group.flow = group.flow, Flow(BESIDE[name])
            group.heading = group.in_table = False
        else:
            self._setting(name, number)

    def _setting(self, name: str, number: int | None) -> None:
        group, value = self._group, 1 if number is None else number
        if name in ("cell", "nestcell", "row", "nestrow"):
            self._flush()
            group.flow.end(name)
        elif name in ("f", "s", "fcharset", "cpg"):
            self._flush()
            self._font_or_style(name, value)
        elif name == "pard":
            group.heading = group.in_table = False
        elif name == "intbl":
            group.in_table = True
        elif name == "outlinelevel":
            group.heading = value < _NO_BODY_TEXT
        elif name in ("deleted", "plain"):
            self._flush()
            group.deleted = name == "deleted" and value != 0
        elif name == "uc":
            group.fallback = max(0, value)
        elif name == "ftnalt":
            group.flow.part = "endnotes"
        elif name in ("ansicpg", *PAGES):
            self._page = _known(PAGES.get(name, f"cp{value}")) or self._page
        elif group.says in ("creatim", "revtim") and name in ("yr", "mo", "dy"):
            self._said.setdefault(group.says, []).append(f"{value:02}")

    def _font_or_style(self, name: str, value: int) -> None:
        group = self._group
        if group.says == "fonttbl" and name == "f":
            self._entry = value
        elif group.says == "fonttbl":
            page = f"cp{value}" if name == "cpg" else CHARSETS.get(value, "")
            self._fonts[self._entry] = _known(page) or self._fonts.get(self._entry, "")
        elif group.says == "stylesheet" and name == "s":
            self._entry = value
        elif name == "f":
            group.encoding = self._fonts.get(value, "")
        elif name == "s":
            group.heading = value in self._styles


def _known(page: str) -> str:
    try:
        return codecs.lookup("utf-8" if page == "cp65001" else page).name if page else ""
    except LookupError:
        return ""
