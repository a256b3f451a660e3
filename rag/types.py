"""The values that pass between modules and out to users: frozen, and wrong ones cannot be built."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Support = Literal["supported", "partial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Half-open character offsets into `Document.text` of the document with this id."""

    document_id: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span needs 0 <= start < end, got {self.start}:{self.end}")

    def overlaps(self, other: Span) -> bool:
        return self.document_id == other.document_id and self.start < other.end and other.start < self.end


class Box(NamedTuple):
    """Where the text [start, end) of a line stands on its page: points from the page's upper left corner."""

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of one file, exactly as extracted with newlines as `\\n`, and where it came from.

    `id` is the SHA-256 of `text`: a span that names it can be checked for ever. `sha256` is that of the
    file's bytes. `pages` holds the offset at which each page starts (empty: the format has no pages), `parts` the
    offset and the name of each part of another kind, such as "slide 3", `boxes` where lines stand on their pages.
    `headings` are the half-open offsets of headings, `gaps` what the reader could not read.
    `date`, of publication, and `updated` are ISO 8601, as precise as the file is; `outlet` is who published it.
    """

    text: str = field(repr=False)
    path: str
    title: str
    sha256: str
    date: str | None = None
    author: str | None = None
    outlet: str | None = None
    updated: str | None = None
    pages: tuple[int, ...] = ()
    parts: tuple[tuple[int, str], ...] = ()
    boxes: tuple[Box, ...] = field(default=(), repr=False)
    headings: tuple[tuple[int, int], ...] = ()
    gaps: tuple[str, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", text_id(self.text))

    def page_at(self, offset: int) -> int | None:
        """The number of the page that holds `offset`, counted from 1, or None without pages."""
        return bisect_right(self.pages, offset) or None

    def part_at(self, offset: int) -> str | None:
        """The name of the part that holds `offset`, or None without parts."""
        number = bisect_right(self.parts, offset, key=lambda part: part[0])
        return self.parts[number - 1][1] if number else None

    def span(self, start: int, end: int) -> Span:
        return Span(document_id=self.id, start=start, end=end)

    def boxes_of(self, span: Span) -> tuple[Box, ...]:
        """The lines that hold a span, whole; empty where the format has no boxes."""
        return tuple(box for box in self.boxes if box.start < span.end and span.start < box.end)


def _place(page: int | None, part: str | None) -> str:
    return ", ".join(filter(None, (f"p. {page}" if page else None, part)))


def text_id(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage and the score that a retriever gave it; `span` places `text` in its document.

    `passage_id` is the catalog's row: never reused, and in document order. `sentences` are the offsets of the
    passage's sentences in the document.
    """

    score: float
    text: str
    title: str
    path: str
    span: Span
    passage_id: int
    section: str = ""
    page: int | None = None
    part: str | None = None
    date: str | None = None
    sentences: tuple[tuple[int, int], ...] = field(default=(), repr=False)

    @property
    def place(self) -> str:
        """Where in its document it stands, such as "p. 3" or "slide 3"; "" where there are no parts."""
        return _place(self.page, self.part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A place in a document. The quote is read out of the document, so it cannot be anything else."""

    number: int
    document: Document = field(repr=False)
    span: Span

    def __post_init__(self) -> None:
        if self.span.document_id != self.document.id:
            raise ValueError("the span belongs to another document, or to another version of it")
        if self.span.end > len(self.document.text):
            raise ValueError(f"the span ends at {self.span.end}, the text at {len(self.document.text)}")
        if self.number < 1:
            raise ValueError(f"citations are numbered from 1, got {self.number}")
        if not self.quote.strip():
            raise ValueError("a quote must hold more than white space")

    @property
    def quote(self) -> str:
        return self.document.text[self.span.start : self.span.end]

    @property
    def title(self) -> str:
        return self.document.title

    @property
    def path(self) -> str:
        return self.document.path

    @property
    def date(self) -> str | None:
        return self.document.date

    @property
    def page(self) -> int | None:
        return self.document.page_at(self.span.start)

    @property
    def part(self) -> str | None:
        return self.document.part_at(self.span.start)

    @property
    def outlet(self) -> str | None:
        return self.document.outlet

    @property
    def place(self) -> str:
        """Where in its document it stands, such as "p. 3" or "slide 3"; "" where there are no parts."""
        return _place(self.page, self.part)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The lines of the page that hold the quote, whole; empty where the format has no boxes."""
        return self.document.boxes_of(self.span)

    def context(self, characters: int = 300) -> tuple[str, str]:
        """The text just before and just after the quote, at most `characters` of each."""
        text, start, end = self.document.text, self.span.start, self.span.end
        return text[max(0, start - characters) : start], text[end : end + characters]

    def as_dict(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "quote": self.quote,
            "title": self.title,
            "path": self.path,
            "page": self.page,
            "part": self.part,
            "outlet": self.outlet,
            "date": self.date,
            "span": {"document_id": self.span.document_id, "start": self.span.start, "end": self.span.end},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence of an answer with the citations that carry it: at least one."""

    text: str
    citations: tuple[Citation, ...]
    support: Support = "supported"

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError("a statement needs a citation")
        if self.support not in ("supported", "partial"):
            raise ValueError(f"a statement that is {self.support!r} is not shown")

    def __str__(self) -> str:
        marks = "".join(f"[{c.number}]" for c in self.citations)
        part = " (partly supported)" if self.support == "partial" else ""
        return f"{' '.join(self.text.split())} {marks}{part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the documents say, or a refusal.

    `confidence` is the calibrated probability, 0 to 1, that the statements answer the question; of a refusal,
    that of the best statement that was held back. `short` is the answer in a few words where one was found.
    `question` is the one that was read, after a follow-up was completed. `answered_by` is "reader" or the
    language model's name; `notes` tell the user of anything that went differently than configured.
    """

    question: str
    statements: tuple[Statement, ...] = ()
    short: str = ""
    confidence: float = 0.0
    reason: str = ""
    nearest: tuple[Hit, ...] = ()
    answered_by: str = "reader"
    notes: tuple[str, ...] = ()
    config: str = ""
    complete: bool = True

    def __post_init__(self) -> None:
        if bool(self.statements) == bool(self.reason):
            raise ValueError("an answer has statements or a reason to refuse: one of them, not both")
        if self.abstained and self.short:
            raise ValueError("a refusal has no short answer")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence is a probability, got {self.confidence}")
        cited = {(c.number, c.document.path, c.span) for s in self.statements for c in s.citations}
        if len(cited) > len({number for number, _, _ in cited}):
            raise ValueError("a citation's number stands for two places")

    @property
    def abstained(self) -> bool:
        return not self.statements

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every citation once, in the order of its number."""
        seen = {c.number: c for statement in self.statements for c in statement.citations}
        return tuple(seen[number] for number in sorted(seen))

    @property
    def text(self) -> str:
        """The statements with their [n] marks; of a refusal, its reason."""
        return "\n".join(map(str, self.statements)) or self.reason

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.text
        yield from (f"({note})" for note in self.notes)
        if self.citations:
            yield ""
        for c in self.citations:
            where = ", ".join(filter(None, (c.outlet, c.date, c.place, " ".join(c.path.splitlines()))))
            yield f"[{c.number}] {c.title} ({where}; characters {c.span.start}–{c.span.end})"
            yield f"    “{' '.join(c.quote.split())}”"
        if self.abstained and self.nearest:
            yield ""
            yield "Nearest passages:"
            yield from (f"  - {hit.title}: {_clipped(hit.text.removeprefix(hit.title))}" for hit in self.nearest)

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values, for scripts."""
        return {
            "question": self.question,
            "text": self.text,
            "short": self.short,
            "abstained": self.abstained,
            "reason": self.reason,
            "confidence": round(self.confidence, 4),
            "answered_by": self.answered_by,
            "notes": list(self.notes),
            "config": self.config,
            "statements": [
                {"text": s.text, "support": s.support, "citations": [c.number for c in s.citations]}
                for s in self.statements
            ],
            "citations": [c.as_dict() for c in self.citations],
            "nearest": [hit_as_dict(hit) for hit in self.nearest],
        }


def _clipped(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rstrip()}…"


def hit_as_dict(hit: Hit) -> dict[str, Any]:
    return {
        "score": round(hit.score, 6),
        "text": hit.text,
        "title": hit.title,
        "path": hit.path,
        "page": hit.page,
        "part": hit.part,
        "date": hit.date,
        "span": {"document_id": hit.span.document_id, "start": hit.span.start, "end": hit.span.end},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An earlier exchange of the conversation: the question as it was read, and the answer's text."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDocument:
    """One line of `Index.documents()`; `passages` is their number, `characters` the length of the text."""

    path: str
    title: str
    date: str | None
    author: str | None
    sha256: str
    passages: int
    characters: int
    outlet: str | None = None
    updated: str | None = None
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an update is: `done` of `total` files, the one in work, passages embedded so far."""

    done: int
    total: int
    path: str
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateReport:
    """What became of every file given: each path stands in exactly one of the four lists.

    `gaps` are what readers could not read inside accepted files; `missing` are indexed documents below a
    given folder whose file is gone (kept, unless they were synchronised away: then `removed`).
    `cancelled` is true where the update stopped early; files not reached stand in `pending`.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    gaps: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    cancelled: bool = False

    @property
    def given(self) -> int:
        return len(self.added) + len(self.updated) + len(self.unchanged) + len(self.rejected) + len(self.pending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `Index.verify()` found: `ok` where `findings` is empty."""

    documents: int
    passages: int
    generation: int
    findings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What `Index.repair()` did.

    `salvaged` is the number of files that a new catalog kept of a damaged one, or None where nothing was damaged.
    Of the others, `restored` are the paths of those that were read again, `lost` of those that could not be.
    """

    salvaged: int | None
    restored: tuple[str, ...]
    lost: tuple[str, ...]
    verification: Verification
