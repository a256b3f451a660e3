"""Dates as files write them, in ISO 8601 and as precise as they are given: to the year, the month or the day."""

from __future__ import annotations

import re
from datetime import date

from rag.words import MONTHS

_MONTHS = [month[:3].lower() for month in MONTHS]
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]* )?"
_TIME = r"(?:(?:T|,? (?:at )?)\d{1,2}[:.]\d\d.{0,25})?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})"

# A date such as 03/12/2025 is read in no form: its day and month cannot be told apart.
_FORMS = tuple(
    rf"{form}{_TIME}"
    for form in (
        rf"{_YEAR}(?:-(?P<month>\d\d?)(?:-(?P<day>\d\d?))?)?",
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)(?:T?\d{{4}}(?:\d\d)?(?:(?:Z|[+-]\d).{{0,20}})?)?",
        rf"{_YEAR}/(?P<month>\d\d?)/(?P<day>\d\d?)",
        rf"{_WEEKDAY}{_DAY} (?:of )?{_MONTH},? {_YEAR}",
        rf"{_WEEKDAY}{_MONTH} {_DAY},? {_YEAR}",
        rf"{_MONTH},? {_YEAR}",
    )
)
_ISO_DAY = rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d){_TIME}"
_WHOLE = tuple(re.compile(form, re.IGNORECASE) for form in _FORMS)
# "12 March 2025", "Published: 2025-03-12", "Outlet, 12 March 2025": the day is needed, so that a title is no date line.
_LINE = tuple(
    re.compile(
        r"(?:(?:(?:first|last) )?(?:published|posted|updated|modified|date)(?: on)?:? |.{0,80}(?:,| [|–—-]) )?"
        rf"{form}\.?",
        re.IGNORECASE,
    )
    for form in (_ISO_DAY, *_FORMS[3:5])
)
_LONGEST_DATE = 40  # characters: "Published on Wednesday, 12 September 2025."
_PDF = re.compile(r"(?:D:)?(?P<year>[12]\d{3})(?P<month>\d\d)?(?P<day>\d\d)?.*")


def iso_date(value: str) -> str | None:
    """Read a date that stands alone; the time of day is dropped. None where it is unknown or ambiguous."""
    return _first(_WHOLE, value)


def date_in_line(line: str) -> str | None:
    """Read the date of a dateline such as "Outlet, 12 March 2025"; None where the line is anything else."""
    sentence = line.rstrip().endswith(".") and len(line) > _LONGEST_DATE
    return None if sentence or len(line) > 150 else _first(_LINE, line)


def pdf_date(value: str) -> str | None:
    """Read the PDF form D:YYYYMMDDHHmmSS, ISO 32000-1 section 7.9.4, of which some writers drop the "D:"."""
    return _first((_PDF,), value) or iso_date(value)


def _first(patterns: tuple[re.Pattern[str], ...], value: str) -> str | None:
    line = " ".join(value.split())
    for pattern in patterns:
        if match := pattern.fullmatch(line):
            found = match.groupdict()
            return _checked(found["year"], found.get("month"), found.get("day"))
    return None


def _checked(year: str, month: str | None, day: str | None) -> str | None:
    if month and not month.isdigit():
        month = str(_MONTHS.index(month[:3].lower()) + 1)
    try:
        whole = date(int(year), int(month or 1), int(day or 1)).isoformat()
    except ValueError:
        return None
    return whole if day else whole[:7] if month else year
