"""Small PDFs written by hand, for the tests of their reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HELVETICA = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
A4 = "/MediaBox [0 0 595 842]"


@dataclass(frozen=True)
class Sheet:
    """A page: what is drawn on it, further entries of its dictionary, and its resources beside the font F1."""

    drawn: str
    entries: str = A4
    resources: str = ""


def at(x: float, y: float, text: str, *, size: float = 10) -> str:
    """Text whose baseline begins at x, y from the lower left corner."""
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({escaped}) Tj ET"


def below(x: float, y: float, lines: Sequence[str], *, size: float = 10, leading: float = 12) -> list[str]:
    return [at(x, y - leading * number, line, size=size) for number, line in enumerate(lines)]


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f"{x1} {y1} m {x2} {y2} l S"


def stream(data: bytes, entries: str = "") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries.encode(), data)


def pdf(
    sheets: Sequence[Sheet],
    *,
    objects: Sequence[bytes | str] = (),
    catalog: str = "",
    info: str = "",
    font: str = HELVETICA,
) -> bytes:
    """A PDF of these pages. `objects` are numbered from 5; `catalog` holds further entries of the document's."""
    first = 5 + len(objects)
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(sheets)))
    bodies: list[bytes | str] = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(sheets)} >>",
        font,
        f"<< {info} >>",
        *objects,
    ]
    for number, sheet in enumerate(sheets):
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R {sheet.entries} /Contents {first + 2 * number + 1} 0 R"
            f" /Resources << /Font << /F1 3 0 R >> {sheet.resources} >> >>"
        )
        bodies.append(stream(sheet.drawn.encode("latin-1")))
    return assembled(bodies)


def assembled(bodies: Sequence[bytes | str]) -> bytes:
    """A file of objects numbered from 1: the first is the catalog, the fourth the metadata."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body.encode("latin-1") if isinstance(body, str) else body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, xref)
    return bytes(out)
