"""One shape for mails of every format: subject, head lines, body; quoted earlier mails are parts of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from email.utils import parsedate_tz

from rag.documents.dates import iso_date
from rag.documents.extract import Block, Extract, Member, clean_author, newlines, one_line
from rag.documents.hypertext import shown
from rag.documents.sections import joined
from rag.words import words

OWN, QUOTED = "message", "quoted mail"
Passages = list[tuple[str, Block]]  # each of its own writer's or quoted

_QUOTE = re.compile(r"(?:>[ \t]?)+")
_EARLIER = re.compile(  # from such a line on, all is an earlier mail
    r"[ \t]*(?:-{3,}|_{3,}|\*{3,}) ?(?:original message|forwarded message|forwarded by|ursprüngliche nachricht|"
    r"weitergeleitete nachricht|message d['’]origine|message transféré|mensaje original|mensaje reenviado)\b.*|"
    r"begin forwarded message:|_{20,}(?=\s*\n\**(?:from|von|de):)",
    re.IGNORECASE,
)
_EARLIER_HEAD = re.compile(
    r"(?:^|\n)(?=\**(?:From|Von|De):\**[ \t].+\n(?:\**[\w ]{2,12}:\**[ \t].+\n)*?"
    r"\**(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado):\**[ \t].+\n)"
)
_INTRODUCES = re.compile(r"(?:\A|\n[ \t]*\n)(?P<line>\S.{1,300}(?:\n.{1,120}){0,2}:)\s*\Z")
_LONGEST_INTRODUCTION = 600  # characters
_ARMOUR = re.compile(
    r"-----BEGIN PGP (?P<kind>MESSAGE|SIGNATURE|PUBLIC KEY BLOCK)-----\n.*?(?:-----END PGP (?P=kind)-----|\Z)",
    re.DOTALL,
)
_ARMOUR_HEAD = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:\w+: .*\n)*\n?")
_UUENCODED = re.compile(r"^begin [0-7]{3} (?P<name>.+)\n(?:[\x20-\x60]{1,61}\n)+end$", re.MULTILINE)
_UNREAD = {
    "MESSAGE": "encrypted text not read",
    "SIGNATURE": "signature not checked",
    "PUBLIC KEY BLOCK": "key not read",
}
_COVERED = 0.5  # share of the words of one form of a body that the other has too


@dataclass(kw_only=True, slots=True)
class Content:
    """What is found in a mail: the passages of its body, and what belongs to it."""

    passages: Passages = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def letter(
    head: Iterable[tuple[str, str]], content: Content, *, subject: str = "", sent: str = "", author: str = ""
) -> Extract:
    """A mail's document; `head` are its further lines in order, `sent` its date as it is written there."""
    lines = [Block(f"{name}: {one_line(value)}") for name, value in head if value]
    first = [Block(one_line(subject), heading=True), *lines]
    text, headings, parts = joined([(OWN, first), *((place, [block]) for place, block in content.passages)])
    return Extract(
        text=text,
        title=one_line(subject),
        date=sent_day(sent),
        author=clean_author(author),
        headings=headings,
        parts=parts if len(parts) > 1 else (),
        gaps=tuple(content.gaps),
        members=tuple(content.members),
    )


def sent_day(value: str) -> str | None:
    """The day in the sender's own time zone, or None where the header says none."""
    found = parsedate_tz(value)
    if found is None:
        return iso_date(value)
    try:
        return date(*found[:3]).isoformat()
    except ValueError:
        return None


def plain(text: str, content: Content, *, flowed: bool = False) -> Passages:
    """The passages of a plain body; gaps for what in it is no text go to `content`."""
    text = _without_armour(newlines(text), content)
    return [passage for passage in _by_writer(_unflowed(text) if flowed else text) if passage[1].text.strip()]


def marked_up(markup: str, content: Content) -> Passages:
    """The passages of a body in HTML."""
    pieces, gaps = shown(markup)
    content.gaps += gaps
    found: Passages = []
    earlier = False
    for piece in pieces:
        earlier = earlier or _begins_earlier(piece.block.text)
        quoted = earlier or piece.quoted
        if quoted and found and found[-1][0] == OWN and _INTRODUCES.fullmatch(found[-1][1].text):
            found[-1] = (QUOTED, found[-1][1])
        found.append((QUOTED if quoted else OWN, piece.block))
    return found


def better(first: Passages, second: Passages) -> Passages:
    """Of two forms of one body the first, unless it leaves out most of the other; both where each does."""
    one, two = _words(first), _words(second)
    if two and len(one & two) < _COVERED * len(two):
        return second if len(one & two) >= _COVERED * len(one) else first + second
    return first if one else second


def _words(passages: Passages) -> set[str]:
    return set(words(" ".join(block.text for _, block in passages)))


def _without_armour(text: str, content: Content) -> str:
    for match in _ARMOUR.finditer(text):
        content.gaps.append(_UNREAD[match["kind"]])
    for match in _UUENCODED.finditer(text):
        content.gaps.append(f"uuencoded file not read: {one_line(match['name'])}")
    return _UUENCODED.sub("", _ARMOUR_HEAD.sub("", _ARMOUR.sub("", text)))


def _unflowed(text: str) -> str:
    """Join the lines of flowed paragraphs again: RFC 3676."""
    lines: list[str] = []
    for line in text.split("\n"):
        mark = _QUOTE.match(line)
        depth = mark[0].count(">") if mark else 0
        words_ = line[mark.end() :] if mark else line.removeprefix(" ")
        flows = bool(lines) and lines[-1].endswith(" ") and not lines[-1].endswith("-- ")
        if flows and depth == (len(lines[-1]) - len(lines[-1].lstrip(">"))) and words_ != "-- ":
            lines[-1] += words_
        else:
            lines.append(">" * depth + words_)
    return "\n".join(lines)


def _by_writer(text: str) -> Iterator[tuple[str, Block]]:
    """Stretches of lines by whether they are quoted, without the marks of quoting."""
    own, earlier = _cut(text)
    run: list[str] = []
    before = 0
    for line in own.split("\n"):
        mark = _QUOTE.match(line)
        depth = mark[0].count(">") if mark else 0
        if depth != before and (line.strip() or depth):
            yield from _run(run, quoted=before > 0, introduces=depth > before)
            run, before = [], depth
        run.append(line[mark.end() :] if mark else line)
    yield from _run(run, quoted=before > 0)
    if earlier:
        yield QUOTED, Block(re.sub(r"(?m)^(?:>[ \t]?)+", "", earlier))


def _run(lines: list[str], *, quoted: bool, introduces: bool = False) -> Iterator[tuple[str, Block]]:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    end = text[-_LONGEST_INTRODUCTION:]
    said = _INTRODUCES.search(end) if introduces and not quoted else None
    if said:  # "On Tuesday Anna wrote:" belongs to what Anna wrote
        yield OWN, Block(text[: len(text) - len(end) + said.start("line")])
        yield QUOTED, Block(said["line"])
    else:
        yield QUOTED if quoted else OWN, Block(text)


def _cut(text: str) -> tuple[str, str]:
    """A body before and from the line on below which an earlier mail stands."""
    found = [
        match.start()
        for match in (re.search(rf"(?im)^(?:{_EARLIER.pattern})", text), _EARLIER_HEAD.search(text))
        if match
    ]
    at = min(found, default=len(text))
    return text[:at], text[at:]


def _begins_earlier(text: str) -> bool:
    return _EARLIER.match(text) is not None or _EARLIER_HEAD.match(f"{text}\n") is not None
