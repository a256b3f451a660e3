"""A page of a PDF as pdfium sees it: its words with their places, and what is drawn around them."""

from __future__ import annotations

import ctypes
import math
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from rag.documents.pdf_drawn import drawn
from rag.documents.pdf_view import Rect, View, union

SLANTED = 4  # the turn of a word that no quarter turns bring upright
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

_HYPHEN = "\x02"  # pdfium's sign for a hyphen at the end of a line; no line break follows it
_WORD = re.compile(rf"[^\s{_HYPHEN}]+[{_HYPHEN}]?|[{_HYPHEN}]")
_SPELLED = {
    **dict.fromkeys((*range(1, 32), *range(127, 160)), ""),
    **dict(zip(range(0xFB00, 0xFB07), "ff fi fl ffi ffl st st".split(), strict=True)),  # search finds "fire"
    0: "\ufffd",
    ord(_HYPHEN): "-",
}
_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair
_WITHIN = {0xAD: ""}  # a soft hyphen does not show within a line
_SPELT_ANEW = re.compile(f"[{''.join(map(re.escape, map(chr, _SPELLED | _WITHIN)))}]")
# Words that need a second look: drawn twice to look bold, or with a space that pdfium misses after an apostrophe.
_ODD = re.compile(r"(?:(.)\1){2,}|[^\W\d_][^\w\s-][^\W\d_]{2}")
_USUAL = (0.22, 1.05)  # ems per character of the other words
_SPACE = 0.13  # ems
_ROW = 8.0  # points: words are looked up by the height at which they stand


class Word(NamedTuple):
    """Characters without white space between them.

    `left`, `right` and `base` are measured on the page turned by `turn` quarter turns clockwise, on which the word
    stands upright; `ink` is what it covers of the page as shown. `glued`: the file has no white space before it.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    turn: int
    glued: bool
    ink: Rect


class Page(NamedTuple):
    """Width and height are those of the page as shown, as are the ruling lines: rectangles without area, or nearly.

    `outside` counts the words beyond its edges, which are left out, `unmapped` those in fonts that do not say what
    their characters stand for; `pictured` is the share that images cover.
    """

    width: float
    height: float
    words: list[Word]
    rulings: list[Rect]
    outside: int = 0
    unmapped: int = 0
    drawn: bool = True  # whether anything at all is drawn on it
    pictured: float = 0.0


def read_page(page: Any) -> Page:
    view = View.of(page)
    textpage = page.get_textpage()
    try:
        characters = _Characters(textpage.raw, view)
        words = characters.words()
    finally:
        textpage.close()
    inside = [
        word if view.contains(word.ink) else word._replace(ink=view.clipped(word.ink))
        for word in words
        if view.holds(word.ink)
    ]
    rulings, pictured, marked = drawn(page.raw, view)
    return Page(
        width=view.width,
        height=view.height,
        words=_drawn_once(inside),
        rulings=rulings,
        outside=len(words) - len(inside),
        unmapped=characters.unmapped,
        drawn=marked,
        pictured=pictured,
    )


class _Glyph(NamedTuple):
    left: float
    right: float
    base: float
    height: float


class _Characters:
    """Makes the words of a page. Calls into pdfium cost: of most words only the first and last character is placed."""

    def __init__(self, raw: Any, view: View) -> None:
        import pypdfium2.raw as pdfium

        self._raw, self._view, self._pdfium = raw, view, pdfium
        self._numbers = tuple(ctypes.c_double() for _ in range(4))
        self._references = tuple(map(ctypes.byref, self._numbers))
        self._rect, self._matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
        self._maps = [view.map(turn) for turn in (0, 1, 2, 3, 0)]
        self.unmapped = 0
        self._text = self._characters()
        self._special = any(rule.search(self._text) for rule in (_SPELT_ANEW, RIGHT_TO_LEFT, _HALF))

    def words(self) -> list[Word]:
        words = (word for match in _WORD.finditer(self._text) for word in self._words(*match.span()))
        return [word for word in words if word.text]

    def _characters(self) -> str:
        """One character for each that pdfium counts, so that positions in the text are pdfium's."""
        count = self._pdfium.FPDFText_CountChars(self._raw)
        if count <= 0:
            return ""
        room = (ctypes.c_ushort * (2 * count + 1))()
        length = self._pdfium.FPDFText_GetText(self._raw, 0, count, room)
        text = "".join(map(chr, room[: length - 1]))  # halves of surrogate pairs stay apart, as pdfium counts them
        if len(text) == count and "\ufffe" not in text:
            return text
        every = len(text) != count
        return "".join(self._character(i) if every or text[i] == "\ufffe" else text[i] for i in range(count))

    def _character(self, index: int) -> str:
        code = self._pdfium.FPDFText_GetUnicode(self._raw, index)
        return chr(code) if 0 < code < 0x110000 else "\ufffd"

    def _words(self, start: int, end: int) -> Iterator[Word]:
        text = self._text[start:end]
        self.unmapped += self._pdfium.FPDFText_HasUnicodeMapError(self._raw, start) == 1
        if self._special and not text.translate(_SPELLED):
            return
        turn, size = self._posture(start)
        glued = start > 0 and not self._text[start - 1].isspace()
        first = self._glyph(start, turn)
        last = self._glyph(end - 1, turn) if end - start > 1 else first
        if not 1.0 <= size <= 1000.0:
            size = first.height or 1.0
        if last.base - first.base > 0.5 * size * (end - start - 1) > 0 and abs(first.left - last.left) < 0.2 * size:
            turn = (turn + 3) % 4  # written from top to bottom: the lines run from right to left
            first, last = self._glyph(start, turn), self._glyph(end - 1, turn)
        ems = (max(first.right, last.right) - min(first.left, last.left)) / size / (end - start)
        plain = abs(first.base - last.base) < 0.05 * size and _USUAL[0] <= ems <= _USUAL[1]
        if turn == SLANTED or end - start == 1 or (plain and not _ODD.search(text)):
            if self._special:
                text = _spelled(text, first.left < last.left)
            left, right = min(first.left, last.left), max(first.right, last.right)
            yield Word(text, left, right, first.base, size, turn, glued, self._ink(start, end))
            return
        for run, glyphs, apart in self._runs(start, end, turn, size):
            run_size = max(glyph.height for glyph in glyphs) / (first.height or size) * size
            yield self._word(run, glyphs, run_size, turn, glued and not apart)
            glued = True

    def _runs(self, start: int, end: int, turn: int, size: float) -> Iterator[tuple[list[int], list[_Glyph], bool]]:
        """Cut a word where the next character stands elsewhere or, `apart`, as far off as words do.

        What is drawn twice to look bold is dropped.
        """
        run, glyphs, apart = [start], [self._glyph(start, turn)], False
        for index in range(start + 1, end):
            before, glyph = glyphs[-1], self._glyph(index, turn)
            level = abs(glyph.base - before.base) < 0.05 * size
            if level and self._text[index] == self._text[run[-1]] and abs(glyph.left - before.left) < 0.15 * size:
                continue
            gap = max(glyph.left - before.right, before.left - glyph.right)
            spaced = gap > _SPACE * size and level and index - start > 1
            if spaced or not -0.6 * size < gap < 0.6 * size or abs(glyph.base - before.base) > 0.6 * size:
                yield run, glyphs, apart
                run, glyphs, apart = [], [], spaced
            run.append(index)
            glyphs.append(glyph)
        yield run, glyphs, apart

    def _word(self, run: list[int], glyphs: list[_Glyph], size: float, turn: int, glued: bool) -> Word:
        base = max(glyphs, key=lambda glyph: glyph.height).base
        left, right = min(glyphs[0].left, glyphs[-1].left), max(glyphs[0].right, glyphs[-1].right)
        text = _spelled("".join(self._text[index] for index in run), glyphs[0].left < glyphs[-1].left)
        return Word(text, left, right, base, size, turn, glued, self._ink(run[0], run[-1] + 1))

    def _posture(self, index: int) -> tuple[int, float]:
        """How a character is turned on the page as shown, and its size in points."""
        matrix = self._matrix
        self._pdfium.FPDFText_GetMatrix(self._raw, index, matrix)
        size = self._pdfium.FPDFText_GetFontSize(self._raw, index) * math.hypot(matrix.c, matrix.d)
        if matrix.b == 0 and matrix.a > 0:
            return -self._view.quarter % 4, size
        quarters = math.atan2(matrix.b, matrix.a) / (math.pi / 2) - self._view.quarter
        nearest = round(quarters)
        return (nearest % 4 if abs(quarters - nearest) < 0.1 else SLANTED), size

    def _glyph(self, index: int, turn: int) -> _Glyph:
        rect, (x, y, _, _) = self._rect, self._numbers
        self._pdfium.FPDFText_GetLooseCharBox(self._raw, index, rect)
        self._pdfium.FPDFText_GetCharOrigin(self._raw, index, self._references[0], self._references[1])
        a, b, c, d, e, f = self._maps[turn]
        one = a * rect.left + b * rect.bottom + c
        other = a * rect.right + b * rect.top + c
        height = abs(d * (rect.right - rect.left) + e * (rect.top - rect.bottom))
        base = d * x.value + e * y.value + f
        return _Glyph(one, other, base, height) if one < other else _Glyph(other, one, base, height)

    def _ink(self, start: int, end: int) -> Rect:
        """What characters cover of the page as shown; where pdfium knows nothing, the room that they take."""
        count = self._pdfium.FPDFText_CountRects(self._raw, start, end - start)
        left, top, right, bottom = self._numbers
        found: list[Rect] = []
        for index in range(count):
            self._pdfium.FPDFText_GetRect(self._raw, index, *self._references)
            found.append(self._view.rect(left.value, bottom.value, right.value, top.value))
        if not found:
            self._pdfium.FPDFText_GetLooseCharBox(self._raw, start, self._rect)
            rect = self._rect
            found = [self._view.rect(rect.left, rect.bottom, rect.right, rect.top)]
        return union(found)


def _spelled(text: str, from_left: bool) -> str:
    """A word as it is read: letters for ligatures, and Hebrew or Arabic that is drawn from the left turned round."""
    text = text[:-1].translate(_SPELLED | _WITHIN) + text[-1].translate(_SPELLED)
    if _HALF.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text[::-1] if from_left and RIGHT_TO_LEFT.search(text) else text


def _drawn_once(words: list[Word]) -> list[Word]:
    """Drop words drawn again at nearly the same place, as some programs do for bold type and shadows."""
    kept: list[Word] = []
    places: dict[tuple[str, int], list[Word]] = defaultdict(list)
    for word in words:
        near = 0.15 * word.size
        rows = {int((word.base - near) / _ROW), int((word.base + near) / _ROW)}
        for row in rows:
            same = places.get((word.text, row))
            if same and any(abs(w.left - word.left) < near and abs(w.base - word.base) < near for w in same):
                break
        else:
            places[word.text, int(word.base / _ROW)].append(word)
            kept.append(word)
    return kept
