"""Numbers of spreadsheets as a person would write them: dates in ISO 8601, no noise of floats, percents and units."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

_DIGITS = 15  # all that a spreadsheet shows of a number, and fewer than a float's noise begins with
_LONGEST_COUNT = 12  # digits
_LAST_DAY = 2_958_466  # the day after 9999-12-31
_LONGEST = 21  # digits before a number is written with an exponent
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
# ECMA-376, part 1, 18.8.30: the formats that a file needs not spell out and that change what a number means.
BUILT_IN = {
    9: "0%", 10: "0.00%", 22: "yyyy-mm-dd hh:mm", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((*range(18, 22), 32, 33), "hh:mm:ss"),
}  # fmt: skip
_TOKEN = re.compile(r'(?si)"([^"]*)"|\\(.)|[_*].|\[\$([^\]-]*)[^\]]*\]|\[([hms]+)\]|\[[^\]]*\]|(.)')
_MEANT = re.compile(r"[^\s()+,.:/-]")  # a unit or a currency, not a bracket around negative numbers


class _Format(NamedTuple):
    kind: Literal["number", "day", "time", "moment", "elapsed"]
    before: str = ""
    after: str = ""
    factor: float = 1.0


def whole(text: str | None) -> int | None:
    """A number without sign as files count with, or None for anything else."""
    return int(text) if text and text.isdecimal() and len(text) <= _LONGEST_COUNT else None


def number(value: float) -> str:
    """Write a number with all the digits that a spreadsheet keeps: 3 for 3.0, 0.3 for 0.30000000000000004."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    exact = Decimal(f"{value:.{_DIGITS}g}")
    if exact and not -_LONGEST < exact.adjusted() < _LONGEST:
        return f"{exact.normalize():e}"
    text = f"{exact:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def written(text: str, code: str = "", *, from_1904: bool = False) -> str:
    """As `shown`, for a number that is spelt out in a file; any other text as it is."""
    if not code and text.isdecimal() and text[0] != "0" and len(text) <= _DIGITS:
        return text
    return shown(float(text), code, from_1904=from_1904) if _NUMBER.fullmatch(text) else text


def shown(value: float, code: str, *, from_1904: bool = False) -> str:
    """Write a number under a format code: as a day or time if the code says so, else with its percent sign or unit."""
    form = _format(code)
    if form.kind == "elapsed" and abs(value) < _LAST_DAY:
        return _elapsed(value)
    if form.kind != "number" and 0 <= value < _LAST_DAY:
        return _moment(value, form.kind, from_1904)
    return f"{form.before}{number(value * form.factor)}{form.after}"


def _moment(value: float, kind: str, from_1904: bool) -> str:
    days, seconds = divmod(round(value * 86_400), 86_400)
    first = datetime(1904, 1, 1)
    if not from_1904:  # in the calendar of spreadsheets 1900 is a leap year
        first = datetime(1899, 12, 31) if days < 60 else datetime(1899, 12, 30)
    if kind == "time" or (kind == "moment" and not days and not from_1904):
        return clock(seconds)
    try:
        moment = first + timedelta(days=days)
    except OverflowError:
        return number(value)
    day = moment.date().isoformat()
    return day if kind == "day" else f"{day} {clock(seconds)}"


def clock(seconds: int) -> str:
    """A time of day, or a duration: to the minute, or to the second where there are odd ones."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours:02}:{minutes:02}" + (f":{rest:02}" if rest else "")


def _elapsed(value: float) -> str:
    return ("-" if value < 0 else "") + clock(round(abs(value) * 86_400))


@lru_cache(maxsize=1000)
def _format(code: str) -> _Format:
    """What the part of a code for positive numbers says; ECMA-376, part 1, 18.8.31."""
    bare, before, after, elapsed, scale = "", "", "", False, 0
    for match in _TOKEN.finditer(code):
        quoted, escaped, currency, duration, plain_character = match.groups()
        if plain_character == ";":
            break
        elapsed = elapsed or bool(duration)
        literal = quoted or escaped or currency or ""
        if plain_character:
            bare += plain_character
            scale = scale + 1 if plain_character == "," else 0 if plain_character in "0#?" else scale
            literal = "" if plain_character.isalnum() or plain_character in "#?,.@" else plain_character
        if re.search("[0#?]", bare):
            after = "" if plain_character and plain_character in "0#?" else after + literal
        else:
            before += literal
    if bare.lower() != "general" and (kind := _kind(bare.lower(), elapsed)) != "number":
        return _Format(kind)
    if not re.search("[0#?]", bare):
        return _Format("number", factor=1.0)
    percent = 100.0 if "%" in before + after else 1.0
    before, after = (text if _MEANT.search(text) else "" for text in (before, after))
    return _Format("number", before, after, percent / 1000.0**scale)


def _kind(bare: str, elapsed: bool) -> Literal["number", "day", "time", "moment", "elapsed"]:
    if elapsed:
        return "elapsed"
    clock = "h" in bare or "s" in bare
    day = "y" in bare or "d" in bare or ("m" in bare and not clock)
    return "moment" if day and clock else "day" if day else "time" if clock else "number"
