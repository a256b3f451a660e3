"""Files embedded in Office files: taken out of the containers that programs wrap them in (MS-OLEDS, MS-OLEPS)."""

from __future__ import annotations

import io
import struct
from pathlib import PurePosixPath
from typing import Any

from rag.documents.extract import Member

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_WRAPPED = ("CONTENTS", "Package", "EmbeddedOdf")
_NATIVE = "\x01Ole10Native"
_OLD = {"WordDocument": ".doc", "Workbook": ".xls", "Book": ".xls", "PowerPoint Document": ".ppt"}
_KINDS = ((b"%PDF-", ".pdf"), (b"{\\rtf", ".rtf"), (b"\x89PNG", ".png"), (b"\xff\xd8\xff", ".jpg"))
_ZIPPED = ((b"word/document.xml", ".docx"), (b"xl/workbook", ".xlsx"), (b"ppt/presentation", ".pptx"),
           (b"opendocument.text", ".odt"), (b"opendocument.spreadsheet", ".ods"),
           (b"opendocument.presentation", ".odp"))  # fmt: skip
_SAYS_NOTHING = ("", ".bin", ".dat", ".ole")


def member(name: str, data: bytes) -> Member | str:
    """The file that an embedded object is, or the gap that says that it cannot be taken out."""
    if not data.startswith(OLE):
        return Member(_named(name, _kind(data)), data)
    from olefile import OleFileIO

    try:
        with OleFileIO(io.BytesIO(data)) as container:
            kind = next((suffix for stream, suffix in _OLD.items() if container.exists(stream)), "")
            return Member(_named(name, kind), data) if kind else stored(container, [], name)
    except Exception as error:  # the library raises anything on damaged containers
        return _unread(name, type(error).__name__)


def stored(container: Any, storage: list[str], name: str) -> Member | str:
    """As `member`, of an object that is a storage of a compound file."""
    try:
        return _unwrapped(container, storage, name)
    except (OSError, ValueError, struct.error) as error:
        return _unread(name, f"damaged: {type(error).__name__}")


def _unwrapped(container: Any, storage: list[str], name: str) -> Member | str:
    for stream in _WRAPPED:
        if container.exists([*storage, stream]):
            content = container.openstream([*storage, stream]).read()
            return Member(_named(name, _kind(content)), content)
    if container.exists([*storage, _NATIVE]):
        return _packaged(name, container.openstream([*storage, _NATIVE]).read())
    kind = next((suffix for stream, suffix in _OLD.items() if container.exists([*storage, stream])), "")
    return _unread(name, kind)


def _packaged(name: str, data: bytes) -> Member | str:
    """A file as the packager of Windows keeps it: size, label, path, both ended by nulls, path once more, content."""
    label, position = _text(data, 6)
    path, position = _text(data, position)
    (length,) = struct.unpack_from("<I", data, position + 4)
    position += 8 + length
    (size,) = struct.unpack_from("<I", data, position)
    content = data[position + 4 : position + 4 + size]
    return Member(label or path or name, content) if 0 < size == len(content) else _unread(name, "damaged")


def _text(data: bytes, start: int) -> tuple[str, int]:
    end = data.index(b"\0", start)
    return data[start:end].decode("cp1252", "replace"), end + 1


def _named(name: str, kind: str) -> str:
    """A name whose suffix says what the content is, where the given one does not."""
    path = PurePosixPath(name)
    return f"{path.stem}{kind}" if kind and path.suffix.lower() in _SAYS_NOTHING else name


def _kind(data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        return next((suffix for mark, suffix in _ZIPPED if mark in data), "")
    return next((suffix for mark, suffix in _KINDS if data.startswith(mark)), "")


def _unread(name: str, why: str) -> str:
    return f"embedded file not read: {name}{f' ({why})' if why else ''}"
