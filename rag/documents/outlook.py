"""Outlook items (.msg) through oxmsg: mails, appointments, tasks and contacts, with what is attached to them.

Of oxmsg only the storage and the fixed properties are used: it reads no mail attached to a mail, knows no names of
properties beyond 0x8000, and stops at the first string that is not in the character set stated.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.parser import HeaderParser
from email.utils import format_datetime, parseaddr
from typing import Any

from rag.documents import lzfu
from rag.documents.encoding import decode
from rag.documents.extract import Block, Extract, Member, Rejected, one_line
from rag.documents.fields import step
from rag.documents.letter import OWN, Content, Passages, better, letter, marked_up, plain
from rag.errors import UnreadableDocument

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_TOP, _EMBEDDED, _OTHER = 32, 24, 8  # bytes before the properties of a file, of an item within it, of anything else
_WIDE, _NARROW, _BINARY, _TIME = 0x1F, 0x1E, 0x102, 0x40
_OBJECT = "__substg1.0_3701000D"  # the item that an attachment is
_ATTACHED_ITEM = 5
_KINDS = {1: "To", 2: "Cc", 3: "Bcc"}
_FIRST_NAMED = 0x8000
# [MS-OXPROPS]: properties, and numbers of named ones, with the words for them.
_CONTACT = {
    0x3001: "Name", 0x3A16: "Company", 0x3A17: "Job title", 0x3A18: "Department", 0x8083: "E-mail", 0x8093: "E-mail",
    0x80A3: "E-mail", 0x3A08: "Business telephone", 0x3A09: "Home telephone", 0x3A1C: "Mobile telephone",
    0x3A24: "Fax", 0x3A15: "Address", 0x3A51: "Web page", 0x3A0A: "Initials", 0x3A42: "Birthday",
}  # fmt: skip
_EVENT = {0x8208: "Location", 0x820D: "Start", 0x820E: "End", 0x8234: "Time zone", 0x8104: "Start", 0x8105: "Due"}
_NEVER = 4501  # the year that stands for none
_ENDS_BLOCK = re.compile(rb"\{\\\*\\htmltag\d+ <(?:p|div|br|li|tr|td|h[1-6])\b[^{}]*\}")


def read(data: bytes) -> Extract:
    from olefile import OleFileIO
    from oxmsg.storage import Storage

    if not data.startswith(_OLE):
        raise Rejected(UnreadableDocument, "it is no Outlook item")
    try:
        with OleFileIO(io.BytesIO(data)) as file:  # it takes a few bytes for the name of a file
            storage = Storage.from_ole(file)
    except (OSError, ValueError, struct.error) as error:
        raise Rejected(UnreadableDocument, f"it is damaged ({one_line(str(error))[:80]})") from error
    names = _named(storage)
    return _Item(storage, _TOP, names).extract()


def _named(storage: Any) -> dict[int, int]:
    """The properties that this file gives to the numbers of named ones: [MS-OXMSG] 2.2.3."""
    for inner in storage.storages:
        if inner.name == "__nameid_version1.0":
            streams = {stream.name: stream.bytes_ for stream in inner.streams}
            entries = struct.iter_unpack("<IHH", _whole(streams.get("__substg1.0_00030102", b""), 8))
            return {number: _FIRST_NAMED + place for number, kind, place in entries if not kind & 1}
    return {}


def _whole(data: bytes, size: int) -> bytes:
    return data[: len(data) // size * size]


class _Item:
    """A mail, or what else Outlook keeps, at the top of a file or attached to another."""

    def __init__(self, storage: Any, offset: int, names: dict[int, int]) -> None:
        self._storage = storage
        self._names = names
        self._streams: dict[str, bytes] = {stream.name.upper(): stream.bytes_ for stream in storage.streams}
        table = self._streams.get("__PROPERTIES_VERSION1.0", b"")[offset:]
        entries = struct.iter_unpack("<HHI8s", _whole(table, 16))
        self._fixed: dict[int, tuple[int, bytes]] = {pid: (kind, value) for kind, pid, _, value in entries}

    def extract(self) -> Extract:
        content = Content()
        kind = self.text(0x001A).upper()
        sent = one_line(HeaderParser().parsestr(self.text(0x007D))["Date"]) or self.time(0x0039)
        contact = kind.startswith("IPM.CONTACT")
        if contact:
            content.passages += self._fields(_CONTACT)
        elif kind.startswith(("IPM.APPOINTMENT", "IPM.SCHEDULE", "IPM.TASK")):
            content.passages += self._fields(_EVENT)
        content.passages += self._body(content)
        for storage in self._storage.iter_attachment_storages():
            _Item(storage, _OTHER, self._names).attach(content)
        files = ", ".join(one_line(member.name) for member in content.members)
        head = [] if contact else [("From", self._sender()), *self._receivers(), ("Date", sent)]
        author = "" if contact else parseaddr(self._sender())[0] or self._sender()
        return letter([*head, ("Attachments", files)], content, subject=self.text(0x0037), sent=sent, author=author)

    # Values

    def text(self, pid: int) -> str:
        """A string property, or what decodes of it."""
        if wide := self._stream(pid, _WIDE):
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return self._decoded(self._stream(pid, _NARROW)).rstrip("\0")

    def binary(self, pid: int) -> bytes:
        return self._stream(pid, _BINARY)

    def _stream(self, pid: int, kind: int) -> bytes:
        return self._streams.get(f"__SUBSTG1.0_{pid:04X}{kind:04X}", b"")

    def number(self, pid: int) -> int:
        _, value = self._fixed.get(pid, (0, b""))
        return int.from_bytes(value[:4], "little")

    def time(self, pid: int) -> str:
        """A point in time as mails write it, or "" for none."""
        kind, value = self._fixed.get(pid, (0, b""))
        ticks = int.from_bytes(value, "little") if kind == _TIME else 0
        try:
            when = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return ""
        return format_datetime(when) if ticks and when.year < _NEVER else ""

    def _decoded(self, data: bytes, declared: str = "") -> str:
        codepage = self.number(0x3FFD) or self.number(0x3FDE)
        try:
            return decode(data, declared or (f"cp{codepage}" if codepage else ""))[0] if data.strip(b"\0") else ""
        except Rejected:
            return data.decode("ascii", "replace")

    # What stands where

    def _sender(self) -> str:
        name = self.text(0x0042) or self.text(0x0C1A)
        address = self.text(0x5D01) or self.text(0x0C1F) or self.text(0x0065)
        return _person(name, address)

    def _receivers(self) -> Iterator[tuple[str, str]]:
        found: dict[str, list[str]] = {}
        for storage in self._storage.iter_recipient_storages():
            one = _Item(storage, _OTHER, self._names)
            person = _person(one.text(0x3001), one.text(0x39FE) or one.text(0x3003))
            found.setdefault(_KINDS.get(one.number(0x0C15), "To"), []).append(person)
        for kind, pid in zip(_KINDS.values(), (0x0E04, 0x0E03, 0x0E02), strict=True):
            yield kind, ", ".join(found.get(kind, [])) or self.text(pid)

    def _body(self, content: Content) -> Passages:
        body = plain(self.text(0x1000), content)
        markup = self.binary(0x1013)
        html = self._decoded(markup, f"cp{self.number(0x3FDE)}") if markup else self.text(0x1013)
        if html:
            body = better(body, marked_up(html, content))
        return body or self._rich(content)

    def _rich(self, content: Content) -> Passages:
        from striprtf.striprtf import rtf_to_text

        compressed = self.binary(0x1009)
        if not compressed:
            return []
        try:
            rich = _ENDS_BLOCK.sub(rb"\\par ", lzfu.rich_text(compressed))
            text = rtf_to_text(rich.decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call]
            return plain(text, content)
        except (ValueError, IndexError, LookupError) as error:
            content.gaps.append(f"its body is not read: {one_line(str(error))[:80]}")
            return []

    def _fields(self, wanted: dict[int, str]) -> Passages:
        """A line for each property that says something, once."""
        lines = []
        for pid, name in wanted.items():
            own = self._names.get(pid, 0) if pid >= _FIRST_NAMED else pid
            if value := one_line(self.text(own) or self.time(own)):
                lines.append(f"{name}: {value}")
        return [(OWN, Block(line)) for line in dict.fromkeys(lines)]

    def attach(self, content: Content) -> None:
        """Put what this attachment is to what the mail holds."""
        name = self.text(0x3707) or self.text(0x3704) or self.text(0x3001)
        kind, data = self.text(0x370E).lower(), self.binary(0x3701)
        inner = next((one for one in self._storage.storages if one.name == _OBJECT), None)
        method = self.number(0x3705)
        if inner is not None and method == _ATTACHED_ITEM:
            extract = _Item(inner, _EMBEDDED, self._names).extract()
            content.members.append(Member(f"{step(extract.title or name) or 'attached mail'}.msg", extract))
        elif kind.startswith(("image/", "audio/", "video/")):
            content.gaps.append(f"{kind.partition('/')[0]} not read: {name or kind}")
        elif "pkcs7" in kind or name.lower().endswith((".p7s", ".p7m")):
            content.gaps.append(f"encrypted or signed content not read: {name or kind}")
        elif data:
            content.members.append(Member(name or f"attachment {len(content.members) + 1}", data))
        else:
            content.gaps.append(f"attachment not read: {name or 'an object without a name'}")


def _person(name: str, address: str) -> str:
    """A name with its address; one of Exchange's own directory says nothing to a reader."""
    shown = address if "@" in address else ""
    return f"{name} <{shown}>" if shown and name and shown not in name else name or shown
