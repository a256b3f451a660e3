"""Outlook's compressed rich text, [MS-OXRTFCP]: a dictionary of 4,096 bytes that begins with usual words of RTF."""

from __future__ import annotations

import struct

_WORDS = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_SIZE = 4096
_HEAD = 16  # bytes
_LARGEST = 50_000_000  # bytes


def rich_text(data: bytes) -> bytes:
    """The RTF; raises ValueError for what is none. Checksums are not looked at: a damaged text still says something."""
    if len(data) < _HEAD:
        raise ValueError("it is too short")
    compressed, size, kind = struct.unpack("<II4s", data[:12])
    body = data[_HEAD : compressed + 4]
    if kind == b"MELA":
        return body[:size]
    if kind != b"LZFu" or size > _LARGEST:
        raise ValueError("it is compressed in an unknown way")
    return _expanded(body)[:size]


def _expanded(body: bytes) -> bytes:
    """Each flag bit, lowest first, tells a byte that stands for itself from a place in the dictionary and a length."""
    dictionary = bytearray(_WORDS.ljust(_SIZE, b"\0"))
    write, read = len(_WORDS), 0
    out = bytearray()
    while read < len(body):
        flags = body[read]
        read += 1
        for bit in range(8):
            if flags >> bit & 1:
                if read + 2 > len(body):
                    return bytes(out)
                pair = body[read] << 8 | body[read + 1]
                read += 2
                place, length = pair >> 4, (pair & 15) + 2
                if place == write:  # the end
                    return bytes(out)
            else:
                if read >= len(body):
                    return bytes(out)
                place, length = -1, 1
            for step in range(length):
                byte = dictionary[(place + step) % _SIZE] if place >= 0 else body[read]
                dictionary[write] = byte
                write = (write + 1) % _SIZE
                out.append(byte)
            read += place < 0
    return bytes(out)
