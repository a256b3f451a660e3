"""Values of metadata, whatever form a file gives them: as words, as names, as a day, as a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from rag.documents.dates import iso_date
from rag.documents.extract import one_line

_SAYING = ("rendered", "main", "value", "@value", "text", "#text", "name", "label", "original", "title", "headline")
_NAMING = ("name", "full_name", "fullname", "display_name", "displayname", "original", "label", "title", "@value")
_FAMILY = (("givenName", "familyName"), ("firstname", "lastname"), ("first_name", "last_name"), ("given", "family"))
_MOMENTS = ("$date", "@value", "value", "iso", "rendered", "date", "datetime", "time", "$numberLong")
_BY = re.compile(r"\Aby:?\s+", re.IGNORECASE)
_ADDRESS = re.compile(r"https?:|www\.", re.IGNORECASE)
_LONGEST_STEP = 80  # characters
_DEEPEST = 3
_MOST = 100  # of a list: YAML's references make lists of lists that no memory holds
_SINCE_1970 = re.compile(r"(\d{10})(?:\d{3}|\.\d+)?")  # seconds or milliseconds


def words(value: object, *, depth: int = 0) -> str:
    """A text, a number, a date, a list of them joined by commas, or what an object says by a usual name; else ""."""
    if isinstance(value, str):
        return value
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if depth < _DEEPEST and isinstance(value, list | tuple):
        return ", ".join(filter(None, (one_line(words(item, depth=depth + 1)) for item in value[:_MOST])))
    if depth < _DEEPEST and isinstance(value, Mapping):
        return next(filter(None, (words(value.get(key), depth=depth + 1) for key in _SAYING)), "")
    return ""


def names(value: object, *, depth: int = 0) -> str:
    """The names of people or houses, joined by commas; an address on the web is none."""
    if isinstance(value, str):
        name = _BY.sub("", one_line(value))
        return name if any(map(str.isalpha, name)) and not _ADDRESS.match(name) else ""
    if depth < _DEEPEST and isinstance(value, list | tuple):
        found = (names(item, depth=depth + 1) for item in value[:_MOST])
        return ", ".join(dict.fromkeys(filter(None, found)))
    if depth < _DEEPEST and isinstance(value, Mapping):
        whole = (names(value.get(key), depth=depth + 1) for key in _NAMING)
        parts = (one_line(f"{words(value.get(given))} {words(value.get(family))}") for given, family in _FAMILY)
        return next(filter(None, (*whole, *parts)), "")
    return ""


def day(value: object, *, depth: int = 0) -> str | None:
    """ISO 8601 as precise as it is given, to the day at most; ten digits count the seconds since 1970."""
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()[:10]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return _counted(str(value)) or iso_date(str(value))
    if depth < _DEEPEST and isinstance(value, Mapping):
        return next(filter(None, (day(value.get(key), depth=depth + 1) for key in _MOMENTS)), None)
    return None


def _counted(number: str) -> str | None:
    match = _SINCE_1970.fullmatch(number.strip())
    return datetime.fromtimestamp(int(match[1]), UTC).date().isoformat() if match else None


def step(title: str) -> str:
    """A title as one step of a path: in one line, not long, without separators."""
    return one_line(re.sub(r"[/\\]", " ", title))[:_LONGEST_STEP].strip()
