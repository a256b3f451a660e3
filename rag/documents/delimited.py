"""Delimited text (.csv, .tsv): each record a row, the names of columns a heading."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import islice

from rag.documents.cells import blocks
from rag.documents.encoding import decode
from rag.documents.extract import Extract, newlines
from rag.documents.sections import joined

_DELIMITERS = "\t;|,"  # where several would do, the one that numbers and texts hold least often
_LOOKED_AT = 100  # records
_BEGINNING = 100_000  # characters that hold them
_STATED = re.compile(r"sep=(.)\n", re.IGNORECASE)  # by which programs tell each other the delimiter


def read(data: bytes) -> Extract:
    text, gaps = decode(data)
    text = newlines(text)
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    stated = _STATED.match(text)
    if stated:
        text = text[stated.end() :]
    records = _records(text, stated[1] if stated else _delimiter(text))
    rows = ((number, {n: cell for n, cell in enumerate(cells) if cell}) for number, cells in enumerate(records))
    joint = joined(("", table) for table in blocks(rows))
    return Extract(text=joint.text, title=None, headings=joint.headings, gaps=gaps)


def _delimiter(text: str) -> str:
    """The delimiter that cuts most of the first records into equally many fields; "" for a single column."""
    best, score = "", 0.0
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(text[:_BEGINNING], newline=""), delimiter=delimiter)
        fields = [len(cells) for cells in islice(reader, _LOOKED_AT) if any(cells)]
        width, count = max(Counter(fields).items(), key=lambda item: item[1], default=(1, 0))
        even = count / max(1, len(fields))
        if width > 1 and even > score:
            best, score = delimiter, even
    return best


def _records(text: str, delimiter: str) -> Iterable[list[str]]:
    """By the rules of quoting; line by line where a quotation mark breaks these, for it would swallow what follows."""
    if not delimiter:
        return ([line] for line in text.split("\n"))
    if '"' in text:
        try:
            deque(_quoted(text, delimiter), maxlen=0)
        except csv.Error:
            return (line.split(delimiter) for line in text.split("\n"))
    return _quoted(text, delimiter)


def _quoted(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
