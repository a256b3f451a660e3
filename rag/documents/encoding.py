"""Bytes to text: byte order marks, UTF-8, what the file declares, and a guess that is stated, or refused if unsure."""

from __future__ import annotations

import codecs
import re
import unicodedata

from rag.documents.extract import Rejected
from rag.documents.guess import NO_TEXT, guess
from rag.errors import UnreadableDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What web pages call by the first name is written in the second: https://encoding.spec.whatwg.org/#names-and-labels
_ALIASES = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874",
            "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
            "euc_kr": "cp949", "big5": "big5hkscs"}  # fmt: skip
# Python's further codecs transform rather than name a character set, and some take quadratic time.
_CHARACTER_SET = re.compile(
    r"iso8859-\d+|cp\d+|koi8-\w|gb\w+|big5\w*|euc_\w+|shift_jis\w*|iso2022_\w+|hz|utf-8|utf-(?:16|32)-[lb]e|mac-\w+|tis-620"
)
_SEVEN_BIT = re.compile(r"iso2022_\w+|hz")  # their bytes are valid UTF-8 too
_SHIFTS = (
    (re.compile(rb"\x1b\$[@B]"), "iso2022_jp"),
    (re.compile(rb"\x1b\$[@B]"), "iso2022_jp_ext"),
    (re.compile(rb"\x1b\$\(?[@BOPQ]"), "iso2022_jp_3"),
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e]){2,}~\}"), "hz"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SURE = 0.7  # of guesses below it, every second one is wrong
_SURE_WITH_NULLS = 0.95  # most bytes with nulls are no text at all
_BEGINNING = 10_000  # characters
_MOST_LOST = 0.1  # of the characters beyond ASCII

Decoded = tuple[str, tuple[str, ...]]


def decode(data: bytes, declared: str = "") -> Decoded:
    """Return the text and its gaps; `declared` is the character set that the file names. Raises Rejected if unsure."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text, gaps = _replaced(data[len(mark) :], encoding)
            if _noise(text):
                raise Rejected(UnreadableDocument, "it holds binary data, not text")
            return text, gaps
    declared = _known(declared)
    if _SEVEN_BIT.fullmatch(declared):
        return _replaced(data, declared)
    if b"\0" not in data:
        utf8 = _strict(data, "utf-8")
        if utf8 is not None:
            return _shifted(data) or (_text(utf8), _garbled(utf8))
    return _guessed(data, declared)


def _known(name: str) -> str:
    try:
        name = codecs.lookup(name.strip().lower()).name if name else ""
    except (LookupError, ValueError):
        return ""
    return _ALIASES.get(name, name) if _CHARACTER_SET.fullmatch(name) else ""


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _replaced(data: bytes, encoding: str) -> Decoded:
    """Decode, with what is not of the encoding shown and counted."""
    text = _strict(data, encoding)
    if text is not None:
        return _text(text), ()
    text = _text(data.decode(encoding, "replace"))
    lost = text.count("\ufffd")
    if lost > 1 + _MOST_LOST * sum(not c.isascii() for c in text):
        raise _unsure()
    return text, (f"bytes that are not {encoding}, shown as \ufffd: {lost}",)


def _guessed(data: bytes, declared: str) -> Decoded:
    """Decode as what reads best; what the file declares is believed unless it reads far worse."""
    best = guess(data, declared)
    if best.encoding == declared or (best.encoding == "utf-8" and best.confidence >= _SURE):
        return _replaced(data, best.encoding)
    if b"\0" in data and (best.confidence < _SURE_WITH_NULLS or best.fit < NO_TEXT):
        raise Rejected(UnreadableDocument, "it holds binary data, not text")
    if best.confidence < _SURE or best.fit < NO_TEXT:
        raise _unsure()
    text, gaps = _replaced(data, best.encoding)
    name = best.encoding.replace("cp125", "windows-125")
    sure = f"confidence {min(best.confidence, 0.99):.2f}"
    said = f"its encoding was guessed: {name}, {sure}"
    if declared:
        said = f"it says that its encoding is {declared}, but it reads as {name}, {sure}"
    return text, (said, *gaps, *_garbled(text))


def _shifted(data: bytes) -> Decoded | None:
    """Decode ASCII that stands for other characters between shift sequences."""
    for sequence, encoding in _SHIFTS:
        if sequence.search(data):
            text = _strict(data, encoding)
            if text is not None and not text.isascii():
                return _text(text), (f"its encoding was guessed: {encoding}, by its shift sequences",)
    return None


_TRAILS = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xC0))
# A character of UTF-8 that was read as Windows-1252 and written as UTF-8 once more.
_TWICE = re.compile(f"[Â-ß][{_TRAILS}]|[à-ï][{_TRAILS}]{{2}}|[ð-ô][{_TRAILS}]{{3}}")


def _garbled(text: str) -> tuple[str, ...]:
    """A gap where most of what is not ASCII was decoded wrongly by whoever wrote the file."""
    if text.isascii():
        return ()
    found = [match.group() for match in _TWICE.finditer(text)]
    if len(found) < 3 or sum(map(len, found)) * 2 < sum(not c.isascii() for c in text):
        return ()
    return (f"its text was decoded wrongly before it was saved, such as in {found[0]!r}: {len(found)} places",)


def _text(text: str) -> str:
    """Pass the text on unless it is data under another name."""
    controls = _CONTROL.findall(text)
    if "\0" in controls or len(controls) > max(2, len(text) // 200) or len(controls) * 10 > len(text):
        raise Rejected(UnreadableDocument, "it holds binary data, not text")
    return text


def _noise(text: str) -> bool:
    """Whether it has more characters that mean nothing than a text has: any two bytes make a character of UTF-16."""
    beginning = text[:_BEGINNING]
    nothing = sum(c == "\ufffd" or unicodedata.category(c) in ("Cn", "Co") for c in beginning)
    return nothing > 1 + len(beginning) // 50


def _unsure() -> Rejected:
    return Rejected(UnreadableDocument, "its character encoding cannot be told", "Save it as UTF-8.")
