"""The text of office files and of Outlook's mails, taken from the parts and records that they are made of."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from eval.reference import Reference

Dropped = Callable[[Any, str], bool]
# Percentages, dates and times among the formats that have a number and no code: ECMA-376, part 1, 18.8.30.
_REWRITTEN = {9, 10, *range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_SLIDE_NUMBER = re.compile(r"slidenum", re.IGNORECASE)


class NoReference(Exception):
    """The text of a file cannot be had; says why."""


def flow(node: Any, *, broken: Iterable[str], dropped: Dropped, held: frozenset[str] | None = None) -> str:
    """Text in the order of the elements, without those dropped; elements of the names `broken` stand apart from others.

    `held` names the elements whose own text counts; None: of all.
    """
    pieces: list[str] = []
    apart = frozenset(broken)

    def walk(one: Any) -> None:
        name = etree.QName(one).localname
        if dropped(one, name):
            return
        if name in apart:
            pieces.append("\n")
        if one.text and (held is None or name in held):
            pieces.append(one.text)
        for child in one:
            if isinstance(child.tag, str):
                walk(child)
            if child.tail and held is None:
                pieces.append(child.tail)
        if name in apart:
            pieces.append("\n")

    walk(node)
    return "".join(pieces)


def _archive(path: Path) -> zipfile.ZipFile:
    if path.read_bytes()[:4] == b"\xd0\xcf\x11\xe0":
        raise NoReference("it is encrypted")
    return zipfile.ZipFile(path)


def _numbered(file: zipfile.ZipFile, pattern: str) -> list[str]:
    """Names of parts that match, by the number in them."""
    found = [name for name in file.namelist() if re.fullmatch(pattern, name)]
    return sorted(found, key=lambda name: [int(digits) for digits in re.findall(r"\d+", name)])


def _runs(data: bytes) -> str:
    """Text runs of WordprocessingML and DrawingML, and the values of charts, without what stands there twice."""
    names = frozenset(("t", "text", "v"))

    def dropped(node: Any, name: str) -> bool:
        number = name == "fld" and _SLIDE_NUMBER.search(node.get("type", ""))
        return bool(number) or name in ("Fallback", "moveFrom", "formatCode", "sp3d")

    return flow(etree.fromstring(data), broken=("p", "br", "tab", "tc", "pt"), dropped=dropped, held=names)


def docx(path: Path) -> str:
    from eval.reference import page

    parts = ("document", "footnotes", "endnotes", "comments", r"header\d+", r"footer\d+", r"charts/chart\d+",
             r"diagrams/data\d+")  # fmt: skip
    with _archive(path) as file:
        texts = [_runs(file.read(name)) for part in parts for name in _numbered(file, rf"word/{part}\.xml")]
        pages = [file.read(name).decode("utf-8") for name in _numbered(file, r"word/[^/]+\.html?")]
    return "\n".join([*texts, *(page(one).text for one in pages)])


def pptx(path: Path) -> Reference:
    from eval.reference import Reference

    parts = (r"slides/slide\d+", r"notesSlides/notesSlide\d+", r"charts/chart\d+", r"diagrams/data\d+",
             r"comments/[^/]+")  # fmt: skip
    with _archive(path) as file:
        texts = [_runs(file.read(name)) for part in parts for name in _numbered(file, rf"ppt/{part}\.xml")]
        return Reference("\n".join(texts), pages=len(_numbered(file, r"ppt/slides/slide\d+\.xml")))


def xlsx(path: Path) -> str:
    with _archive(path) as file:
        names = set(file.namelist())
        strings = _shared(file.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else []
        rewritten = _rewritten(file.read("xl/styles.xml")) if "xl/styles.xml" in names else set()
        sheets = _numbered(file, r"xl/worksheets/sheet\d+\.xml")
        texts = ["\n".join(_cells(file.read(name), strings, rewritten)) for name in sheets]
        for part in (r"comments\d+", r"drawings/drawing\d+", r"charts/chart\d+", r"diagrams/data\d+"):
            for name in _numbered(file, rf"xl/{part}\.xml"):
                texts.append(flow(etree.fromstring(file.read(name)), broken=("p", "comment"), dropped=_no_value,
                                  held=frozenset("t")))  # fmt: skip
    return "\n".join(texts)


def _no_value(node: Any, name: str) -> bool:
    """The values of a chart in a workbook stand in its cells."""
    return name in ("Fallback", "strCache", "numCache", "fld", "rPh")


def _shared(data: bytes) -> list[str]:
    items = etree.fromstring(data).xpath("/*/*[local-name()='si']")
    return [flow(item, broken=(), dropped=_no_value, held=frozenset("t")) for item in items]


def _cells(data: bytes, strings: list[str], rewritten: set[int]) -> Iterator[str]:
    """A line for each row, without dates and percentages: 41640 and 0.5 stand there, 1/1/2014 and 50% are seen."""
    for row in etree.fromstring(data).iter("{*}row"):
        line = []
        for cell in row.iter("{*}c"):
            value, kind = cell.findtext("{*}v"), cell.get("t", "n")
            if kind == "s" and value is not None:
                line.append(strings[int(value)])
            elif kind == "inlineStr":
                line.append(flow(cell, broken=(), dropped=_no_value, held=frozenset("t")))
            elif kind == "b" and value is not None:
                line.append("true" if value == "1" else "false")
            elif kind == "n" and value is not None and int(cell.get("s", 0)) not in rewritten:
                line.append(number(float(value)))
            elif kind == "str" and value is not None:
                line.append(value)
        yield "\t".join(line)


def _rewritten(data: bytes) -> set[int]:
    """Numbers of the cell formats that show a number as a date, a time or a percentage."""
    root = etree.fromstring(data)
    own = {int(one.get("numFmtId")): one.get("formatCode") for one in root.iter("{*}numFmt")}
    formats = root.xpath("/*/*[local-name()='cellXfs']/*")
    found = set()
    for style, one in enumerate(formats):
        code = int(one.get("numFmtId", 0))
        bare = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", own.get(code, ""))
        if code in _REWRITTEN or re.search(r"[%dhmsy]", bare, re.IGNORECASE):
            found.add(style)
    return found


def number(value: float) -> str:
    """As a person would type it: 3, not 3.0, and 7.1, not 7.0999999999999996."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def xls(path: Path) -> str:
    try:
        import xlrd
    except ImportError as error:
        raise NoReference("xlrd is not installed") from error
    try:
        book = xlrd.open_workbook(path)
    except xlrd.XLRDError as error:
        raise NoReference(f"xlrd: {error}") from error
    rows = (row for sheet in book.sheets() for row in sheet.get_rows())
    return "\n".join("\t".join(_xls_cell(cell) for cell in row) for row in rows)


def _xls_cell(cell: Any) -> str:
    if cell.ctype == 1:
        return str(cell.value)
    if cell.ctype == 2:
        return number(cell.value)
    return ("true" if cell.value else "false") if cell.ctype == 4 else ""


def odt(path: Path) -> str:
    """Notes and comments stand where they are attached; what was deleted is left out, and the titles of pictures."""
    apart = ("annotation", "h", "line-break", "note", "note-citation", "p", "s", "tab")
    gone = ("creator", "date", "desc", "initials", "title", "tracked-changes")

    def text(node: Any) -> str:
        return flow(node, broken=apart, dropped=lambda one, name: name in gone)

    with _archive(path) as file:
        body = etree.fromstring(file.read("content.xml")).find("{*}body")
        styles = etree.fromstring(file.read("styles.xml")) if "styles.xml" in file.namelist() else None
        margins = [] if styles is None else styles.xpath("//*[local-name()='header' or local-name()='footer']")
        return "\n".join(text(node) for node in [body, *margins])


def ppt_file(path: Path) -> str:
    with _storage(path) as file:
        return ppt(file.openstream("PowerPoint Document").read())


def ppt(data: bytes) -> str:
    """Text atoms of slides and of the lists of their texts and notes, not those of masters (MS-PPT, 2.3 and 2.4)."""
    lines: list[str] = []

    def walk(start: int, end: int, counts: bool) -> None:
        while start + 8 <= end:
            version, kind, length = struct.unpack_from("<HHI", data, start)
            inner, start = start + 8, start + 8 + length
            if version & 0xF == 0xF:
                listed = kind == 0x0FF0 and version >> 4 != 1  # a list of texts, not that of masters
                walk(inner, min(start, end), counts or listed or kind == 0x03EE)
            elif counts and kind in (0x0FA0, 0x0FA8):
                piece = data[inner:start]
                lines.append(piece.decode("utf-16-le" if kind == 0x0FA0 else "latin-1", "replace"))

    walk(0, len(data), False)
    return re.sub("[\r\v]", "\n", "\n".join(lines))


def msg_file(path: Path) -> str:
    with _storage(path) as file:
        streams = {"/".join(names): file.openstream(names).read() for names in file.listdir()}
    return msg(streams)


def _storage(path: Path) -> Any:
    try:
        from olefile import OleFileIO
    except ImportError as error:
        raise NoReference("olefile is not installed") from error
    return OleFileIO(path)


def msg(streams: dict[str, bytes], under: str = "") -> str:
    """Sender, recipients, subject, body, attached mails and texts (MS-OXPROPS names the numbers of properties)."""

    def value(number: str, where: str = under) -> str:
        wide, narrow = (streams.get(f"{where}__substg1.0_{number}{kind}") for kind in ("001F", "001E"))
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return (narrow or b"").decode("cp1252", "replace").rstrip("\0")

    address = value("0C1F")
    heads = [value("0C1A"), address if "@" in address else "", *(value(tag) for tag in ("0E04", "0E03", "0037"))]
    lines = [*heads, value("1000")]
    attached = sorted({name[len(under) :].split("/")[0] for name in streams if name.startswith(f"{under}__attach_")})
    for one in attached:
        inner = f"{under}{one}/"
        name = value("3707", inner) or value("3704", inner)
        if any(stream.startswith(f"{inner}__substg1.0_3701000D/") for stream in streams):
            lines.append(msg(streams, f"{inner}__substg1.0_3701000D/"))
        elif name.lower().endswith((".csv", ".htm", ".html", ".md", ".txt")):
            lines.append(streams.get(f"{inner}__substg1.0_37010102", b"").decode("utf-8", "replace"))
    return "\n".join(lines)


def rtf_file(path: Path) -> str:
    return rtf(path.read_bytes())


_TOKEN = re.compile(rb"\\([a-z]+)(-?\d+)? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE)
_UNSHOWN = frozenset(
    "colortbl datastore filetbl fldinst fonttbl generator info latentstyles listoverridetable listtable objdata pict "
    "revtbl rsidtbl stylesheet themedata xmlnstbl".split()
)
_BREAKS = {"cell": "\t", "line": "\n", "page": "\n", "par": "\n", "row": "\n", "sect": "\n", "tab": "\t"}
_MARKS = {"bullet": "•", "emdash": "—", "endash": "–", "ldblquote": "“", "lquote": "‘", "rdblquote": "”", "rquote": "’"}
_CHARSETS = {128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254", 177: "cp1255",
             178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250"}  # fmt: skip


def rtf(data: bytes) -> str:
    """What is shown, headers and footers included, each stretch of bytes in the encoding of its font."""
    fonts = {
        int(font): _CHARSETS[int(charset)]
        for font, charset in re.findall(rb"\\f(\d+)(?:\\(?!fcharset)[a-z]+\d*)*\\fcharset(\d+)", data)
        if int(charset) in _CHARSETS
    }
    page = re.search(rb"\\ansicpg(\d+)", data)
    default = f"cp{page.group(1).decode()}" if page else "cp1252"
    pieces: list[str] = []
    raw = bytearray()
    groups = [(False, default, 1)]  # whether it is left out, its encoding, how many characters stand in for \u
    skip = 0
    for token in _TOKEN.finditer(data):
        word, value, code, sign, brace, plain = token.groups()
        hidden, encoding, fallback = groups[-1]
        name = word.decode() if word else ""
        if code or plain:
            given = bytes([int(code, 16)]) if code else plain
            stood = min(skip, len(given))
            skip -= stood
            raw += b"" if hidden else given[stood:]
            continue
        if raw:
            pieces.append(raw.decode(encoding, "replace"))
            raw.clear()
        if brace == b"{":
            groups.append(groups[-1])
        elif brace and len(groups) > 1:
            groups.pop()
        elif name in _UNSHOWN or sign == b"*":
            groups[-1] = (True, encoding, fallback)
        elif name == "f" and value:
            groups[-1] = (hidden, fonts.get(int(value), default), fallback)
        elif name == "uc" and value:
            groups[-1] = (hidden, encoding, int(value))
        elif name == "u" and value and not hidden:
            pieces.append(chr(int(value) % 65536))
            skip = fallback
        elif not hidden:
            pieces.append(_BREAKS.get(name, "") or _MARKS.get(name, "") or {b"~": " ", b"_": "-"}.get(sign, ""))
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
