"""JSON, whole or a value a line: each record of a news dump is a document; all else becomes lines with their paths."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeGuard

from rag.documents.encoding import decode
from rag.documents.extract import Block, Extract, Member, Rejected, assemble, clean_title, one_line
from rag.documents.fields import step, words
from rag.documents.record import Record, Unread, extracted, key_of, lines, opened
from rag.errors import UnreadableDocument

_DEEPEST = 4  # objects around a list of records
_CUT = 60  # characters of a note
_FEW_WORDS = 4
_FEW = 20  # characters of a line, quoted
_CUT_SHORT = "it is cut short"
_PLAINLY = (
    ("Expecting property name", "a name is not in double quotes"),
    ("Expecting value", "a value is missing or not in double quotes"),
    ("Expecting ','", "a comma or an end is missing"),
    ("Expecting ':'", "a colon is missing"),
    ("Extra data", "something follows its end"),
    ("Invalid \\", "a backslash stands before what needs none"),
)


class _Number(str):
    """A number as it is written: a long one loses no digit."""


class _Parsed(NamedTuple):
    """A file's value, or those of its lines in a list, and what is wrong with other lines."""

    value: Any
    gaps: tuple[str, ...] = ()


def read(data: bytes) -> Extract:
    text, gaps = decode(data)
    value, broken = _parsed(text)
    unread = Unread()
    record = opened(value)
    if record is not None:
        return replace(extracted(record, unread), gaps=(*gaps, *broken, *unread.gaps()))
    found: list[Record] = []
    rest = _without_records(value, found)
    members = tuple(
        Member(_name(number, fields), extracted(fields, unread)) for number, fields in enumerate(found, start=1)
    )
    unread.programs = not found
    own, _ = assemble(_prose(lines(rest, unread), unread) if found else lines(rest, unread))
    title = clean_title(one_line(words(rest.get("title", rest.get("name"))))) if isinstance(rest, Mapping) else ""
    return Extract(text=own, title=title, members=members, gaps=(*gaps, *broken, *unread.gaps()))


def _name(number: int, fields: Record) -> str:
    by_key = {key_of(name): value for name, value in fields.items()}
    called = (step(words(by_key.get(key))) for key in ("title", "headline", "webtitle", "id", "uuid", "url"))
    return f"{number:04d} {next(filter(None, called), 'record')}"


def _prose(blocks: Iterable[Block], unread: Unread) -> Iterator[Block]:
    """What says something of its own around records; "status: ok" does not."""
    for block in blocks:
        if len(block.text.split()) > _FEW_WORDS:
            yield block
        else:
            unread.around.append(one_line(block.text)[:_CUT])


# Parsing


def _parsed(text: str) -> _Parsed:
    try:
        return _Parsed(_value(text))
    except (ValueError, RecursionError) as error:
        by_line = _by_line(text)
        if by_line is None and isinstance(error, RecursionError):
            raise
        if by_line is None:
            what = f"{_plainly(error)}: line {error.lineno} column {error.colno}" if _is_told(error) else error
            raise Rejected(UnreadableDocument, f"its JSON is damaged or cut short ({what})") from error
        return by_line


def _by_line(text: str) -> _Parsed | None:
    """The values of a file with one a line, or None where most lines are none."""
    found, gaps = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(_value(line))
        except RecursionError:
            gaps.append(f"line {number}: not read: it is nested too deep")
        except ValueError as error:
            gaps.append(f"line {number}: not read: {_plainly(error) if _is_told(error) else error}")
    objects = sum(isinstance(value, Mapping | list) for value in found)
    return _Parsed(found, tuple(gaps)) if objects and objects >= len(gaps) else None


def _is_told(error: Exception) -> TypeGuard[json.JSONDecodeError]:
    return isinstance(error, json.JSONDecodeError)


def _plainly(error: json.JSONDecodeError) -> str:
    """What is wrong, without the words of parsers."""
    rest = error.doc[error.pos :].strip()
    if not rest or error.msg.startswith("Unterminated"):
        return _CUT_SHORT
    what = next((plain for begins, plain in _PLAINLY if error.msg.startswith(begins)), "it is no JSON")
    if rest[0] in "}]" and error.msg.startswith(("Expecting property", "Expecting value", "Illegal trailing")):
        what = "there is a comma too many"
    return f"{what}, before {one_line(rest)[:_FEW]!r}"


def _value(text: str) -> Any:
    return json.loads(
        text, object_pairs_hook=_object, parse_int=_Number, parse_float=_Number, parse_constant=_Number, strict=False
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a key that stands in it more than once no value is lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        name, number = key, 2
        while name in found:
            name, number = f"{key} ({number})", number + 1
        found[name] = value
    return found


# Finding records


def _without_records(value: Any, found: list[Record], depth: int = 0) -> Any:
    """A value without its records, which go to `found`."""
    if isinstance(value, list):
        return _listed(value, found)
    if not isinstance(value, Mapping) or depth == _DEEPEST:
        return value
    inner = list(value.values())
    if len(inner) > 1 and _mostly(inner):  # records by their ids
        return _listed(inner, found)
    return {name: _without_records(own, found, depth + 1) for name, own in value.items()}


def _listed(items: list[Any], found: list[Record]) -> list[Any]:
    """What of a list is no record; where most of it is, every object is one."""
    if not _mostly(items):
        return items
    found += [opened(item) or item for item in items if isinstance(item, Mapping)]
    return [item for item in items if not isinstance(item, Mapping)]


def _mostly(items: list[Any]) -> bool:
    records = sum(opened(item) is not None for item in items)
    return 0 < records >= len(items) - records
