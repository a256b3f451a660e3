"""A text of a Rich Text file under way: the body, a note or a header, whose paragraphs and rows end as words say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rag.documents.cells import line
from rag.documents.extract import Block, one_line


def whole(pieces: Iterable[str]) -> str:
    """Join texts between which the two halves of a character beyond the basic plane may be parted."""
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(slots=True)
class Flow:
    """`part` is where it goes; `anchored` are the text boxes of the paragraph under way."""

    part: str
    text: list[str] = field(default_factory=list)
    anchored: list[Block] = field(default_factory=list)
    _blocks: list[Block] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)

    def end_paragraph(self, *, heading: bool = False, in_table: bool = False) -> None:
        if in_table:
            self.text.append("\n")
        else:
            self._end_row()
            self._blocks.append(Block(self._taken(), heading=heading))
            self._place_anchored()

    def end(self, what: str) -> None:
        """End a cell or a row; those of a table within a cell become part of the cell."""
        if what == "cell":
            self._cells.append(one_line(self._taken()))
        elif what == "row":
            if "".join(self.text).strip():
                self._cells.append(one_line(self._taken()))
            self._end_row()
        else:
            self.text.append("\n")

    def ended(self) -> list[Block]:
        self.end_paragraph()
        return self._blocks

    def _end_row(self) -> None:
        if self._cells:
            self._blocks.append(Block(line(self._cells), row=True))
            self._cells.clear()
            self._place_anchored()

    def _place_anchored(self) -> None:
        self._blocks += self.anchored
        self.anchored.clear()

    def _taken(self) -> str:
        text = whole(self.text)
        self.text.clear()
        return text
