"""Scanned pages read by Tesseract, where that program is installed: through pipes, as a reader writes no file."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from statistics import median
from typing import Any, NamedTuple

from rag.documents.extract import one_line
from rag.documents.pdf_page import Page, Word
from rag.documents.pdf_view import Rect

_RESOLUTION = 300  # dots per inch
_LARGEST = 36_000_000  # pixels of a page: an A3 sheet at 300 dpi has 17 million
_CONFIDENT = 30.0  # per cent; what Tesseract is less sure of is mostly specks and lines
LATE = "not read in the time allowed (documents.seconds in rag.toml)"
PAGES = min(os.cpu_count() or 1, 4)  # read at the same time
_SHORTEST = 1.0  # seconds in which a page may be read
_MOST_LANGUAGES = 4
_RULES = "|¦_—–-=~.,'`"  # what it takes ruling lines and specks for
_LEVEL = 0.3  # of a line's height
_LARGE = 1.5  # times the usual height: a heading


def program() -> str | None:
    """Where Tesseract is, or None."""
    return shutil.which("tesseract")


class Scan(NamedTuple):
    """A page's image, in greys, row by row, with the scale that makes points of its pixels."""

    image: bytes
    scale: float
    width: float
    height: float

    @classmethod
    def of(cls, page: Any) -> Scan:
        width, height = page.get_size()
        scale = min(_RESOLUTION / 72, (_LARGEST / max(width * height, 1.0)) ** 0.5)
        bitmap = page.render(scale=scale, grayscale=True)
        try:
            return cls(b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + _rows(bitmap), scale, width, height)
        finally:
            bitmap.close()


def recognised(scans: Sequence[Scan], deadline: float) -> list[Page | str]:
    """The words of each image, or why there are none; as many at a time as the machine has cores, or PAGES."""

    def read(scan: Scan) -> Page | str:
        left = deadline - time.monotonic()
        try:
            if left < _SHORTEST:
                return LATE
            options = ["--dpi", str(round(72 * scan.scale)), "-l", _languages()]
            table = _run(["stdin", "stdout", *options, "tsv"], scan.image, left)
        except subprocess.TimeoutExpired:
            return LATE
        except OSError as error:
            return f"not read: text recognition failed ({one_line(str(error))[:120]})"
        return Page(width=scan.width, height=scan.height, words=_words(table, scan.scale), rulings=[])

    with ThreadPoolExecutor(PAGES) as pool:
        return list(pool.map(read, scans))


def _run(arguments: list[str], given: bytes, seconds: float) -> str:
    done = subprocess.run(
        [program() or "tesseract", *arguments], input=given, capture_output=True, timeout=seconds, check=False,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    )  # fmt: skip
    if done.returncode:
        raise OSError(done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def _rows(bitmap: Any) -> bytes:
    data = bytes(bitmap.buffer)
    if bitmap.stride == bitmap.width:
        return data
    return b"".join(data[row * bitmap.stride : row * bitmap.stride + bitmap.width] for row in range(bitmap.height))


@cache
def _languages() -> str:
    """The languages that are installed, English first, and few: each makes it slower."""
    found = [name for name in _run(["--list-langs"], b"", 10.0).splitlines()[1:] if name not in ("osd", "equ")]
    return "+".join(sorted(found, key=lambda name: (name != "eng", name))[:_MOST_LANGUAGES]) or "eng"


def _words(table: str, scale: float) -> list[Word]:
    """The words that Tesseract is sure of, with one size for the page's usual lines and one baseline for each line."""
    lines: dict[tuple[str, ...], list[tuple[str, Rect]]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row["text"] or "").strip()
        if row["level"] != "5" or not text.strip(_RULES) or float(row["conf"]) < _CONFIDENT:
            continue
        left, top, width, height = (int(row[side]) / scale for side in ("left", "top", "width", "height"))
        lines[row["block_num"], row["par_num"], row["line_num"]].append((text, (left, top, left + width, top + height)))
    if not lines:
        return []
    heights = {key: max(place[3] - place[1] for _, place in line) for key, line in lines.items()}
    usual = median(heights.values())
    words: list[Word] = []
    base = 0.0
    for key, line in sorted(lines.items(), key=lambda item: median(place[3] for _, place in item[1])):
        lowest = median(place[3] for _, place in line)
        base = lowest if lowest - base > _LEVEL * usual else base  # cells of a row are lines of their own
        size = usual if heights[key] < _LARGE * usual else heights[key]
        words += [Word(text, place[0], place[2], base, size, 0, False, place) for text, place in line]
    return words
