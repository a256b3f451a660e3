"""A stretch of the text of a Word file as blocks: signs between its words tell fields, pictures, cells and rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from rag.documents.extract import Block
from rag.documents.rtf_flow import Flow
from rag.documents.word_file import FILLER, Paragraph, patched

Anchored = dict[int, list[Block]]  # text boxes, by position

_OPENS, _PARTS = "\x13", "\x14"  # a field; its instruction from its result
_PICTURE, _CELL, _DRAWING = "\x01", "\x07", "\x08"
_FIELD = re.compile("[\x13-\x15]")
_SIGN = re.compile("[\x01\x07\x08\x0c\r]")
_SHOWN = str.maketrans(
    {"\x0b": "\n", "\x0e": "\n", "\x1e": "\u2011", **dict.fromkeys(f"\2\3\4\5\6\x13\x14\x15\x1f{FILLER}", "")}
)
_EMBEDDED = re.compile(r"\s*(?:EMBED|LINK)\b", re.IGNORECASE)
_BUTTON = re.compile(r"\s*(?:MACROBUTTON|GOTOBUTTON)\s+\S+ ?", re.IGNORECASE)  # shows what follows its name
_CHOICE = re.compile(r"\s*FORM(?:DROPDOWN|CHECKBOX)\b", re.IGNORECASE)  # what is chosen stands elsewhere
_FORMULA = re.compile(r"\s*EQ\b", re.IGNORECASE)


class Story:
    """Reads stretches of a text in which `ranges` are the stories; a field never goes beyond one.

    `paragraph` tells what is set for the paragraph or cell that ends at a position.
    """

    def __init__(
        self, text: str, ranges: Iterable[tuple[int, int]], paragraph: Callable[[int], Paragraph | None]
    ) -> None:
        self._choices = self._formulas = self._pictures = 0
        self._paragraph = paragraph
        self._text = patched(text, [change for start, stop in ranges for change in self._fields(text, start, stop)])

    def blocks(self, start: int, stop: int, anchored: Anchored | None = None) -> list[Block]:
        """The paragraphs and rows of a stretch; the text boxes anchored in it are taken from `anchored`."""
        flow, position = Flow(""), start
        boxes = {} if anchored is None else anchored
        for match in _SIGN.finditer(self._text, start, stop):
            flow.text.append(self._text[position : match.start()].translate(_SHOWN))
            position = match.end()
            if match.group() == _DRAWING:
                text = boxes.pop(match.start(), None)
                self._pictures += text is None
                flow.anchored += text or []
            elif match.group() == _PICTURE:
                self._pictures += 1
            else:
                self._end(flow, match.group(), match.start())
        flow.text.append(self._text[position:stop].translate(_SHOWN))
        return [*flow.ended(), *boxes.pop(stop, [])]

    def gaps(self) -> Iterator[str]:
        for what, count in (
            ("pictures and drawings", self._pictures),
            ("choices in forms", self._choices),
            ("formulas in fields", self._formulas),
        ):
            if count:
                yield f"{what} not read: {count}"

    def _end(self, flow: Flow, sign: str, position: int) -> None:
        found = self._paragraph(position)
        if sign == _CELL:
            # Where the file does not say it, a row ends with an empty cell.
            row_end = found.row_end if found else self._text[position - 1 : position] == _CELL
            flow.end("row" if row_end else "cell")
        elif found and found.inner:
            flow.end("nestcell")
        else:
            told = found or Paragraph()
            flow.end_paragraph(heading=told.heading, in_table=told.in_table)

    def _fields(self, text: str, start: int, stop: int) -> Iterator[tuple[int, int, str]]:
        """From, to, and what stands there instead of the instructions of fields; one that is not ended has none."""
        opened: list[tuple[int, int]] = []  # where each begins, and where its result does, or -1
        hidden: list[tuple[int, int]] = []
        for match in _FIELD.finditer(text, start, stop):
            if match.group() == _OPENS:
                opened.append((match.start(), -1))
            elif match.group() == _PARTS:
                if opened and opened[-1][1] < 0:
                    opened[-1] = (opened[-1][0], match.start())
            elif opened:
                begin, result = opened.pop()
                hidden += self._unshown(text, begin, result, match.end())
        for first, last in _outermost(hidden):
            yield first, last, FILLER * (last - first)

    def _unshown(self, text: str, begin: int, result: int, end: int) -> Iterator[tuple[int, int]]:
        """What of a field is not shown."""
        instruction = text[begin + 1 : result if result >= 0 else end - 1]
        if result >= 0:
            yield begin, result
            if _EMBEDDED.match(instruction):  # its picture stands for what is embedded
                yield from ((result + at, result + at + 1) for at in _places(text[result:end], _PICTURE))
        elif button := _BUTTON.match(instruction):
            yield begin, begin + 1 + button.end()
        else:
            self._choices += _CHOICE.match(instruction) is not None
            self._formulas += _FORMULA.match(instruction) is not None
            yield begin, end


def _places(text: str, sign: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(sign), text)]


def _outermost(stretches: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Those that are within no other one; fields stand within each other or apart."""
    end = -1
    for first, last in sorted(stretches, key=lambda one: (one[0], -one[1])):
        if first >= end:
            yield first, last
            end = last
