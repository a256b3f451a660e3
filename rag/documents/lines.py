"""Words of a page joined to pieces of lines, and lines to blocks: what finding the reading order works with."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Literal, NamedTuple

from rag.documents.hyphens import ends_in_hyphen
from rag.documents.pdf_page import RIGHT_TO_LEFT, SLANTED, Word
from rag.documents.pdf_view import Rect, union

_STOPS = ".!?:;。！？"
_CLOSING = "\"”’')]»›"

_GAP = 1.0  # ems between two words of one piece at most; wider is a gutter, a tab or a gap between cells
_CUT = 0.55  # ems between words of a piece where a gutter may run
_OVERLAP = -0.3
_LEVEL = 0.45  # ems by which superscripts and subscripts stand off the baseline at most
_TOUCHING = 0.12  # ems: no space between words that are nearer, unless the file has one
_SAME_ROW = 0.3  # ems between the baselines of one row
_SPACE = 0.25  # ems
_ROW = 8.0  # points: pieces are looked up by the height at which they stand
_LATIN = re.compile("[A-Za-zÀ-ɏ]")
ITEM = re.compile(r"(?:[-–—*•▪■●○◦‣·]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s")  # of a list
NO_SPACE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")  # scripts that put none between words


@dataclass(frozen=True, eq=False)
class Piece:
    """Words that follow each other on one baseline without a wide gap, or a whole table, its `rows`, in their place."""

    words: Sequence[Word]
    left: float
    right: float
    base: float
    size: float
    rows: Sequence[Block] = ()

    @classmethod
    def of(cls, words: Sequence[Word]) -> Piece:
        first = words[0]
        if len(words) == 1:
            return cls(words, first.left, first.right, first.base, first.size)
        size, base = first.size, first.base
        if any(word.size != size for word in words):
            weights: Counter[float] = Counter()
            for word in words:
                weights[word.size] += len(word.text)
            size = weights.most_common(1)[0][0]
            base = next(word.base for word in words if word.size == size)
        return cls(words, min(word.left for word in words), max(word.right for word in words), base, size)

    @property
    def text(self) -> str:
        return self.line.text

    @property
    def turn(self) -> int:
        return self.words[0].turn

    @cached_property
    def line(self) -> Line:
        words, left, right = self.words, self.left, self.right
        if mirrored(words):
            words, left, right = _logical(words), -right, -left
        ink = union([word.ink for word in words])
        return Line(spelled(words), ink, left, right, self.base, self.size, words[0].right - words[0].left)

    def spans(self) -> list[tuple[float, float]]:
        """What it covers of its line: gaps between its words that a gutter may run through are left out."""
        if self.rows or self.right - self.left < 4 * self.size:
            return [(self.left, self.right)]
        found = [(self.words[0].left, self.words[0].right)]
        for left, right in sorted((word.left, word.right) for word in self.words):
            if left - found[-1][1] < _CUT * self.size:
                found[-1] = (min(found[-1][0], left), max(found[-1][1], right))
            else:
                found.append((left, right))
        return found


Row = list[Piece]  # what stands on one baseline, from left to right


class Line(NamedTuple):
    """A line, or what of one stands in a cell. `head` is the width of its first word.

    `left` and `right` are measured along the reading direction, which for Hebrew and Arabic is mirrored.
    """

    text: str
    ink: Rect
    left: float = 0.0
    right: float = 0.0
    base: float = 0.0
    size: float = 0.0
    head: float = 0.0

    @classmethod
    def of(cls, row: Row) -> Line:
        return row[0].line if len(row) == 1 else Piece.of([word for piece in row for word in piece.words]).line


@dataclass(slots=True)
class Block:
    """Lines that belong together, and what joins each to the next: " ", "\\n" or, between cells, " | ".

    `edge` is how far lines of its column run.
    """

    lines: list[Line]
    joints: list[str] = field(default_factory=list)
    kind: Literal["text", "row", "note"] = "text"
    edge: float = 0.0

    @property
    def size(self) -> float:
        return max(self.lines, key=lambda line: len(line.text)).size


def spelled(words: Iterable[Word]) -> str:
    """The text of words on one line, with a space between them where there is one."""
    text = ""
    before: Word | None = None
    for word in words:
        if before is not None and not (_near(before, word) and (word.glued or _unspaced(text, word.text))):
            text += " "
        text += word.text
        before = word
    return text


def _near(one: Word, other: Word) -> bool:
    return max(other.left - one.right, one.left - other.right) < 0.3 * min(one.size, other.size)


def _unspaced(before: str, after: str) -> bool:
    return bool(NO_SPACE.match(before[-1:]) and NO_SPACE.match(after[:1]))


def mirrored(words: Sequence[Word]) -> bool:
    """Whether most of the words are of a script that runs from right to left."""
    odd = [word.text for word in words if not word.text.isascii()]
    return 2 * len(odd) > len(words) and 2 * sum(1 for text in odd if RIGHT_TO_LEFT.search(text)) > len(words)


def _logical(words: Sequence[Word]) -> list[Word]:
    """Words of a line that runs from right to left in the order in which they are read; names in Latin run as ever."""
    ordered: list[Word] = []
    for latin, group in groupby(sorted(words, key=lambda word: -word.right), key=_is_latin):
        run = list(group)
        ordered.extend(run[::-1] if latin else run)
    return ordered


def _is_latin(word: Word) -> bool:
    return _LATIN.search(word.text) is not None


def pieces(words: Iterable[Word]) -> list[Piece]:
    """Join words first as the file gives them, so that lines drawn over each other stay apart, then by their places."""
    runs: list[list[Word]] = []
    for word in words:
        if runs and _follows(runs[-1][-1], word):
            runs[-1].append(word)
        else:
            runs.append([word])
    rows: dict[tuple[int, int], list[Piece]] = defaultdict(list)
    for piece in sorted(map(Piece.of, runs), key=lambda piece: piece.left):
        row = int(piece.base / _ROW)
        beside = [p for key in (row - 1, row, row + 1) for p in rows.get((piece.turn, key), ()) if _beside(p, piece)]
        if beside:
            before = max(beside, key=lambda p: p.right)
            rows[before.turn, int(before.base / _ROW)].remove(before)
            piece = _joined(before, piece)
        rows[piece.turn, int(piece.base / _ROW)].append(piece)
    return [piece for row in rows.values() for piece in row]


def _follows(before: Word, word: Word) -> bool:
    if before.turn != word.turn or word.turn == SLANTED:
        return before.turn == word.turn
    apart = max(word.left - before.right, before.left - word.right)
    return _level(before, word) and _OVERLAP * word.size < apart < _GAP * max(before.size, word.size)


def _level(one: Word | Piece, other: Word | Piece) -> bool:
    return abs(one.base - other.base) < _LEVEL * max(one.size, other.size) * (1.0 if one.size != other.size else 0.5)


def _beside(before: Piece, piece: Piece) -> bool:
    size = min(before.size, piece.size)
    return -0.1 * size < piece.left - before.right < _CUT * size and _level(before, piece) and piece.turn != SLANTED


def _joined(left: Piece, right: Piece) -> Piece:
    first, second = (right, left) if mirrored(right.words) else (left, right)
    glued = right.left - left.right < _TOUCHING * min(left.size, right.size)
    return Piece.of([*first.words, second.words[0]._replace(glued=glued), *second.words[1:]])


def rows_of(pieces: Iterable[Piece]) -> list[Row]:
    """Pieces that share a baseline or nearly, from top to bottom; pieces over each other are rows of their own."""
    rows: list[Row] = []
    for piece in sorted(pieces, key=lambda piece: (piece.base, piece.left)):
        for row in reversed(rows[-3:]):
            size = min(piece.size, row[0].size)
            level = piece.base - row[0].base <= _SAME_ROW * size and not (piece.rows or row[0].rows)
            if level and all(piece.left >= p.right - size / 2 or piece.right <= p.left + size / 2 for p in row):
                row.append(piece)
                break
        else:
            rows.append([piece])
    for row in rows:
        row.sort(key=lambda piece: piece.left, reverse=mirrored([word for piece in row for word in piece.words]))
    return rows


def ends(text: str) -> bool:
    """Whether a text ends as sentences do."""
    return text.rstrip(_CLOSING)[-1:] in _STOPS


def is_full(line: Line, following: Line, edge: float) -> bool:
    """Whether a line ends because the next word would not have fitted before `edge`."""
    return line.right + _SPACE * line.size + following.head > edge - 0.5 or ends_in_hyphen(line.text)


def runs_on(line: Line, following: Line, edge: float) -> bool:
    """Whether a line is full, or ends within a sentence and is not short."""
    within = following.text[:1].islower() and not ends(line.text)
    return is_full(line, following, edge) or (within and 2 * line.right > edge + line.left)
