"""Blocks of pages to one text: sentences whole across lines, columns and pages, with the place of every line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rag.documents.extract import Offsets
from rag.documents.hyphens import Hyphens, ends_in_hyphen
from rag.documents.lines import ITEM, NO_SPACE, Block, Line, ends, is_full, runs_on
from rag.types import Box

_BREAK = "\n\n"
_HEADING = 1.08  # times the size of the body text
_SURELY = 1.15
_SHORT_HEADING = 80  # characters
_LONGEST_HEADING = 250  # characters
_SENTENCE = 8  # words that end with a full stop: no heading
_ALIKE = 1.06  # ratio of two sizes that are the same
_SMALLER = 0.95  # times the size of a text: below are its footnotes and captions
_SHORTEST = 15  # characters of a last line that may go on elsewhere
_FARTHEST = 60  # blocks
_CAPTION = re.compile(
    r"(?:fig(?:ure|ura|\.)?|table|chart|graph|exhibit|box|map|plate|abb(?:ildung|\.)|tab(?:elle|leau|la|\.))"
    r"\s*[\dA-Z][\d.-]*\s*[:.–—|]",
    re.IGNORECASE,
)


class Flow(NamedTuple):
    text: str
    pages: tuple[int, ...]
    boxes: tuple[Box, ...]
    headings: tuple[Offsets, ...]
    title: str  # the largest heading of the first page that holds text


class _Item(NamedTuple):
    page: int
    block: Block
    heading: bool


def flow(pages: Sequence[Sequence[Block]]) -> Flow:
    """Write the blocks of pages, which are in reading order, as one text."""
    body = _body([block for blocks in pages for block in blocks])
    items = [_Item(page, block, _is_heading(block, body)) for page, blocks in enumerate(pages) for block in blocks]
    ordered = list(_joined(items))
    writer = _Writer(Hyphens(_paragraphs(ordered)))
    row = False
    for item, goes_on in ordered:
        writer.add(item, goes_on, row=row and item.block.kind == "row")
        row = item.block.kind == "row"
    writer.turn_to(len(pages) - 1, _BREAK)
    return Flow("".join(writer.parts), tuple(writer.pages), tuple(writer.boxes), tuple(writer.headings), _title(items))


def _body(blocks: Sequence[Block]) -> float:
    """The size of most of the text."""
    sizes: Counter[float] = Counter()
    for block in blocks:
        for line in block.lines:
            sizes[round(2 * line.size) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _is_heading(block: Block, body: float) -> bool:
    if block.kind != "text" or block.size < _HEADING * body or block.joints.count("\n") > 1:
        return False
    text = " ".join(line.text for line in block.lines)
    if block.size < _SURELY * body and (len(text) > _SHORT_HEADING or ends(text)):
        return False
    sentence = text.endswith(".") and len(text.split()) >= _SENTENCE
    return len(text) <= _LONGEST_HEADING and not sentence and any(map(str.isalpha, text))


def _title(items: Sequence[_Item]) -> str:
    headings = [item.block for item in items if item.heading and item.page == items[0].page]
    largest = max((block.size for block in headings), default=0.0)
    return next((" ".join(line.text for line in block.lines) for block in headings if block.size == largest), "")


def _joined(items: Sequence[_Item]) -> Iterator[tuple[_Item, bool]]:
    """Each item, and whether the one before goes on in it; what stands between the two is set before or after both."""
    position = 0
    while position < len(items):
        chain, between = [items[position]], list[_Item]()
        position += 1
        while (found := _continuation(items, position, chain, between)) is not None:
            between.extend(items[position:found])
            chain.append(items[found])
            position = found + 1
        yield from ((item, False) for item in between if item.page == chain[0].page)
        yield from ((item, number > 0) for number, item in enumerate(chain))
        yield from ((item, False) for item in between if item.page != chain[0].page)


def _continuation(
    items: Sequence[_Item], position: int, chain: Sequence[_Item], between: Sequence[_Item]
) -> int | None:
    """Where a text goes on that a column or a page cuts off: at the next one of its size past notes and tables."""
    last = chain[-1]
    end = last.block.lines[-1].text
    if last.heading or last.block.kind != "text" or ends(end) or len(end) < _SHORTEST:
        return None
    for number in range(position, min(position + _FARTHEST, len(items))):
        item = items[number]
        aside = item.block.size <= _SMALLER * last.block.size or _CAPTION.match(item.block.lines[0].text)
        if item.heading or item.block.kind != "text" or aside:
            continue
        passed = [*between, *items[position:number]]
        placed = {one.page for one in passed} <= {chain[0].page, item.page}
        below_heading = any(one.heading for one in passed) and not item.block.lines[0].text[:1].islower()
        return number if placed and not below_heading and _goes_on(last, item) else None
    return None


def _goes_on(last: _Item, item: _Item) -> bool:
    one, other = last.block, item.block
    first = other.lines[0]
    if max(one.size, other.size) > _ALIKE * min(one.size, other.size) or ITEM.match(first.text):
        return False
    if not (runs_on if len(one.lines) > 1 else is_full)(one.lines[-1], first, one.edge):
        return False
    elsewhere = item.page != last.page or first.base < one.lines[-1].base
    return first.text[:1].islower() or elsewhere


def _paragraphs(items: Sequence[tuple[_Item, bool]]) -> Iterator[list[str]]:
    """The lines of the text, where those that go on in each other stand together."""
    lines: list[str] = []
    for item, goes_on in items:
        for number, line in enumerate(item.block.lines):
            if lines and not (item.block.joints[number - 1] == " " if number else goes_on):
                yield lines
                lines = []
            lines.append(line.text)
    yield lines


@dataclass(slots=True)
class _Writer:
    hyphens: Hyphens
    parts: list[str] = field(default_factory=list)
    length: int = 0
    pages: list[int] = field(default_factory=lambda: [0])
    boxes: list[Box] = field(default_factory=list)
    headings: list[Offsets] = field(default_factory=list)
    before: str = ""  # the line written last
    hyphen: str = ""  # at its end, not yet written

    def add(self, item: _Item, goes_on: bool, *, row: bool) -> None:
        """Write a block; `goes_on`: in the middle of a sentence; `row`: below another row of a table."""
        lines = item.block.lines
        ahead = item.page - len(self.pages) + 1
        joint = "\n" if row and not ahead else _BREAK
        if goes_on:
            joint = self._joint(lines[0].text) if ahead < 2 else " "
        if not self.length or ahead:
            self.turn_to(item.page, joint)
        else:
            self._write(joint)
        start = self.length
        self._line(lines[0])
        for joint, line in zip(item.block.joints, lines[1:], strict=True):
            joint = " " if item.heading and joint == "\n" else joint
            self._write(self._joint(line.text) if joint == " " else joint)
            self._line(line)
        if item.heading:
            self._finish()
            self.headings.append((start, self.length))

    def turn_to(self, page: int, separator: str) -> None:
        """Begin the pages up to this one."""
        self._finish()
        while len(self.pages) <= page:
            self._write(separator)
            self.pages.append(self.length)

    def _line(self, line: Line) -> None:
        self.before = text = line.text
        hyphen = text[-1] if ends_in_hyphen(text) else ""
        start = self.length
        self._write(text.removesuffix(hyphen))
        self.hyphen = hyphen
        left, top, right, bottom = (round(side, 2) for side in line.ink)
        self.boxes.append(Box(start, self.length, left, top, right, bottom))

    def _joint(self, following: str) -> str:
        """What parts a line from the next one of its paragraph; a hyphen that broke a word is not written."""
        if self.hyphen:
            if not self.hyphens.breaks(self.before, following):
                self._finish()
            self.hyphen = ""
            return ""
        dash = self.before[-1:] == "—" and not self.before[-2:-1].isspace()
        return "" if dash or (NO_SPACE.match(self.before[-1:]) and NO_SPACE.match(following)) else " "

    def _finish(self) -> None:
        """Write the hyphen that the last line ends with."""
        if self.hyphen:
            hyphen, self.hyphen = self.hyphen, ""
            self._write(hyphen)
            self.boxes[-1] = self.boxes[-1]._replace(end=self.length)

    def _write(self, text: str) -> None:
        if self.hyphen and text:
            self._finish()
        self.hyphen = ""
        self.parts.append(text)
        self.length += len(text)
