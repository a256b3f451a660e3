"""Bytes to text: byte order marks, UTF-8, what the file declares, and a guess that is taken only when it is sure."""

from __future__ import annotations

import codecs
import logging
import re

from rag.documents.extract import Rejected
from rag.errors import UnreadableDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What web pages call by the first name is written in the second: https://encoding.spec.whatwg.org/#names-and-labels
_ALIASES = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030",
            "shift_jis": "cp932", "euc_kr": "cp949"}  # fmt: skip
# Python's further codecs transform rather than name a character set, and some take quadratic time.
_CHARACTER_SET = re.compile(
    r"iso8859-\d+|cp\d+|koi8-\w|gb\w+|big5\w*|euc_\w+|shift_jis\w*|iso2022_\w+|hz|utf-8|mac-\w+|tis-620"
)
_SEVEN_BIT = re.compile(r"iso2022_\w+|hz")  # their bytes are valid UTF-8 too
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

Decoded = tuple[str, tuple[str, ...]]


def decode(data: bytes, declared: str = "") -> Decoded:
    """Return the text and its gaps; `declared` is the character set that the file names. Raises Rejected if unsure."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lenient(data[len(mark) :], encoding)
    declared = _known(declared)
    text = None if _SEVEN_BIT.fullmatch(declared) else _strict(data, "utf-8")
    if text is None and declared:
        text = _strict(data, declared)
    if text is None:
        text = _guessed(data)
    if text is None and declared:
        return _lenient(data, declared)
    if text is None:
        raise Rejected(UnreadableDocument, "its character encoding cannot be told", "Save it as UTF-8.")
    return _text(text), ()


def _known(name: str) -> str:
    try:
        name = codecs.lookup(name.strip().lower()).name if name else ""
    except LookupError:
        return ""
    return _ALIASES.get(name, name) if _CHARACTER_SET.fullmatch(name) else ""


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _lenient(data: bytes, encoding: str) -> Decoded:
    text = _strict(data, encoding)
    if text is not None:
        return _text(text), ()
    text = _text(data.decode(encoding, "replace"))
    return text, (f"bytes that are not {encoding}, shown as \ufffd: {text.count(chr(0xFFFD))}",)


def _guessed(data: bytes) -> str | None:
    """Let charset-normalizer guess; None unless all its sound candidates agree or one of them reads like a language.

    Western text with few accented letters looks alike in many character sets: Windows-1252, by far the most
    common of them, is taken wherever it is a candidate.
    """
    from charset_normalizer import from_bytes

    logging.getLogger("charset_normalizer").addHandler(logging.NullHandler())
    if b"\0" in data or len(_CONTROL.findall(data.decode("latin-1"))) > len(data) // 100:
        return None
    candidates = [match for match in from_bytes(data) if match.chaos <= 0.1]
    western = sum(byte > 127 for byte in data) <= len(data) // 4
    if western and any("cp1252" in candidate.could_be_from_charset for candidate in candidates):
        return _strict(data, "cp1252")
    best = candidates[0] if candidates else None
    if best and (best.coherence >= 0.2 or (len(candidates) == 1 and len(data) >= 20)):
        return str(best)
    return None


def _text(text: str) -> str:
    """Pass the text on unless it is data under another name."""
    controls = _CONTROL.findall(text)
    if "\0" in controls or len(controls) > max(2, len(text) // 200):
        raise Rejected(UnreadableDocument, "it holds binary data, not text")
    return text
