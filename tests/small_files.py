"""Small valid files of every format, written by hand so that their parts can be made hostile."""

from __future__ import annotations

import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable, Iterable

from word import Word

Make = Callable[[], bytes]
Parts = dict[str, "bytes | str"]  # of an archive


def archive(entries: Iterable[tuple[str, bytes | str]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of two entries of one name
        for name, content in entries:
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
    return stream.getvalue()


TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
RELS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
VND = "application/vnd.openxmlformats-officedocument."


def rel(number: int, kind: str, target: str, mode: str = "") -> str:
    external = f' TargetMode="{mode}"' if mode else ""
    return f'<Relationship Id="r{number}" Type="{KIND}{kind}" Target="{target}"{external}/>'


def office(parts: dict[str, str], types: dict[str, str], main: str, rels: dict[str, str]) -> Parts:
    overrides = "".join(f'<Override PartName="/{part}" ContentType="{VND}{kind}"/>' for part, kind in types.items())
    default = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    default += '<Default Extension="xml" ContentType="application/xml"/>'
    return {
        "[Content_Types].xml": TYPES.format(default + overrides),
        "_rels/.rels": RELS.format(rel(1, "officeDocument", main)),
        **{name: RELS.format(content) for name, content in rels.items()},
        **parts,
    }


def docx(body: str = "<w:p><w:r><w:t>Envoys met.</w:t></w:r></w:p>", head: str = "", rels: str = "") -> Parts:
    document = f'{head}<w:document xmlns:w="{W}" xmlns:r="{KIND[:-1]}"><w:body>{body}</w:body></w:document>'
    types = {"word/document.xml": "wordprocessingml.document.main+xml"}
    return office({"word/document.xml": document}, types, "word/document.xml", {"word/_rels/document.xml.rels": rels})


def xlsx(
    rows: str = '<row r="1"><c r="A1" t="inlineStr"><is><t>Envoys met.</t></is></c></row>',
    head: str = "",
    extra: str = "",
) -> Parts:
    sheet = f'{head}<worksheet xmlns="{S}"><sheetData>{rows}</sheetData>{extra}</worksheet>'
    tabs = '<sheets><sheet name="Costs" sheetId="1" r:id="r1"/></sheets>'
    book = f'<workbook xmlns="{S}" xmlns:r="{KIND[:-1]}">{tabs}</workbook>'
    types = {
        "xl/workbook.xml": "spreadsheetml.sheet.main+xml",
        "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet+xml",
    }
    rels = {"xl/_rels/workbook.xml.rels": rel(1, "worksheet", "worksheets/sheet1.xml")}
    return office({"xl/workbook.xml": book, "xl/worksheets/sheet1.xml": sheet}, types, "xl/workbook.xml", rels)


def pptx(text: str = "<a:p><a:r><a:t>Envoys met.</a:t></a:r></a:p>", head: str = "") -> Parts:
    own = '<p:nvSpPr><p:cNvPr id="2" name="t"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>'
    shape = f"<p:sp>{own}<p:txBody><a:bodyPr/>{text}</p:txBody></p:sp>"
    group = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    tree = f"<p:spTree>{group}{shape}</p:spTree>"
    slide = f'{head}<p:sld xmlns:p="{P}" xmlns:a="{A}"><p:cSld>{tree}</p:cSld></p:sld>'
    slides = '<p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>'
    show = f'<p:presentation xmlns:p="{P}" xmlns:r="{KIND[:-1]}">{slides}</p:presentation>'
    types = {
        "ppt/presentation.xml": "presentationml.presentation.main+xml",
        "ppt/slides/slide1.xml": "presentationml.slide+xml",
    }
    rels = {"ppt/_rels/presentation.xml.rels": rel(1, "slide", "slides/slide1.xml")}
    return office({"ppt/presentation.xml": show, "ppt/slides/slide1.xml": slide}, types, "ppt/presentation.xml", rels)


def odt(body: str = "<text:p>Envoys met.</text:p>", head: str = "") -> Parts:
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    spaces = f'xmlns:office="{space}office:1.0" xmlns:text="{space}text:1.0"'
    content = (
        f'{head}<office:document-content {spaces} office:version="1.2">'
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.text"
    entries = {"/": kind, "content.xml": "text/xml"}.items()
    listed = "".join(f'<m:file-entry m:full-path="{path}" m:media-type="{media}"/>' for path, media in entries)
    manifest = f'<m:manifest xmlns:m="{space}manifest:1.0">{listed}</m:manifest>'
    return {"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content}


def epub(body: str = "<p>Envoys met.</p>", head: str = "", spine: str = '<itemref idref="a"/>') -> Parts:
    root = '<rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    container = f'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">{root}</container>'
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<dc:title>T</dc:title></metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
        f"</manifest><spine>{spine}</spine></package>"
    )
    page = f'{head}<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
    return {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "c.opf": opf, "a.xhtml": page}


ZIPPED: dict[str, tuple[Callable[..., Parts], str, str, str]] = {
    # maker, main part, a paragraph around text, an element that nests
    "docx": (docx, "word/document.xml", "<w:p><w:r><w:t>{}</w:t></w:r></w:p>", "w:sdtContent"),
    "xlsx": (xlsx, "xl/worksheets/sheet1.xml", '<row r="1"><c t="inlineStr"><is><t>{}</t></is></c></row>', "row"),
    "pptx": (pptx, "ppt/slides/slide1.xml", "<a:p><a:r><a:t>{}</a:t></a:r></a:p>", "a:p"),
    "odt": (odt, "content.xml", "<text:p>{}</text:p>", "text:section"),
    "epub": (epub, "a.xhtml", "<p>{}</p>", "div"),
}  # fmt: skip


def pdf(objects: dict[int, bytes], root: int = 1, trailer: bytes = b"") -> bytes:
    data = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, content in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, size = len(data), max(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        data += b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if number in places else b"f")
    data += b"trailer\n<< /Size %d /Root %d 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (size, root, trailer, start)
    return bytes(data)


def stream(content: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s>>\nstream\n%s\nendstream" % (len(content), extra, content)


def pages(
    count: int = 1, content: bytes = b"BT /F1 12 Tf 72 700 Td (Envoys met in Riyadh.) Tj ET", extra: bytes = b""
) -> dict[int, bytes]:
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R " + extra + b">>",
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        4: stream(content),
    }
    for number in range(count):
        objects[5 + number] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>"
        )
    kids = b" ".join(b"%d 0 R" % (5 + number) for number in range(count))
    return {**objects, 2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids)}


MAIL = (
    "From: Anna <a@example.org>\nTo: b@example.org\nSubject: Talks\n"
    "Date: Wed, 12 Mar 2025 10:15:00 +0000\nMIME-Version: 1.0\n"
)
RSS = "<description>Envoys met on Tuesday.</description>"
PAGE = "<article><h1>Talks</h1><p>Envoys met on Tuesday.</p></article>"
VALID: dict[str, Make] = {
    **{suffix: (lambda make=made[0]: archive(make().items())) for suffix, made in ZIPPED.items()},
    "pdf": lambda: pdf(pages(2)),
    "html": lambda: f"<html><head><title>Talks</title></head><body>{PAGE}</body></html>".encode(),
    "md": lambda: b"---\ntitle: Talks\n---\n# Talks\n\nEnvoys *met* on Tuesday.\n\n- one\n- two\n",
    "txt": lambda: "Talks open\n\nEnvoys met – on Tuesday. Žofie came too.\n".encode(),
    "csv": lambda: b"place,date\nRiyadh,2025-03-12\nGeneva,2025-03-13\n",
    "json": lambda: json.dumps([{"title": "Talks", "text": "Envoys met on Tuesday.", "date": "2025-03-12"}]).encode(),
    "jsonl": lambda: b'{"title": "Talks", "text": "Envoys met."}\n{"title": "Two", "text": "They parted."}\n',
    "ipynb": lambda: json.dumps(notebook([{"cell_type": "markdown", "metadata": {}, "source": ["# Talks"]}])).encode(),
    "xml": lambda: f"<rss><channel><item><title>Talks</title>{RSS}</item></channel></rss>".encode(),
    "rtf": lambda: rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Envoys {\b met} on Tuesday.\par No date.}",
    "doc": lambda: Word("Talks\rEnvoys met on Tuesday.\r").data(),
    "eml": lambda: (MAIL + "Content-Type: text/plain\n\nEnvoys met on Tuesday.\n").encode(),
    "mbox": lambda: (f"From a@example.org Wed Mar 12 10:15:00 2025\n{MAIL}\nEnvoys met.\n\n" * 2).encode(),
    "msg": lambda: bytes.fromhex("D0CF11E0A1B11AE1") + random.Random(5).randbytes(1528),
}  # fmt: skip


def notebook(cells: object) -> dict[str, object]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
