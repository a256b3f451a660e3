"""Jupyter notebooks (.ipynb): what is written in each cell, and what it put out as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag.documents.encoding import decode
from rag.documents.extract import Block, Extract, Offsets, Rejected, clean_author, clean_title, newlines
from rag.documents.fields import day, names, words
from rag.documents.hypertext import blocks
from rag.documents.markdown import heading_offsets
from rag.documents.sections import joined
from rag.errors import UnreadableDocument

_LONGEST_OUTPUT = 20_000  # characters of a cell
_TERMINAL = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]|\x1b\][^\x07]{0,200}\x07")  # colours and links
_PICTURE = re.compile(r"image/|application/(?:pdf|vnd\.plotly|vnd\.vega|vnd\.bokeh)")
_Cell = Mapping[str, Any]


def read(data: bytes) -> Extract:
    text, gaps = decode(data)
    try:
        book = json.loads(text)
    except ValueError as error:
        raise Rejected(UnreadableDocument, f"its JSON is damaged ({error})") from error
    cells = _cells(book)
    lost: list[str] = []
    sections = [(f"cell {number}", list(_blocks(cell, number, lost))) for number, cell in enumerate(cells, start=1)]
    whole, _, parts = joined(sections)
    headings, title = _headings(whole, parts, cells)
    meta = _mapping(book.get("metadata"))
    return Extract(
        text=whole,
        title=clean_title(words(meta.get("title"))) or title,
        author=clean_author(names(meta.get("authors", meta.get("author")))),
        date=day(meta.get("date")),
        parts=parts,
        headings=headings,
        gaps=(*gaps, *lost),
    )


def _mapping(value: Any) -> _Cell:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _cells(book: Any) -> list[_Cell]:
    """The cells, which an older form keeps in worksheets."""
    if not isinstance(book, Mapping) or not ("cells" in book or "worksheets" in book):
        raise Rejected(UnreadableDocument, "it is no notebook: it holds no cells")
    sheets = [book, *map(_mapping, _list(book.get("worksheets")))]
    return [_mapping(cell) for sheet in sheets for cell in _list(sheet.get("cells"))]


def _text(value: Any) -> str:
    """A text, which may be cut into lines."""
    lines = value if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str))


def _printed(value: Any) -> str:
    """A text as a terminal shows it: without colours, and of a line that was drawn over its last state."""
    lines = _TERMINAL.sub("", _text(value)).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _blocks(cell: _Cell, number: int, gaps: list[str]) -> Iterator[Block]:
    source = newlines(_text(cell.get("source", cell.get("input"))))
    level = cell.get("level") if cell.get("cell_type") == "heading" else None
    yield Block(f"{'#' * level} {source}" if isinstance(level, int) and 0 < level < 7 else source)
    if cell.get("attachments"):
        gaps.append(f"cell {number}: pictures not read: {len(_mapping(cell['attachments']))}")
    left = _LONGEST_OUTPUT
    for output in map(_mapping, _list(cell.get("outputs"))):
        for block in _output(output, number, gaps):
            yield block._replace(text=block.text[:left])
            if len(block.text) > left:
                gaps.append(f"cell {number}: output beyond {_LONGEST_OUTPUT:,} characters not read")
                return
            left -= len(block.text)


def _output(output: _Cell, number: int, gaps: list[str]) -> list[Block]:
    """What an output says as text; its other forms say the same, or are pictures."""
    kind = output.get("output_type")
    if kind == "stream":
        return [Block(_printed(output.get("text")))]
    if kind in ("error", "pyerr"):
        trace = _printed([f"{line}\n" for line in _list(output.get("traceback")) if isinstance(line, str)])
        return [Block(trace or f"{words(output.get('ename'))}: {words(output.get('evalue'))}")]
    forms = _mapping(output.get("data", output))
    pictures = [form for form in forms if _PICTURE.match(form) or form in ("png", "jpeg", "svg", "pdf")]
    if pictures:
        gaps.append(f"cell {number}: picture not read")
    markup = next((_text(forms[form]) for form in ("text/html", "html") if form in forms), "")
    plain = next(
        (_printed(forms[form]) for form in ("text/plain", "text/markdown", "text/latex", "text") if form in forms), ""
    )
    if pictures and plain.startswith("<"):  # "<Figure size 640x480 with 1 Axes>"
        plain = ""
    return blocks(markup)[0] if markup and (not plain or "<table" in markup) else [Block(plain)]


def _headings(text: str, parts: tuple[tuple[int, str], ...], cells: list[_Cell]) -> tuple[tuple[Offsets, ...], str]:
    """Offsets of the headings of Markdown cells, and the words of the first; "# …" in code is a remark."""
    found: list[Offsets] = []
    title = ""
    starts = [start for start, _ in parts]
    for (start, name), end in zip(parts, [*starts[1:], len(text)], strict=True):
        if cells[int(name.removeprefix("cell ")) - 1].get("cell_type") in ("markdown", "heading"):
            own, first = heading_offsets(text[start:end])
            found += [(start + left, start + right) for left, right in own]
            title = title or first
    return tuple(found), title
