"""Which documents of a long list are meant: by words, outlet and date, in the order asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.types import IndexedDocument

_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`words` are parts of title or path, all of them; `since` and `until` ISO dates, such as 2025, 2025-03 or
    2025-03-14; empty: all."""

    words: str = ""
    outlet: str = ""
    since: str = ""
    until: str = ""
    order: str = "title"  # or newest, oldest

    def unreadable(self) -> list[str]:
        """The bounds that are no dates; they bound nothing."""
        return [bound for bound in (self.since.strip(), self.until.strip()) if bound and not _DATE.fullmatch(bound)]


def matching(documents: Iterable[IndexedDocument], wanted: Wanted) -> list[IndexedDocument]:
    """Those wanted, in the order wanted; where a date says only a month or a year, any day of it may be meant."""
    words = wanted.words.casefold().split()
    since, until = _bound(wanted.since, "-01-01"), _bound(wanted.until, "-12-31")
    found = [
        document
        for document in documents
        if (not wanted.outlet or document.outlet == wanted.outlet)
        and (not words or _holds(document, words))
        and ((not since and not until) or _within(document.date, since, until))
    ]
    found.sort(key=lambda document: (document.title.casefold(), document.path))
    if wanted.order == "newest":
        found.sort(key=lambda document: _day(document.date), reverse=True)
    elif wanted.order == "oldest":
        found.sort(key=lambda document: _day(document.date) or "~")
    return found


def outlets(documents: Iterable[IndexedDocument]) -> list[str]:
    named = {document.outlet for document in documents if document.outlet}
    return sorted(named, key=lambda outlet: (outlet.casefold(), outlet))


def _holds(document: IndexedDocument, words: list[str]) -> bool:
    text = f"{document.title}\n{document.path}".casefold()
    return all(word in text for word in words)


def _bound(given: str, rest: str) -> str:
    given = given.strip()
    return _whole(given, rest) if _DATE.fullmatch(given) else ""


def _within(date: str | None, since: str, until: str) -> bool:
    day = _day(date)
    return bool(day) and (not since or _whole(day, "-12-31") >= since) and (not until or _whole(day, "-01-01") <= until)


def _day(date: str | None) -> str:
    """The day, the month or the year that a date says; "" where it is no ISO date."""
    day = (date or "")[:10]
    return day if _DATE.fullmatch(day) else ""


def _whole(date: str, rest: str) -> str:
    """A date with the month and the day that it lacks, from "-MM-DD"."""
    return date + rest[len(date) - 4 :] if len(date) < 10 else date
