"""Mails (.eml) and mailboxes (.mbox): each mail a document, with what is attached to it as documents within it."""

from __future__ import annotations

import binascii
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Any

from rag.documents.encoding import decode
from rag.documents.extract import Block, Extract, Member, Rejected, one_line
from rag.documents.fields import step
from rag.documents.letter import OWN, Content, Passages, better, letter, marked_up, plain
from rag.errors import UnreadableDocument

_KNOWN = ("from", "to", "subject", "date", "received", "message-id", "mime-version", "content-type", "return-path")
_PEOPLE = ("From", "To", "Cc", "Bcc")
_SUFFIXES = {
    "text/plain": ".txt", "text/html": ".html", "text/markdown": ".md", "text/csv": ".csv", "text/rtf": ".rtf",
    "text/xml": ".xml", "text/calendar": ".ics", "text/vcard": ".vcf", "application/pdf": ".pdf",
    "application/rtf": ".rtf", "application/json": ".json", "application/xml": ".xml", "application/msword": ".doc",
    "application/epub+zip": ".epub", "application/vnd.ms-outlook": ".msg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
}  # fmt: skip
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted", "application/pgp-encrypted")
_UNSEEN = ("image", "audio", "video")
_SHOWN = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html", "text/rfc822-headers")
# A date ends the line that begins a mail, so that a sentence that begins with "From" does not.
_MAIL_BEGINS = re.compile(
    rb"^From [^\n]{0,300}? \d\d?:\d\d(?::\d\d)?(?: [A-Z+-][\w+-]{0,5})? \d{4}(?: [+-]\d{4})?\s*?(?:\n|\Z)", re.MULTILINE
)
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_eml(data: bytes) -> Extract:
    message = message_from_bytes(data.removeprefix(BOM_UTF8).lstrip())
    if not any(name in message for name in _KNOWN):
        raise Rejected(UnreadableDocument, "it is no mail: it names no sender, receiver, subject or date")
    return _letter(message)


def read_mbox(data: bytes) -> Extract:
    """The mails of a mailbox, which are read when their turn comes: it may hold more than anybody takes."""
    begins = [match.span() for match in _MAIL_BEGINS.finditer(data)]
    if not data.lstrip().startswith(b"From ") or not begins:
        raise Rejected(
            UnreadableDocument, "it is no mailbox: it does not begin with a mail", "If it is one mail, name it .eml."
        )
    ends = [start for start, _ in begins[1:]] + [len(data)]
    mails = (_ESCAPED.sub(rb"\1", data[start:end]) for (_, start), end in zip(begins, ends, strict=True))
    return Extract(text="", members=tuple(_mail(number, mail) for number, mail in enumerate(mails, start=1)))


def _mail(number: int, data: bytes) -> Member:
    head = BytesHeaderParser().parsebytes(data)
    name = f"{number:04d} {step(_header(head, 'Subject')) or 'mail'}.eml"
    if any(known in head for known in _KNOWN):
        return Member(name, data)
    return Member(name, _letter(message_from_bytes(data)))


def _letter(message: Message) -> Extract:
    content = Content()
    content.passages += _body(message, content)
    people = [(name, ", ".join(_people(message, name))) for name in _PEOPLE]
    files = ", ".join(one_line(member.name) for member in content.members)
    head = [*people, *((name, _header(message, name)) for name in ("Newsgroups", "Date")), ("Attachments", files)]
    author = next((name or address for name, address in _addresses(message, "From")), "")
    return letter(head, content, subject=_header(message, "Subject"), sent=_header(message, "Date"), author=author)


# Heads


def _header(message: Message, name: str) -> str:
    """The first header of a name as it is shown, in one line."""
    return next((_decoded(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def _decoded(raw: Any) -> str:
    """The text of a header: encoded words of RFC 2047, and bytes that should not stand there as they are."""
    try:
        pieces = decode_header(_unfolded(raw))
    except (HeaderParseError, ValueError, binascii.Error):
        return one_line(_unfolded(raw))
    return one_line("".join(_piece(text, charset) for text, charset in pieces))


def _piece(text: str | bytes, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    return _text(text, charset) if charset else text.decode("raw-unicode-escape")  # as decode_header encodes it


def _unfolded(raw: Any) -> str:
    value = str(raw)
    if any("\udc80" <= c <= "\udcff" for c in value):
        value = _text(value.encode("ascii", "surrogateescape"), "")
    return re.sub(r"\r?\n[ \t]?", " ", value)


def _text(data: bytes, charset: str) -> str:
    try:
        return decode(data, charset)[0] if data else ""
    except Rejected:
        return data.decode("ascii", "replace")


def _addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Names and addresses, each of which may be empty; a line without addresses as the standard has them is a name."""
    values = [_unfolded(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    try:
        found = getaddresses(values)  # before encoded words are decoded, which may hold commas
    except RecursionError:  # of parentheses within parentheses
        found = []
    if not found or any("@" not in address for _, address in found):
        return [(line, "") for line in map(_decoded, values) if line]
    return [(_decoded(person), address) for person, address in found]


def _people(message: Message, name: str) -> Iterator[str]:
    for person, address in _addresses(message, name):
        yield f"{person} <{address}>" if person and address else person or address


# Bodies


def _body(part: Message, content: Content) -> Passages:
    """The passages of a part; what is attached and what is not read goes to `content`."""
    kind = part.get_content_type()
    inner: Any = part.get_payload()
    if kind in _SEALED:
        content.gaps.append("encrypted content not read")
    elif kind == "multipart/alternative" and isinstance(inner, list):
        return _alternative(inner, content)
    elif kind == "message/delivery-status" and isinstance(inner, list):
        return [
            (OWN, Block("\n".join(f"{name}: {_decoded(value)}" for name, value in block.raw_items())))
            for block in inner
        ]
    elif kind.startswith("message/") and isinstance(inner, list):
        content.members += [_attached(mail) for mail in inner]
    elif isinstance(inner, list):
        return [passage for child in inner for passage in _body(child, content)]
    else:
        return _leaf(part, kind, content)
    return []


def _alternative(forms: list[Message], content: Content) -> Passages:
    """Forms of one body: the plain one, where it says what the others say."""
    chosen: Passages = []
    for form in sorted(forms, key=lambda form: form.get_content_type() != "text/plain"):
        chosen = better(chosen, _body(form, content))
    return chosen


def _attached(mail: Message) -> Member:
    return Member(f"{step(_header(mail, 'Subject')) or 'attached mail'}.eml", _letter(mail))


def _leaf(part: Message, kind: str, content: Content) -> Passages:
    """A part without parts: some of the body, or a file."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    name = _file_name(part)
    shown = kind in _SHOWN or part.get_content_maintype() == "multipart"  # one whose boundary is missing
    if shown and not name and part.get_content_disposition() != "attachment":
        return _shown(part, kind, data, content)
    if kind in _SIGNATURES:
        content.gaps.append(f"signature not checked: {name or kind}")
    elif part.get_content_maintype() in _UNSEEN:
        content.gaps.append(f"{part.get_content_maintype()} not read: {name or kind}")
    elif kind == "text/calendar" and not name:
        content.gaps.append("calendar entry not read")
    elif data.strip():
        content.members.append(Member(_named(name, kind, len(content.members) + 1), _recoded(part, data)))
    return []


def _shown(part: Message, kind: str, data: bytes, content: Content) -> Passages:
    try:
        text, gaps = decode(data, part.get_content_charset() or "") if data.strip() else ("", ())
    except Rejected as rejected:
        content.gaps.append(f"its body is not read: {rejected.reason}")
        return []
    content.gaps += gaps
    if kind in ("text/html", "text/x-amp-html", "text/enriched", "text/richtext"):
        return marked_up(text, content)
    return plain(text, content, flowed=str(part.get_param("format", "")).lower() == "flowed")


def _file_name(part: Message) -> str:
    return _decoded(part.get_filename() or "")


def _named(name: str, kind: str, number: int) -> str:
    """A file's name, with the suffix of its kind where it has none."""
    suffix = _SUFFIXES.get(kind, "")
    if not name:
        return f"attachment {number}{suffix}"
    return name if re.search(r"\.\w{1,8}\Z", name) else name + suffix


def _recoded(part: Message, data: bytes) -> bytes:
    """A file; one of text in the character set that the mail names, which the file itself does not, as UTF-8."""
    charset = part.get_content_charset()
    if part.get_content_maintype() != "text" or not charset or part.get_content_subtype() == "html":
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _text(data, charset).encode("utf-8")
    return data
