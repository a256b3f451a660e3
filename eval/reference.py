"""What stands in a file, found by a route of its own for each format: the measure of what readers extract.

No route uses a reader that is measured, but for `.xls`, which two of them read with xlrd too. What counts as a file's
text is said beside each route: what a person sees who opens it, without what stands on masters, layouts and pictures.
"""

from __future__ import annotations

import email
import email.policy
import json
import mailbox
import posixpath
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from lxml import etree
from lxml import html as lxml_html

from eval import reference_office as office
from eval.reference_office import NoReference, flow

__all__ = ["ROUTES", "NoReference", "Reference", "reference", "tools"]

# Of files that do not say, or say it wrongly, in which encoding they are; looked up by eye.
ENCODINGS = {
    "test_mskanji.csv": "cp932",
    "testArabicMisleadingCharset.html": "cp1256",
    "testTXT_win-1252.txt": "cp1252",
}
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_BLOCKS = frozenset(
    "address article aside blockquote br caption center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr li main nav ol option p pre section select table td th tr ul".split()
)
_UNSEEN = frozenset("head iframe noscript object script style svg template textarea title".split())
_BESIDE = frozenset("aside button footer form nav".split())
_LINK = re.compile(r'HYPERLINK\s+["“”][^"“”]*["“”]')
_HEADERS = ("From", "To", "Cc", "Bcc", "Subject")
_TIMEOUT = 60  # seconds that a program is given


class Reference(NamedTuple):
    """The text of a file; of pages of the web and of books their main text also; how many pages or slides it has."""

    text: str
    pages: int | None = None
    main: str | None = None


def reference(path: Path) -> Reference:
    """The text that a reader of this file should give; raises NoReference where it cannot be had."""
    suffix = path.suffix.lower()
    if suffix not in ROUTES:
        raise NoReference(f"no route to the text of {suffix or 'such a file'}")
    try:
        found = ROUTES[suffix][1](path)
    except NoReference:
        raise
    except (OSError, ValueError, KeyError, etree.LxmlError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
        raise NoReference(f"{type(error).__name__}: {error}"[:120]) from error
    return found if isinstance(found, Reference) else Reference(found)


def decoded(path: Path) -> str:
    return _decoded(path.read_bytes(), ENCODINGS.get(path.name))


def _decoded(data: bytes, encoding: str | None = None) -> str:
    for mark, known in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(known)
    return data.decode(encoding or "utf-8")


def html_file(path: Path) -> Reference:
    data = path.read_bytes()
    declared = _DECLARED.search(data[:2000])
    return page(_decoded(data, ENCODINGS.get(path.name) or (declared.group(1).decode() if declared else None)))


def page(source: str) -> Reference:
    """What a page shows; its main text is what `main` or `article` hold, or else its body, without what stands beside.

    Beside the text stand nav, aside, footer, form and button, a `header` outside of main and article, and elements
    whose role says so.
    """
    root = lxml_html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", source))
    body = root.find("body")
    body = root if body is None else body
    held = body.xpath(".//main|.//article|.//*[@role='main']")
    outer = [one for one in held if not any(parent in held for parent in one.iterancestors())]
    drops = _BESIDE if outer else _BESIDE | {"header"}
    main = "\n".join(_shown(one, lambda node, name: name in drops or _role(node)) for one in outer or [body])
    return Reference(_shown(body, lambda node, name: False), main=main)


def _shown(root: Any, beside: Callable[[Any, str], bool]) -> str:
    def dropped(node: Any, name: str) -> bool:
        style = re.sub(r"\s", "", node.get("style", "")).lower()
        hidden = node.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style
        return name in _UNSEEN or hidden or beside(node, name)

    return flow(root, broken=_BLOCKS, dropped=dropped)


def _role(node: Any) -> bool:
    return node.get("role") in ("navigation", "banner", "contentinfo", "complementary", "search")


def epub(path: Path) -> Reference:
    """What the documents of the spine show, in its order; the main text is theirs without the table of contents."""
    with zipfile.ZipFile(path) as file:
        container = etree.fromstring(file.read("META-INF/container.xml"))
        package = container.xpath("string(//*[local-name()='rootfile']/@full-path)")
        opf = etree.fromstring(file.read(package))
        listed = {item.get("id"): item for item in opf.xpath("//*[local-name()='item']")}
        spine = [listed[one.get("idref")] for one in opf.xpath("//*[local-name()='itemref']")]
        folder = posixpath.dirname(package)
        paths = [posixpath.normpath(posixpath.join(folder, unquote(item.get("href")))) for item in spine]
        pages = [page(_decoded(file.read(one))) for one in paths]
    main = [one.main or "" for one, item in zip(pages, spine, strict=True) if item.get("properties") != "nav"]
    return Reference("\n\n".join(one.text for one in pages), main="\n\n".join(main))


def pdf(path: Path) -> Reference:
    """What poppler's pdftotext gives, in the reading order that it finds; pages end with a form feed."""
    text = _printed("pdftotext", "-q", "-enc", "UTF-8", str(path), "-")
    return Reference(text, pages=max(1, text.count("\f")))


def doc(path: Path) -> str:
    """What catdoc gives, without the addresses of links, which it prints and nobody sees."""
    return _LINK.sub("", _printed("catdoc", "-w", "-d", "utf-8", str(path)))


def _printed(program: str, *words: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise NoReference(f"{program} is not installed")
    done = subprocess.run([found, *words], capture_output=True, timeout=_TIMEOUT, check=False)
    if done.returncode:
        raise NoReference(f"{program} ended with {done.returncode}: it is encrypted, protected or damaged")
    return done.stdout.decode("utf-8", "replace")


def tools() -> dict[str, str]:
    """Versions of what the references are taken with."""
    found = {}
    for program, flag in (("pdftotext", "-v"), ("catdoc", "-V")):
        done = subprocess.run([program, flag], capture_output=True, text=True) if shutil.which(program) else None
        said = re.search(r"\d[\d.]+", done.stdout + done.stderr) if done else None
        found[program] = said[0] if said else "not installed"
    for package in ("lxml", "olefile", "xlrd"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def eml(path: Path) -> str:
    return mail(email.message_from_bytes(path.read_bytes(), policy=email.policy.default))


def mbox(path: Path) -> str:
    box = mailbox.mbox(path, factory=None, create=False)
    try:
        texts = [email.message_from_bytes(box.get_bytes(key), policy=email.policy.default) for key in box.iterkeys()]
    finally:
        box.close()
    return "\n\n".join(mail(message) for message in texts)


def mail(message: Any) -> str:
    """Sender, recipients, subject, and every part that is text, attached mails and texts included.

    Of alternatives it is the plain one: RFC 2046, section 5.1.4, has them say the same.
    """
    heads = [str(message[name]) for name in _HEADERS if message[name]]
    return "\n".join([*heads, *_parts(message)])


def _parts(part: EmailMessage) -> Iterator[str]:
    kind = part.get_content_type()
    if part.is_multipart():
        given: Any = part.get_payload()
        inner: list[Any] = list(part.iter_parts()) if kind.startswith("multipart/") else given
        plain = [one for one in inner if one.get_content_type() == "text/plain"]
        if kind == "multipart/alternative" and plain:
            inner = plain
        for one in inner:
            if kind.startswith("message/"):
                yield mail(one)
            else:
                yield from _parts(one)
    elif part.get_content_maintype() == "text":
        data = part.get_payload(decode=True)
        text = data.decode(part.get_content_charset() or "utf-8", "replace") if isinstance(data, bytes) else str(data)
        yield page(text).text if kind == "text/html" and text.strip() else text


def notebook(path: Path) -> str:
    """The source of each cell and what its outputs show as text."""
    pieces: list[str] = []
    for cell in json.loads(decoded(path))["cells"]:
        pieces.append("".join(cell["source"]))
        for output in cell.get("outputs", ()):
            shown = output.get("text") or output.get("data", {}).get("text/plain") or output.get("traceback") or ()
            pieces.append("".join(shown))
    return "\n\n".join(pieces)


def xml(path: Path) -> str:
    return "\n".join(etree.fromstring(path.read_bytes()).itertext())


Route = Callable[[Path], Reference | str]
_OWN = "the file's own text, in the encoding it is known to have"
ROUTES: dict[str, tuple[str, Route]] = {
    ".csv": (_OWN, decoded),
    ".doc": ("catdoc, without the addresses of links", doc),
    ".docx": ("text runs of document, headers, footers, notes, comments, charts and inserted pages", office.docx),
    ".eml": ("sender, recipients, subject and all parts that are text, by Python's email", eml),
    ".epub": ("what the pages of the spine show, and their main text apart, by lxml", epub),
    ".html": ("what the page shows, and its main text apart, by lxml", html_file),
    ".ipynb": ("source and text outputs of each cell", notebook),
    ".json": (_OWN, decoded),
    ".mbox": ("as .eml, of each mail", mbox),
    ".md": (_OWN, decoded),
    ".msg": ("property streams: sender, recipients, subject, body, attachments that are text", office.msg_file),
    ".odt": ("paragraphs of content and of headers and footers", office.odt),
    ".pdf": ("poppler's pdftotext", pdf),
    ".ppt": ("text atoms of slides and notes", office.ppt_file),
    ".pptx": ("text runs of slides, notes, diagrams, charts and comments", office.pptx),
    ".rtf": ("a stripper of its own", office.rtf_file),
    ".txt": (_OWN, decoded),
    ".xls": ("cells, by xlrd", office.xls),
    ".xlsx": ("stored values of cells but dates and percentages, comments, text of drawings and charts", office.xlsx),
    ".xml": ("text of all elements", xml),
}
