"""What is drawn on a page of a PDF beside its text: the lines that rule tables, and images."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

from rag.documents.pdf_view import Rect, View

_MOST_OBJECTS = 20_000  # of a page that are looked at for ruling lines: maps have more
_THIN = 3.0  # points: a filled shape that is no thicker is a ruling line
_SHORTEST = 5.0  # points of a ruling line


def drawn(raw: Any, view: View) -> tuple[list[Rect], float, bool]:
    """The ruling lines of a page, the share of it that images cover, and whether anything is drawn on it."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFPage_CountObjects(raw)
    sides = tuple(ctypes.c_float() for _ in range(4))
    references = tuple(map(ctypes.byref, sides))
    rulings: list[Rect] = []
    covered = 0.0
    for index in range(min(count, _MOST_OBJECTS)):
        item = pdfium.FPDFPage_GetObject(raw, index)
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind not in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE):
            continue
        if not pdfium.FPDFPageObj_GetBounds(item, *references):
            continue
        left, top, right, bottom = view.rect(*(side.value for side in sides))
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, top, right, bottom = view.clipped((left, top, right, bottom))
            covered += (right - left) * (bottom - top)
        elif min(right - left, bottom - top) <= _THIN:
            if max(right - left, bottom - top) >= _SHORTEST:
                rulings.append((left, top, right, bottom))
        else:
            rulings.extend(_edges(item, view))
    return rulings, covered / max(view.width * view.height, 1.0), count > 0


def _edges(path: Any, view: View) -> Iterator[Rect]:
    """The horizontal and vertical lines that a path strokes."""
    import pypdfium2.raw as pdfium

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    count = pdfium.FPDFPath_CountSegments(path)
    if not stroke.value or not 1 < count <= 400:
        return
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(path, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    a, b, c, d, e, f = view.map()
    begin = before = (0.0, 0.0)
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        own_x = matrix.a * x.value + matrix.c * y.value + matrix.e
        own_y = matrix.b * x.value + matrix.d * y.value + matrix.f
        point = a * own_x + b * own_y + c, d * own_x + e * own_y + f
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            begin = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield from _ruling(before, point)
            if pdfium.FPDFPathSegment_GetClose(segment):
                yield from _ruling(point, begin)
        before = point


def _ruling(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Rect]:
    left, right = sorted((one[0], other[0]))
    top, bottom = sorted((one[1], other[1]))
    if min(right - left, bottom - top) < 1.0 and max(right - left, bottom - top) >= _SHORTEST:
        yield left, top, right, bottom
