"""Hostile archives and PDFs: bombs, cycles, entities, references, twins, absent parts."""

from __future__ import annotations

import zlib

from small_files import ZIPPED, Make, archive, docx, epub, pages, pdf, rel, stream, xlsx

SECRET = "/tmp/footnote-hostile-secret.txt"
HOST = "http://127.0.0.1:59871"  # nobody may ask there
CASES: dict[str, Make] = {}

LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'lol'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)
HEADS = {
    "laughs": (LAUGHS, "&a11;"),
    "xxe": (f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{SECRET}">]>', "&a;"),
    "parameter": (f'<!DOCTYPE x [<!ENTITY % a SYSTEM "{HOST}/a.dtd"> %a;]>', "text"),
    "dtd": (f'<!DOCTYPE x SYSTEM "{HOST}/a.dtd">', "&nbsp;text"),
    "include": ("", f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{SECRET}" parse="text"/>'),
}  # fmt: skip


def _archives() -> None:
    for suffix, (make, main, around, element) in ZIPPED.items():
        for name, (head, text) in HEADS.items():
            body = around.format(text)
            CASES[f"{name}.{suffix}"] = lambda m=make, h=head, b=body: archive(m(b, h).items())
        CASES[f"inflated.{suffix}"] = lambda m=make, a=around: archive(m(a.format(" " * 150_000_000)).items())
        deep = f"<{element}>" * 100_000 + f"</{element}>" * 100_000
        CASES[f"deep.{suffix}"] = lambda m=make, d=deep: archive(m(d).items())
        many = around.format("Envoys met. ") * 200_000
        CASES[f"many.{suffix}"] = lambda m=make, t=many: archive(m(t).items())
        CASES[f"entries.{suffix}"] = lambda m=make: archive([*m().items(), *((f"x/{n}", b"") for n in range(10_500))])
        CASES[f"twins.{suffix}"] = lambda m=make, p=main: archive([*m().items(), (p, "<other/>")])
        CASES[f"climbing.{suffix}"] = lambda m=make: archive(
            [*m().items(), ("../../../tmp/climbed", b"x"), ("/abs", b"x")]
        )
        CASES[f"no-main.{suffix}"] = lambda m=make, p=main: archive((n, c) for n, c in m().items() if n != p)
        CASES[f"claims-4-GB.{suffix}"] = lambda m=make: _claiming(archive(m().items()))
        CASES[f"utf16.{suffix}"] = lambda m=make, p=main: archive(
            (n, str(c).encode("utf-16") if n == p else c) for n, c in m().items()
        )
    CASES["zip-in-zip.docx"] = lambda: archive([("word/document.xml", archive([("a", b" " * 5_000_000)]))])
    CASES["external.docx"] = lambda: archive(
        docx(
            rels=rel(1, "attachedTemplate", f"{HOST}/t.dotx", "External") + rel(2, "image", f"{HOST}/i.png", "External")
        ).items()
    )
    CASES["self-made-of-self.docx"] = lambda: archive(
        docx(rels=rel(1, "footnotes", "document.xml") + rel(2, "header", "document.xml")).items()
    )
    CASES["absent-parts.docx"] = lambda: archive(
        docx(rels=rel(1, "footnotes", "none.xml") + rel(2, "header", "../../../etc/passwd")).items()
    )
    CASES["nested-tables.docx"] = lambda: archive(
        docx("<w:tbl><w:tr><w:tc>" * 80 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 80).items()
    )


def _claiming(data: bytes) -> bytes:
    changed = bytearray(data)
    at = changed.index(b"PK\x01\x02") + 24
    changed[at : at + 4] = b"\xfe\xff\xff\xff"
    return bytes(changed)


def cell(place: str, value: str, kind: str = "n") -> str:
    return f'<row r="{place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{place}" t="{kind}"><v>{value}</v></c></row>'


def _sheets() -> None:
    sheets = {
        "sparse": cell("A1", "1") + cell("XFD1048576", "2"),
        "diagonal": "".join(
            f'<row r="{n * 1000}"><c r="{chr(65 + n % 26)}{n * 1000}"><v>{n}</v></c></row>' for n in range(1, 1000)
        ),
        "no-such-string": cell("A1", "999999999", "s"),
        "odd-places": cell("A0", "1") + cell("ZZZZZZ99999999999", "2") + cell("A-1", "3"),
        "odd-numbers": cell("A1", "1e999") + cell("A2", "NaN") + cell("A3", "9" * 4000) + cell("A4", "2958466"),
        "odd-days": cell("A1", "+99999-01-01T00:00:00", "d") + cell("A2", "99999-99-99", "d"),
        "formula": f'<row r="1"><c r="A1" t="str"><f>HYPERLINK("{HOST}")</f><v>=cmd|\' /C calc\'!A0</v></c></row>',
        "wide": '<row r="1">' + "<c><v>1</v></c>" * 200_000 + "</row>",
    }
    for name, rows in sheets.items():
        CASES[f"{name}.xlsx"] = lambda r=rows: archive(xlsx(r).items())
    merged = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    CASES["merged.xlsx"] = lambda: archive(xlsx(extra=merged).items())
    CASES["loops.epub"] = lambda: archive(epub(spine='<itemref idref="a"/>' * 20_000).items())
    CASES["remote.epub"] = lambda: archive(epub(f'<img src="{HOST}/i.png"/><p>Envoys met.</p>').items())


def _pdfs() -> None:
    font = {3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"}
    catalog = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}
    CASES["cycle.pdf"] = lambda: pdf({**catalog, 2: b"<< /Type /Pages /Count 2 /Kids [2 0 R 2 0 R] /Parent 2 0 R >>"})
    CASES["cycle-of-two.pdf"] = lambda: pdf({
        **catalog, 2: b"<< /Type /Pages /Count 9 /Kids [3 0 R] >>", 3: b"<< /Type /Pages /Count 9 /Kids [2 0 R] >>"
    })  # fmt: skip
    CASES["shared-content.pdf"] = lambda: pdf(pages(20_000, b"BT /F1 12 Tf " + b"(Envoys met.) Tj " * 200 + b"ET"))
    CASES["no-pages.pdf"] = lambda: pdf({**catalog, 2: b"<< /Type /Pages /Count 0 /Kids [] >>"})
    CASES["claims-pages.pdf"] = lambda: pdf({**catalog, 2: b"<< /Type /Pages /Count 2147483647 /Kids [] >>"})
    CASES["inflated.pdf"] = lambda: pdf(
        {**pages(), 4: stream(zlib.compress(b" " * 150_000_000, 9), b"/Filter /FlateDecode ")}
    )
    twice = zlib.compress(zlib.compress(b"q " * 80_000_000, 9), 9)
    CASES["inflated-twice.pdf"] = lambda: pdf({**pages(), 4: stream(twice, b"/Filter [/FlateDecode /FlateDecode] ")})
    CASES["form-in-itself.pdf"] = lambda: pdf({
        **pages(content=b"/X Do"),
        5: b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /XObject << /X 6 0 R >> >> >>",
        6: stream(b"/X Do /X Do", b"/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >> "),
    })  # fmt: skip
    CASES["many-operators.pdf"] = lambda: pdf(pages(content=b"q Q " * 500_000 + b"BT /F1 9 Tf (Envoys met.) Tj ET"))
    CASES["many-letters.pdf"] = lambda: pdf(pages(content=b"BT /F1 9 Tf " + b"(x) Tj " * 300_000 + b"ET"))
    CASES["deep-array.pdf"] = lambda: pdf({**pages(), 6: b"[" * 100_000 + b"]" * 100_000}, trailer=b"/Info 6 0 R ")
    CASES["huge-page.pdf"] = lambda: pdf({**pages(), 5: pages()[5].replace(b"612 792", b"1e38 1e38")})
    CASES["upside-down-page.pdf"] = lambda: pdf({**pages(), 5: pages()[5].replace(b"0 0 612 792", b"612 792 0 0")})
    CASES["actions.pdf"] = lambda: pdf(pages(extra=f"/OpenAction << /S /URI /URI ({HOST}/a) >> ".encode()))
    CASES["script.pdf"] = lambda: pdf(pages(extra=b"/OpenAction << /S /JavaScript /JS (while(1){}) >> "))
    CASES["far-date.pdf"] = lambda: pdf(
        {**pages(), 6: b"<< /CreationDate (D:99999999999999) /Title (\xfe\xff\xd8\x00) >>"}, trailer=b"/Info 6 0 R "
    )
    CASES["no-table.pdf"] = lambda: pdf(pages()).replace(b"startxref", b"startxxxx")
    CASES["table-in-itself.pdf"] = lambda: pdf(pages(), trailer=b"/Prev 400 ")
    CASES["wrong-lengths.pdf"] = lambda: pdf(pages()).replace(b"/Length 5", b"/Length 999999995")
    CASES["locked.pdf"] = lambda: pdf(
        {**pages(), 6: b"<< /Filter /Standard /V 1 /R 2 /O (x) /U (x) /P -4 >>"}, trailer=b"/Encrypt 6 0 R "
    )
    CASES["unknown-filter.pdf"] = lambda: pdf({**pages(), 4: stream(b"x", b"/Filter /Crypt2 ")})
    CASES["no-font.pdf"] = lambda: pdf({n: o for n, o in pages().items() if n != 3} | {9: font[3]})


_archives()
_sheets()
_pdfs()
