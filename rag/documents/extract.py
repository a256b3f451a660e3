"""What a reader hands back for the bytes of one file, and what readers share: joining paragraphs, titles, names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from rag.errors import DocumentError
from rag.types import Box

Offsets = tuple[int, int]

TITLE_LENGTH = 300  # characters; a longer one is a text that was put into the wrong field


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """The text of a file and what the file says of itself; fields as in `Document`, empty where it says nothing."""

    text: str
    title: str | None = ""  # None: not even its first heading is one, as where that names the columns of a table
    date: str | None = None
    author: str | None = None
    outlet: str | None = None
    updated: str | None = None
    pages: tuple[int, ...] = ()
    parts: tuple[tuple[int, str], ...] = ()
    boxes: tuple[Box, ...] = ()
    headings: tuple[Offsets, ...] = ()
    gaps: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()


class Member(NamedTuple):
    """A document within a file, such as an attachment, a mail of a mailbox or a record of a dump.

    Its content is an Extract already, or bytes that the reader of its name's suffix makes one of. The name is
    shown, may hold anything, and needs not be unique: `load` makes a path of it below the file's.
    """

    name: str
    content: Extract | bytes


class Rejected(Exception):
    """Raised by readers, who do not know the path; `load` turns it into the `kind` of DocumentError with one."""

    def __init__(self, kind: type[DocumentError], reason: str, remedy: str = "") -> None:
        super().__init__(kind, reason, remedy)
        self.kind = kind
        self.reason = reason
        self.remedy = remedy


class Block(NamedTuple):
    """A paragraph, a heading, or a row of a table."""

    text: str
    heading: bool = False
    row: bool = False


def assemble(blocks: Iterable[Block]) -> tuple[str, tuple[Offsets, ...]]:
    """Join blocks by a blank line, rows of a table by a newline; return the text and the offsets of its headings."""
    parts: list[str] = []
    headings: list[Offsets] = []
    length = 0
    row_before = False
    for block in blocks:
        text = block.text.strip()
        if not text:
            continue
        if parts:
            parts.append("\n" if block.row and row_before else "\n\n")
            length += len(parts[-1])
        if block.heading:
            headings.append((length, length + len(text)))
        parts.append(text)
        length += len(text)
        row_before = block.row
    return "".join(parts), tuple(headings)


def settled(extract: Extract) -> Extract:
    """Make every newline `\\n` and the text encodable as UTF-8 without nulls, and move the offsets accordingly."""
    extract = replace(
        extract,
        title=extract.title and _NO_TEXT.sub("", extract.title),
        author=_NO_TEXT.sub("", extract.author or "") or None,
        outlet=_NO_TEXT.sub("", extract.outlet or "") or None,
        parts=tuple((offset, _NO_TEXT.sub("", one_line(name))) for offset, name in extract.parts),
    )
    text, gaps = extract.text, extract.gaps
    lost = len(_NO_TEXT.findall(text))
    if lost:
        text = _NO_TEXT.sub("\ufffd", text)
        gaps = (*gaps, f"characters that stand for no text, shown as \ufffd: {lost}")
    if "\r" not in text:
        return replace(extract, text=text, gaps=gaps)
    pairs = (*extract.headings, *(box[:2] for box in extract.boxes))
    wanted = sorted({*extract.pages, *(offset for offset, _ in extract.parts), *itertools.chain(*pairs)})
    moved: dict[int, int] = {}
    position = dropped = 0
    for offset in wanted:
        dropped += text.count("\r\n", position, offset)
        position = offset
        moved[offset] = offset - dropped
    return replace(
        extract,
        text=newlines(text),
        pages=tuple(moved[offset] for offset in extract.pages),
        parts=tuple((moved[offset], name) for offset, name in extract.parts),
        boxes=tuple(box._replace(start=moved[box.start], end=moved[box.end]) for box in extract.boxes),
        headings=tuple((moved[start], moved[end]) for start, end in extract.headings),
        gaps=gaps,
    )


def newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def clean_title(title: str | None) -> str:
    """Return a title from metadata without what programs leave there, or "" for one that says nothing."""
    title = one_line(title)
    title, converted = re.subn(r"^Microsoft (?:Office )?(?:Word|PowerPoint|Excel)\s*-\s*", "", title)
    if converted or " " not in title:
        title = _FILE_SUFFIX.sub("", title)
    return "" if _NO_TITLE.fullmatch(title) or len(title) > TITLE_LENGTH else title


def clean_author(author: str | None) -> str | None:
    author = one_line(author)
    return None if _NO_AUTHOR.fullmatch(author) or len(author) > TITLE_LENGTH else author


_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # null characters and halves of surrogate pairs
_FILE_SUFFIX = re.compile(r"\.(?:docx?|pptx?|xlsx?|pdf|rtf|odt|tex|dvi|indd|qxd|html?|txt|md)$", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"|\W*(?:untitled|anonymous|unspecified|unknown|no title|title|(?:word )?document|powerpoint presentation|slide)"
    r"(?:[ -]?\d+)?\W*|\W+",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"|\W*(?:anonymous|unspecified|unknown|author|user|owner|admin|administrator|python-docx|python-pptx|"
    r"microsoft(?: office)? user)\W*|\W+",
    re.IGNORECASE,
)
